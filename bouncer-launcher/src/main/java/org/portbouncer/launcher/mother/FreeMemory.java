package org.portbouncer.launcher.mother;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * How much memory processes may still take before the kernel has to end one: of the machine, and of
 * the control group that this one is in (version 2). In the mother.
 */
final class FreeMemory {

  private static final long KIB = 1024;
  private static final String NO_LIMIT = "max";

  private FreeMemory() {}

  /** Bytes; {@link Long#MAX_VALUE} where nothing is known of it. */
  static long bytes() {
    return bytes(Path.of("/proc"), Path.of("/sys/fs/cgroup"));
  }

  static long bytes(Path proc, Path groups) {
    long free = Long.MAX_VALUE;
    try {
      long available = figure(proc.resolve("meminfo"), "MemAvailable:");
      free = available < 0 ? free : available * KIB;
    } catch (IOException | RuntimeException e) {
      // Not to be read here: nothing is known.
    }
    for (Path group = own(proc, groups);
        group != null && group.startsWith(groups);
        group = group.getParent()) {
      free = Math.min(free, ofGroup(group));
    }
    return free;
  }

  private static Path own(Path proc, Path groups) {
    try {
      for (String line : Files.readAllLines(proc.resolve("self/cgroup"))) {
        if (line.startsWith("0::/")) {
          return groups.resolve(line.substring("0::/".length())).normalize();
        }
      }
    } catch (IOException | RuntimeException e) {
      // As above.
    }
    return null;
  }

  /** What a group has left; pages of files count as free, they go when others are needed. */
  private static long ofGroup(Path group) {
    try {
      String most = Files.readString(group.resolve("memory.max")).strip();
      if (most.equals(NO_LIMIT)) {
        return Long.MAX_VALUE;
      }
      long used = Long.parseLong(Files.readString(group.resolve("memory.current")).strip());
      long files = Math.max(0, figure(group.resolve("memory.stat"), "inactive_file"));
      return Math.max(0, Long.parseLong(most) - used + files);
    } catch (IOException | RuntimeException e) {
      return Long.MAX_VALUE;
    }
  }

  /** The number behind a name; -1 where there is none. */
  private static long figure(Path file, String name) throws IOException {
    for (String line : Files.readAllLines(file)) {
      String[] words = line.split("\\s+", -1);
      if (words.length > 1 && words[0].equals(name)) {
        return Long.parseLong(words[1]);
      }
    }
    return -1;
  }
}
