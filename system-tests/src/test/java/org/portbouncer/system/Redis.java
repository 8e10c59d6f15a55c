package org.portbouncer.system;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** A real Redis, or Valkey, on loopback; where neither is installed the test is skipped. */
final class Redis implements AutoCloseable {

  private static final List<String> PROGRAMS =
      List.of("/usr/bin/redis-server", "/usr/bin/valkey-server");

  private final Path folder;
  private final String password;
  private final int port = Ports.free();
  private Process process;

  private Redis(Path folder, String password) {
    this.folder = folder;
    this.password = password;
  }

  static Redis start(Path folder, String password) throws IOException {
    Redis redis = new Redis(folder, password);
    redis.start();
    return redis;
  }

  int port() {
    return port;
  }

  /** Starts it, with nothing in it. */
  void start() throws IOException {
    List<String> found = PROGRAMS.stream().filter(one -> Files.isExecutable(Path.of(one))).toList();
    assumeTrue(!found.isEmpty(), "neither redis-server nor valkey-server is installed");
    process =
        new ProcessBuilder(
                found.getFirst(),
                "--port",
                Integer.toString(port),
                "--bind",
                "127.0.0.1",
                "--save",
                "",
                "--dir",
                folder.toString(),
                "--requirepass",
                password)
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("redis.out").toFile())
            .start();
    await("Redis").atMost(Patience.seconds(20)).until(this::listens);
  }

  private boolean listens() throws IOException {
    if (!process.isAlive()) {
      throw new IOException(Files.readString(folder.resolve("redis.out")));
    }
    try (Socket _ = new Socket(InetAddress.ofLiteral("127.0.0.1"), port)) {
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  /** Ends it, and all that it knew. */
  void stop() {
    process.destroyForcibly().onExit().join();
  }

  /** Sends it a signal: STOP, so that it is there and says nothing, or CONT. */
  void signal(String name) throws IOException, InterruptedException {
    CommandResult.run(null, List.of("kill", "-" + name, Long.toString(process.pid())));
  }

  @Override
  public void close() {
    stop();
  }
}
