package org.portbouncer.system;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The open descriptors of one process, by number, as /proc shows them at one moment. */
record Descriptors(long pid, Map<Integer, String> targets) {
  private static final int O_CLOEXEC = 02_000_000;

  static Descriptors of(long pid) throws IOException {
    Map<Integer, String> targets = new TreeMap<>();
    try (Stream<Path> links = Files.list(Path.of("/proc/" + pid + "/fd"))) {
      for (Path link : links.toList()) {
        String target = read(link);
        if (!target.isEmpty()) {
          targets.put(Integer.parseInt(link.getFileName().toString()), target);
        }
      }
    }
    return new Descriptors(pid, targets);
  }

  private static String read(Path link) throws IOException {
    try {
      return Files.readSymbolicLink(link).toString();
    } catch (NoSuchFileException closedMeanwhile) {
      return "";
    }
  }

  String target(int number) {
    return targets.getOrDefault(number, "");
  }

  /** Those whose target matches, above the three that every process has. */
  Map<Integer, String> matching(String pattern) {
    return targets.entrySet().stream()
        .filter(entry -> entry.getKey() > 2 && entry.getValue().matches(pattern))
        .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue));
  }

  /** Whether a program started by this process would not get this descriptor. */
  boolean isCloseOnExec(int number) throws IOException {
    Path info = Path.of("/proc/" + pid + "/fdinfo/" + number);
    try (Stream<String> lines = Files.lines(info)) {
      String flags =
          lines.filter(line -> line.startsWith("flags:")).findFirst().orElseThrow().substring(6);
      return (Integer.parseInt(flags.strip(), 8) & O_CLOEXEC) != 0;
    } catch (NoSuchFileException closedMeanwhile) {
      return true;
    }
  }
}
