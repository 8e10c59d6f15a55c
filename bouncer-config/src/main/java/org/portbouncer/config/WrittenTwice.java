package org.portbouncer.config;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Warns where HOCON makes one in silence of what was written as two: where a listener, an ACL, a
 * class, a group or a chain is written twice, the later block wins; of blocks side by side in a
 * list, as of two rules, one is left that has the keys of both. In the mother and in commands.
 */
final class WrittenTwice {

  private static final Map<String, String> NAMED =
      Map.of(
          "listeners", "listener",
          "acls", "acl",
          "bandwidth", "bandwidth class",
          "targets", "group",
          "chains", "chain");

  /** Of those the names of what are lists: the later one replaces the first. */
  private static final Set<String> LISTS = Set.of("acls", "chains");

  private final ConfigSource source;
  private final Problems problems;
  private final Map<List<String>, Where> first = new HashMap<>();
  private final Set<Path> open = new HashSet<>();

  private WrittenTwice(ConfigSource source, Problems problems) {
    this.source = source;
    this.problems = problems;
  }

  /** Looks at a file and all that it includes. */
  static void warn(ConfigSource source, Path main, Problems problems) {
    new WrittenTwice(source, problems).file(main.toAbsolutePath().normalize(), List.of());
  }

  private void file(Path file, List<String> around) {
    ConfigText text = source.textOf(file);
    if (text == null || !open.add(file)) {
      return;
    }
    Outline outline = Outline.of(text.content());
    for (Outline.Include include : outline.includes()) {
      Path named = file.resolveSibling(include.what());
      List<Path> files =
          FileGlob.isPattern(include.what()) ? FileGlob.matching(named) : List.of(named);
      for (Path each : files) {
        file(each.normalize(), join(around, include.path()));
      }
    }
    for (int line : outline.merged()) {
      problems.warn(
          source.place(text, line),
          "two blocks stand side by side in a list, and are one with the keys of both: put a comma"
              + " or a line break between them");
    }
    for (Outline.Key key : outline.keys()) {
      List<String> path = join(around, key.path());
      if (key.plain()
          && path.size() == 3
          && path.getFirst().equals("bouncer")
          && NAMED.containsKey(path.get(1))) {
        Where here = source.place(text, key.line());
        Where before = first.putIfAbsent(path, here);
        if (before != null) {
          problems.warn(here, words(path.get(1), path.get(2), before));
        }
      }
    }
    open.remove(file);
  }

  private static String words(String block, String name, Where before) {
    return "the "
        + NAMED.get(block)
        + " '"
        + name
        + "' is written a second time, the first is at "
        + before
        + (LISTS.contains(block)
            ? ": this one counts, and the first does not"
            : ": they are one, and where both have a key this one counts");
  }

  private static List<String> join(List<String> around, List<String> path) {
    List<String> all = new ArrayList<>(around);
    all.addAll(path);
    return all;
  }
}
