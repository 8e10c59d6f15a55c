package org.portbouncer.launcher.mother;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The least memory that a control group of this process may have, its own or one above: that of a
 * container, or of a unit. In the mother, at the start; it reads some small files of the kernel, of
 * which a system that hides them has none.
 *
 * @param bytes the limit
 * @param file where it stands
 */
record MemoryLimit(long bytes, Path file) {

  private static final long MIB = 1 << 20;

  /** What the first version of control groups says where there is none is near 2^63. */
  private static final long NONE = Long.MAX_VALUE / 2;

  /**
   * What was measured as the least that serves, without sessions: docs/operating.md, "The least it
   * needs". Less than the processes show as theirs: pages of files are thrown out first.
   */
  private static final long MOTHER = 68 * MIB;

  private static final long WORKER = 22 * MIB;

  /** What the mother and so many workers need at the least, in bytes. */
  static long least(int workers) {
    return MOTHER + workers * WORKER;
  }

  /** Whether so many workers can never all live beneath it. */
  boolean isTooSmallFor(int workers) {
    return bytes < least(workers);
  }

  /** For a person. */
  static long mebibytes(long bytes) {
    return bytes / MIB;
  }

  /** That of this process; null where there is none, or none is to be seen. */
  static MemoryLimit current() {
    return of(Path.of("/"));
  }

  /**
   * @param root what `/` is, for tests
   */
  static MemoryLimit of(Path root) {
    try {
      List<String> groups = Files.readAllLines(root.resolve("proc/self/cgroup"));
      MemoryLimit least = null;
      for (String mount : Files.readAllLines(root.resolve("proc/self/mountinfo"))) {
        Hierarchy hierarchy = Hierarchy.of(mount);
        if (hierarchy != null) {
          least = lesser(least, hierarchy.limit(root, groups));
        }
      }
      return least;
    } catch (IOException | RuntimeException hidden) {
      return null;
    }
  }

  private static MemoryLimit lesser(MemoryLimit one, MemoryLimit other) {
    if (one == null || other == null) {
      return one == null ? other : one;
    }
    return other.bytes < one.bytes ? other : one;
  }

  /** Groups that are mounted: where, from which of them on, and what a limit is called there. */
  private record Hierarchy(String top, String place, boolean second) {

    /** See proc_pid_mountinfo(5); null where it is no hierarchy with memory in it. */
    static Hierarchy of(String mount) {
      List<String> fields = List.of(mount.split(" ", -1));
      int type = fields.indexOf("-") + 1;
      boolean second = fields.get(type).equals("cgroup2");
      boolean first =
          fields.get(type).equals("cgroup")
              && List.of(fields.getLast().split(",", -1)).contains("memory");
      return first || second ? new Hierarchy(fields.get(3), fields.get(4), second) : null;
    }

    /** The least on the way from the group of this process up to the top; null for none. */
    MemoryLimit limit(Path root, List<String> groups) {
      Path mounted = root.resolve(place.substring(1));
      MemoryLimit least = null;
      for (Path group : way(mounted, group(groups))) {
        least = lesser(least, read(group));
      }
      return least;
    }

    /** "N:CONTROLLERS:PATH", and no controllers with the second version. */
    private String group(List<String> groups) {
      for (String line : groups) {
        String[] parts = line.split(":", 3);
        boolean it =
            second ? line.startsWith("0::") : List.of(parts[1].split(",", -1)).contains("memory");
        if (it) {
          return parts[2];
        }
      }
      return top;
    }

    /** A container may see its own groups alone, and still its path as it is outside. */
    private List<Path> way(Path mounted, String group) {
      String start = top.equals("/") ? "" : top;
      String below = group.startsWith(start + "/") ? group.substring(start.length()) : "";
      List<Path> way = new ArrayList<>(List.of(mounted));
      for (String name : below.split("/", -1)) {
        if (!name.isEmpty() && !name.equals("..")) {
          way.add(way.getLast().resolve(name));
        }
      }
      return way;
    }

    private MemoryLimit read(Path group) {
      Path file = group.resolve(second ? "memory.max" : "memory.limit_in_bytes");
      try {
        String text = Files.readString(file).strip();
        long bytes = text.equals("max") ? Long.MAX_VALUE : Long.parseLong(text);
        return bytes < NONE ? new MemoryLimit(bytes, file) : null;
      } catch (IOException | NumberFormatException hidden) {
        return null;
      }
    }
  }
}
