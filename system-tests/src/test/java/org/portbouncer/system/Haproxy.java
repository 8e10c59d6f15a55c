package org.portbouncer.system;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * HAProxy in front of a target, as the control of a test: what is asked of the server is what
 * people have elsewhere. Where it is not installed the test is skipped.
 *
 * @param process of one thread
 * @param port that it listens on
 */
record Haproxy(Process process, int port) implements AutoCloseable {

  /** The master hears no signal while it begins anew behind the first process that serves. */
  private static final Duration AGAIN = Patience.seconds(10);

  /**
   * Starts it.
   *
   * @param folder for its configuration and what it says
   * @param seconds its time limits
   */
  static Haproxy before(int target, Path folder, int seconds) throws Exception {
    return start(target, folder, seconds, "", List.of("-db"));
  }

  /**
   * Starts it as a service does: {@link #reload} has a new process follow the one that serves.
   *
   * @param rules more lines of its listener
   */
  static Haproxy service(int target, Path folder, String rules) throws Exception {
    return start(target, folder, 300, rules, List.of("-W", "-db"));
  }

  private static Haproxy start(int target, Path folder, int seconds, String rules, List<String> how)
      throws Exception {
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
              %4$s
              server target 127.0.0.1:%3$d
            """
                .formatted(seconds, port, target, rules));
    List<String> command = new ArrayList<>(List.of("haproxy"));
    command.addAll(how);
    command.addAll(List.of("-f", config.toString()));
    Process process =
        new ProcessBuilder(command)
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

  /** The processes that serve: of a service, those that finish their sessions among them. */
  List<Long> workers() {
    return process.children().map(ProcessHandle::pid).toList();
  }

  /** Has it read its files again, and waits until the new process is there. */
  void reload() throws Exception {
    List<Long> before = workers();
    long[] toldAt = {System.nanoTime() - AGAIN.toNanos()};
    await("a process that follows")
        .atMost(Patience.seconds(30))
        .until(
            () -> {
              if (System.nanoTime() - toldAt[0] >= AGAIN.toNanos()) {
                Signals.send("USR2", process.pid());
                toldAt[0] = System.nanoTime();
              }
              return !before.containsAll(workers());
            });
  }

  @Override
  public void close() {
    List<ProcessHandle> children = process.children().toList();
    process.destroyForcibly().onExit().join();
    children.forEach(ProcessHandle::destroyForcibly);
    children.forEach(child -> child.onExit().join());
  }
}
