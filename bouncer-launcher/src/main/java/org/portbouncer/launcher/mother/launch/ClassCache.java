package org.portbouncer.launcher.mother.launch;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.portbouncer.core.session.StageId;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The class cache that bin/make-cache has made, and whether it is in use. A JVM that does not take
 * its part goes without; that costs every start, of a worker above all, and so is said: once, when
 * all processes serve. On the thread of the mother's loop.
 */
public final class ClassCache {

  private static final String SLOWER = "the class cache is not used, and starts take longer: {}";
  private static final String MOTHER = "mother";

  private ClassCache() {}

  /**
   * The part of one role.
   *
   * @return null where there is none that fits the jars and the JDK
   */
  static Path of(String role) {
    String folder = System.getProperty("bouncer.cache", "");
    if (folder.isEmpty()) {
      return null;
    }
    Path archive = Path.of(folder, role + ".aot");
    return Files.isRegularFile(archive) ? archive : null;
  }

  /**
   * Says so where a cache is there and not used. bin/bouncer knows why it took none.
   *
   * @param workers the pid of one of each stage: all of a stage are started with the same words
   * @param mother her pid
   */
  public static void check(Map<StageId, Integer> workers, int mother) {
    // Not for the whole class: forerunners are started before there is a log.
    Logger log = LoggerFactory.getLogger(ClassCache.class);
    String unused = System.getProperty("bouncer.cache.unused");
    if (unused != null) {
      log.warn(SLOWER, unused);
      return;
    }
    List<String> without = new ArrayList<>();
    if (isDropped(MOTHER, mother)) {
      without.add(MOTHER);
    }
    for (StageId stage : StageId.values()) {
      Integer worker = workers.get(stage);
      if (worker != null && isDropped(stage.text(), worker)) {
        without.add(stage.text());
      }
    }
    if (!without.isEmpty()) {
      log.warn(
          SLOWER,
          "the JVM has dropped it in "
              + String.join(", ", without)
              + "; -Xlog:aot,cds in BOUNCER_JAVA_OPTS or BOUNCER_WORKER_JAVA_OPTS has it say why");
    }
  }

  /** A JVM that uses a cache has it mapped; where that cannot be seen it is not held against it. */
  private static boolean isDropped(String role, int pid) {
    Path archive = of(role);
    if (archive == null) {
      return false;
    }
    try {
      String maps =
          Files.readString(Path.of("/proc/" + pid + "/maps"), StandardCharsets.ISO_8859_1);
      return !maps.isEmpty() && !maps.contains("/" + archive.getFileName() + "\n");
    } catch (IOException e) {
      return false;
    }
  }
}
