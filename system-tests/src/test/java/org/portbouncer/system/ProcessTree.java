package org.portbouncer.system;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/** What /proc says about processes. A process that is gone has nothing to say. */
final class ProcessTree {
  /** Files that a JVM opens whenever it first needs them: not what a session could leak. */
  private static final String OPENED_LAZILY = ".*\\.(jar|so|so\\.\\d+)|.*/modules|/dev/u?random";

  private ProcessTree() {}

  /** What keeps the descriptors of an io worker, for the time after it; it does nothing. */
  private static final String KEEPER = "bnc:keep";

  /** The keepers of a server's io workers. */
  static List<Long> keepers(long mother) {
    return ProcessHandle.of(mother).stream()
        .flatMap(ProcessHandle::children)
        .map(ProcessHandle::pid)
        .filter(ProcessTree::isKeeper)
        .toList();
  }

  private static boolean isKeeper(long pid) {
    return statusField(pid, "Name").equals(KEEPER);
  }

  /** The process and all that descend from it, parents first, without keepers. */
  static List<Long> of(long pid) {
    List<Long> found = new ArrayList<>();
    ProcessHandle.of(pid)
        .ifPresent(
            root -> {
              found.add(root.pid());
              root.descendants()
                  .map(ProcessHandle::pid)
                  .filter(child -> !isKeeper(child))
                  .sorted()
                  .forEach(found::add);
            });
    return found;
  }

  /** Running processes that were started with this in their environment, or by such a process. */
  static List<Long> withEnvironment(String entry) {
    return ProcessHandle.allProcesses()
        .map(ProcessHandle::pid)
        .filter(pid -> environment(pid).contains(entry) && isAlive(pid))
        .toList();
  }

  private static String environment(long pid) {
    try {
      return Files.readString(
          Path.of("/proc/" + pid + "/environ"), java.nio.charset.StandardCharsets.ISO_8859_1);
    } catch (IOException goneOrNotOurs) {
      return "";
    }
  }

  /** Whether the process runs; a zombie does not. */
  static boolean isAlive(long pid) {
    String state = statusField(pid, "State");
    return !state.isEmpty() && !state.startsWith("Z") && !state.startsWith("X");
  }

  /** Its threads. */
  static int threads(long pid) {
    return Integer.parseInt(statusField(pid, "Threads"));
  }

  /** The processor time it has used so far, in seconds; counted in hundredths. */
  static double processorSeconds(long pid) throws IOException {
    String stat = Files.readString(Path.of("/proc/" + pid + "/stat"));
    // proc(5): the name may hold anything, so count from its end; utime and stime are 14 and 15.
    String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
    return (Long.parseLong(fields[11]) + Long.parseLong(fields[12])) / 100.0;
  }

  /** Its resident memory in bytes. */
  static long residentBytes(long pid) {
    return Long.parseLong(statusField(pid, "VmRSS").replace(" kB", "")) * 1024;
  }

  /** Its open descriptors: how many of each kind (socket, pipe, an anonymous inode, a file). */
  static Map<String, Integer> descriptors(long pid) throws IOException {
    Map<String, Integer> kinds = new TreeMap<>();
    try (Stream<Path> links = Files.list(Path.of("/proc/" + pid + "/fd"))) {
      for (Path link : links.toList()) {
        String target;
        try {
          target = Files.readSymbolicLink(link).toString();
        } catch (NoSuchFileException closedMeanwhile) {
          continue;
        }
        if (!target.matches(OPENED_LAZILY)) {
          kinds.merge(target.replaceAll("\\[\\d+]", ""), 1, Integer::sum);
        }
      }
    }
    return kinds;
  }

  /** What /proc/PID/status says under a name, of each thread: a field may differ among them. */
  static List<String> ofEachThread(long pid, String name) throws IOException {
    try (Stream<Path> threads = Files.list(Path.of("/proc/" + pid + "/task"))) {
      return threads.map(thread -> statusField(thread.resolve("status"), name)).toList();
    }
  }

  private static String statusField(long pid, String name) {
    return statusField(Path.of("/proc/" + pid + "/status"), name);
  }

  private static String statusField(Path status, String name) {
    try (Stream<String> lines = Files.lines(status)) {
      return lines
          .filter(line -> line.startsWith(name + ":"))
          .map(line -> line.substring(name.length() + 1).strip())
          .findFirst()
          .orElse("");
    } catch (IOException | java.io.UncheckedIOException gone) {
      return "";
    }
  }
}
