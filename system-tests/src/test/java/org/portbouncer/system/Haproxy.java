package org.portbouncer.system;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * HAProxy in front of a target, as the control of a test: what is asked of the server is what
 * people have elsewhere. Where it is not installed the test is skipped.
 *
 * @param process of one thread
 * @param port that it listens on
 */
record Haproxy(Process process, int port) implements AutoCloseable {

  /**
   * Starts it.
   *
   * @param folder for its configuration and what it says
   * @param seconds its time limits
   */
  static Haproxy before(int target, Path folder, int seconds) throws Exception {
    assumeTrue(
        CommandResult.run(null, List.of("sh", "-c", "command -v haproxy")).exit() == 0,
        "haproxy is not installed");
    int port = Ports.free();
    Path config =
        Files.writeString(
            folder.resolve("haproxy.cfg"),
            """
            global
              nbthread 1
            defaults
              mode tcp
              timeout connect %1$ds
              timeout client %1$ds
              timeout server %1$ds
            listen front
              bind 127.0.0.1:%2$d
              server target 127.0.0.1:%3$d
            """
                .formatted(seconds, port, target));
    Process process =
        new ProcessBuilder("haproxy", "-db", "-f", config.toString())
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("haproxy.out").toFile())
            .start();
    Haproxy haproxy = new Haproxy(process, port);
    await("HAProxy").atMost(Patience.seconds(20)).until(() -> haproxy.listens(folder));
    return haproxy;
  }

  /** Without a connection, which its target would see. */
  private boolean listens(Path folder) throws IOException {
    if (!process.isAlive()) {
      throw new IOException(Files.readString(folder.resolve("haproxy.out")));
    }
    String listening = "0100007F:%04X 00000000:0000 0A".formatted(port);
    return Files.readString(Path.of("/proc/net/tcp")).contains(listening);
  }

  @Override
  public void close() {
    process.destroyForcibly().onExit().join();
  }
}
