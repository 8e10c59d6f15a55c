package org.portbouncer.core.hop;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;

/** A small file system of its own, where the one who tests may mount one. */
final class Tmpfs implements AutoCloseable {

  private final Path folder;

  /** Mounts; skips the test where that is not allowed. */
  Tmpfs(Path folder, String options) {
    this.folder = folder;
    boolean mounted =
        exit(List.of("mount", "-t", "tmpfs", "-o", options, "tmpfs", folder.toString())) == 0;
    assumeTrue(mounted, "mounting is not permitted");
  }

  private static int exit(List<String> command) {
    try {
      return new ProcessBuilder(command)
          .redirectErrorStream(true)
          .redirectOutput(ProcessBuilder.Redirect.DISCARD)
          .start()
          .waitFor();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    exit(List.of("umount", folder.toString()));
  }
}
