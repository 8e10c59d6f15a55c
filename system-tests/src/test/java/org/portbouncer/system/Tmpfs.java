package org.portbouncer.system;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** A small file system of its own, where the one who tests may mount one. */
final class Tmpfs implements AutoCloseable {
  private final Path folder;

  private Tmpfs(Path folder) {
    this.folder = folder;
  }

  /** Mounts one on a folder; skips the test where that is not permitted. */
  static Tmpfs mount(Path folder, String options) throws IOException, InterruptedException {
    CommandResult mount =
        CommandResult.run(
            null, List.of("mount", "-t", "tmpfs", "-o", options, "tmpfs", folder.toString()));
    assumeTrue(mount.exit() == 0, "mounting is not permitted");
    return new Tmpfs(folder);
  }

  @Override
  public void close() throws IOException {
    try {
      CommandResult.run(null, List.of("umount", folder.toString()));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }
}
