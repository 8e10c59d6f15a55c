package org.portbouncer.launcher.mother.machine;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A control group that this process is in, its own or one above, with what the kernel says of its
 * memory. In the mother; it reads small files of the kernel, of which a system that hides them has
 * none.
 *
 * @param folder where its files are
 * @param second whether they are those of the second version
 */
record MemoryGroup(Path folder, boolean second) {

  /** What the first version says where there is no limit is near 2^63. */
  private static final long NONE = Long.MAX_VALUE / 2;

  /**
   * All of this process, of both versions where both are mounted; none where they are not to be
   * seen.
   *
   * @param root what `/` is, for tests
   */
  static List<MemoryGroup> all(Path root) {
    List<MemoryGroup> all = new ArrayList<>();
    try {
      List<String> groups = Files.readAllLines(root.resolve("proc/self/cgroup"));
      for (String mount : Files.readAllLines(root.resolve("proc/self/mountinfo"))) {
        Hierarchy hierarchy = Hierarchy.of(mount);
        if (hierarchy != null) {
          hierarchy.way(root, groups).forEach(g -> all.add(new MemoryGroup(g, hierarchy.second)));
        }
      }
    } catch (IOException | RuntimeException hidden) {
      return List.of();
    }
    return all;
  }

  /** Where its limit stands. */
  Path limitFile() {
    return folder.resolve(second ? "memory.max" : "memory.limit_in_bytes");
  }

  /** In bytes; {@link Long#MAX_VALUE} where there is none, or none is to be seen. */
  long limit() {
    try {
      String text = Files.readString(limitFile()).strip();
      long bytes = text.equals("max") ? Long.MAX_VALUE : Long.parseLong(text);
      return bytes < NONE ? bytes : Long.MAX_VALUE;
    } catch (IOException | NumberFormatException hidden) {
      return Long.MAX_VALUE;
    }
  }

  /** What it has left, in bytes; pages of files count as free, they go when others are needed. */
  long free() {
    long most = limit();
    if (most == Long.MAX_VALUE) {
      return most;
    }
    try {
      Path current = folder.resolve(second ? "memory.current" : "memory.usage_in_bytes");
      long used = Long.parseLong(Files.readString(current).strip());
      String name = second ? "inactive_file" : "total_inactive_file";
      long files = Math.max(0, Figures.of(folder.resolve("memory.stat"), name));
      return Math.max(0, most - used + files);
    } catch (IOException | NumberFormatException hidden) {
      return Long.MAX_VALUE;
    }
  }

  /** Files of the kernel with a name and a number in each line. */
  static final class Figures {

    private Figures() {}

    /** The number behind a name; -1 where there is none. */
    static long of(Path file, String name) throws IOException {
      for (String line : Files.readAllLines(file)) {
        String[] words = line.split("\\s+", -1);
        if (words.length > 1 && words[0].equals(name)) {
          return Long.parseLong(words[1]);
        }
      }
      return -1;
    }
  }

  /** Groups that are mounted: where, and from which of them on. */
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

    /**
     * From the top to the group of this process. A container may see its own groups alone, and
     * still its path as it is outside.
     */
    List<Path> way(Path root, List<String> groups) {
      String group = group(groups);
      String start = top.equals("/") ? "" : top;
      String below = group.startsWith(start + "/") ? group.substring(start.length()) : "";
      List<Path> way = new ArrayList<>(List.of(root.resolve(place.substring(1))));
      for (String name : below.split("/", -1)) {
        if (!name.isEmpty() && !name.equals("..")) {
          way.add(way.getLast().resolve(name));
        }
      }
      return way;
    }
  }
}
