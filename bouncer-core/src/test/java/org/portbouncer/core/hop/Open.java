package org.portbouncer.core.hop;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/** What this process has open. */
final class Open {

  /** What sessions and their states are made of; a JVM opens other things whenever it likes. */
  private static final String OURS = "socket:.*|anon_inode:.*|/memfd:.*|.*\\(deleted\\)";

  private Open() {}

  /** How many descriptors there are now. */
  static long descriptors() {
    try (Stream<Path> links = Files.list(Path.of("/proc/self/fd"))) {
      return links.filter(link -> target(link).matches(OURS)).count();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String target(Path link) {
    try {
      return Files.readSymbolicLink(link).toString();
    } catch (IOException closedMeanwhile) {
      return "";
    }
  }
}
