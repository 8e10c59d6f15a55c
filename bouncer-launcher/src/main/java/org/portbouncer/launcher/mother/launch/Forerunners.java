package org.portbouncer.launcher.mother.launch;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.portbouncer.config.WorkersReader;
import org.portbouncer.core.session.StageId;
import org.portbouncer.core.sys.SystemCallException;
import org.portbouncer.launcher.mother.ground.StartException;
import org.portbouncer.launcher.privilege.Confinement;

/**
 * The first worker of each stage, and as many of io as there are where nothing is configured,
 * started before the configuration is read: most of a server's start is the start of VMs, which
 * depends on it very little and is done on other cores meanwhile. Until they get START they know
 * nothing, and wait; who is confined otherwise than most are, or of another build, is ended and
 * started anew when its turn comes. In the mother: begun on her main thread, served by one that is
 * made for it, and then on that of her loop.
 */
public final class Forerunners implements Launcher, AutoCloseable {

  /** In a configuration that has none of these, workers are whom they are by default. */
  private static final List<String> TELLING = List.of("user", "group =", "group=", "confine");

  /** Bytes; to read more would take the time that is to be saved. */
  private static final int MOST_READ = 256 * 1024;

  /** By their names, such as io/0. */
  private final Map<String, LaunchedWorker> waiting = new HashMap<>();

  /** By stage: how many are begun. */
  private final int[] counts = new int[StageId.count()];

  private volatile boolean unwanted;

  /** Null where there is none. */
  private Thread starter;

  private Forerunners() {}

  /**
   * Begins to start them, unless the configuration looks as if they would have to be others.
   *
   * @param configuration the file, of which no more than this is read here
   */
  public static Forerunners begin(Path configuration) {
    Forerunners forerunners = new Forerunners();
    if (!forerunners.looksUsual(configuration)) {
      return forerunners;
    }
    try {
      forerunners.starter =
          Thread.ofPlatform().daemon().name("forerunners").start(forerunners::startAll);
    } catch (OutOfMemoryError e) {
      // No thread to be had: each is started in its turn, or that fails with words.
    }
    return forerunners;
  }

  /** It may be wrong either way, as with what it includes: that costs time alone. */
  private boolean looksUsual(Path configuration) {
    try {
      // A pipe or a device would be read by whoever comes first.
      if (!Files.isRegularFile(configuration)) {
        return false;
      }
      byte[] bytes;
      try (InputStream in = Files.newInputStream(configuration)) {
        bytes = in.readNBytes(MOST_READ);
      }
      String text = new String(bytes, StandardCharsets.ISO_8859_1);
      for (StageId stage : StageId.values()) {
        counts[stage.ordinal()] = isCounted(stage, text) ? 1 : WorkersReader.usual(stage.text());
      }
      return bytes.length < MOST_READ && TELLING.stream().noneMatch(text::contains);
    } catch (IOException e) {
      return false;
    }
  }

  /** Whether a configuration seems to say how many workers of a stage there are. */
  private static boolean isCounted(StageId stage, String text) {
    return Pattern.compile("\\b" + stage.text() + "\\s*[=:+]").matcher(text).find();
  }

  /** The last stage first, as always: it has the most to load. */
  private void startAll() {
    try {
      Confinement usual = Confinement.usual();
      for (StageId stage : List.of(StageId.values()).reversed()) {
        int build = OURS.build(stage);
        for (int i = 0; i < counts[stage.ordinal()] && !unwanted; i++) {
          waiting.put(name(stage, i), LaunchedWorker.of(stage, i, build, usual));
        }
      }
    } catch (StartException | SystemCallException | OutOfMemoryError e) {
      // It is started in its turn, and if that fails it is said.
    }
  }

  private static String name(StageId stage, int index) {
    return stage.text() + "/" + index;
  }

  private void await() {
    try {
      if (starter != null) {
        starter.join();
        starter = null;
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public int build(StageId stage) throws StartException {
    return OURS.build(stage);
  }

  @Override
  public int buildOfSpare() throws StartException {
    return OURS.buildOfSpare();
  }

  /** Gives one that waits, or else starts one. */
  @Override
  public LaunchedWorker start(StageId stage, int index, int build, Confinement confinement)
      throws StartException {
    await();
    LaunchedWorker first = waiting.remove(name(stage, index));
    if (first != null && first.build() == build && confinement.isUsual(stage) && first.lives()) {
      return first;
    }
    if (first != null) {
      first.end();
    }
    return OURS.start(stage, index, build, confinement);
  }

  /** Ends those that nobody has taken; no more are started. */
  @Override
  public void close() {
    unwanted = true;
    await();
    waiting.values().forEach(LaunchedWorker::end);
    waiting.clear();
  }
}
