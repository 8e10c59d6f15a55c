package org.portbouncer.launcher.importer;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.portbouncer.config.ConfigLoader;
import org.portbouncer.config.LoadResult;
import org.portbouncer.config.Problem;

/**
 * Makes a bouncer.conf from the configuration of another program. What is written has been loaded
 * by our own reader before anybody sees it: a listener that it refuses is left out, and said to be.
 * Runs in the command; needs no server.
 */
public final class Importer {

  private Importer() {}

  /**
   * Reads {@code file} and all that it includes.
   *
   * @throws UnreadableException where it is no such file, or nothing of it can be carried over
   */
  public static Imported of(SourceFormat format, Path file) throws UnreadableException {
    Draft draft = format.read(file);
    DualStack.settle(draft);
    String head = "Made by 'bouncer import " + format.word() + "' from " + file + ".";
    while (!draft.listeners.isEmpty()) {
      // A listener that is left out takes its remarks and names with it: each try is a new text.
      Draft now = copy(draft);
      ConfigWriter writer = new ConfigWriter(now);
      String text = writer.write(head);
      List<Problem> errors = errors(text);
      if (errors.isEmpty()) {
        return new Imported(text, sorted(draft.remarks));
      }
      leaveOut(draft, writer, errors);
    }
    StringBuilder all = new StringBuilder();
    sorted(draft.remarks).forEach(remark -> all.append(remark).append('\n'));
    throw new UnreadableException(
        all + file.toString() + ": nothing in it can be carried over: no listener is left");
  }

  private static List<Remark> sorted(List<Remark> remarks) {
    Comparator<Remark> byFile = Comparator.comparing(remark -> remark.origin().file());
    return remarks.stream()
        .sorted(byFile.thenComparingInt(remark -> remark.origin().line()))
        .toList();
  }

  private static Draft copy(Draft draft) {
    Draft copy = new Draft();
    copy.listeners.addAll(draft.listeners);
    copy.bandwidth.putAll(draft.bandwidth);
    copy.settings.putAll(draft.settings);
    copy.remarks.addAll(draft.remarks);
    return copy;
  }

  private static void leaveOut(Draft draft, ConfigWriter writer, List<Problem> errors)
      throws UnreadableException {
    Set<ListenerPart> refused = new LinkedHashSet<>();
    for (Problem error : errors) {
      ListenerPart part = writer.ownerOf(error.line());
      if (part == null) {
        throw new UnreadableException("what was made of it does not load: " + error.message());
      }
      if (refused.add(part)) {
        draft.left(part.origin, "left out, nobody can connect to it: " + error.message());
      }
    }
    draft.listeners.removeAll(refused);
  }

  private static List<Problem> errors(String text) {
    try {
      Path folder = Files.createTempDirectory("bouncer-import");
      Path file = folder.resolve("bouncer.conf");
      try {
        Files.writeString(file, text);
        try (LoadResult loaded = ConfigLoader.load(file)) {
          return loaded.problems().stream().filter(Problem::isError).toList();
        }
      } finally {
        Files.deleteIfExists(file);
        Files.delete(folder);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
