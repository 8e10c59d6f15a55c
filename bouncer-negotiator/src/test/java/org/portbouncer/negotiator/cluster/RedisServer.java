package org.portbouncer.negotiator.cluster;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.portbouncer.core.cluster.ClusterWire.Setup;
import org.portbouncer.core.config.Cluster;

/** A real Redis, or Valkey, on loopback; where neither is installed the test is skipped. */
final class RedisServer implements AutoCloseable {

  private static final List<String> PROGRAMS =
      List.of("/usr/bin/redis-server", "/usr/bin/valkey-server");

  private final Process process;
  private final int port;

  private RedisServer(Process process, int port) {
    this.process = process;
    this.port = port;
  }

  static RedisServer start(Path folder, String... options) throws Exception {
    List<String> found = PROGRAMS.stream().filter(one -> Files.isExecutable(Path.of(one))).toList();
    assumeTrue(!found.isEmpty(), "neither redis-server nor valkey-server is installed");
    int port = freePort();
    List<String> command = new ArrayList<>(List.of(found.getFirst(), "--port", "" + port));
    command.addAll(List.of("--bind", "127.0.0.1", "--save", "", "--dir", folder.toString()));
    Stream.of(options).forEach(command::add);
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("redis.out").toFile())
            .start();
    RedisServer server = new RedisServer(process, port);
    long begun = System.nanoTime();
    while (true) {
      try {
        server.open().close();
        return server;
      } catch (IOException e) {
        if (!process.isAlive() || System.nanoTime() - begun > 60_000_000_000L) {
          throw new IOException(Files.readString(folder.resolve("redis.out")), e);
        }
        Thread.sleep(10);
      }
    }
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.ofLiteral("127.0.0.1"))) {
      return socket.getLocalPort();
    }
  }

  Cluster.Place place() {
    return new Cluster.Place("127.0.0.1", port);
  }

  /** A connection to it. */
  RedisConnection open() throws IOException {
    return RedisConnection.open(place(), null);
  }

  Setup setup(String token) {
    return setup(token, "m");
  }

  Setup setup(String token, String member) {
    Cluster.Redis redis = new Cluster.Redis(List.of(place()), "", "", 0, false);
    return new Setup(redis, List.of(), token, "", "edge", member, member);
  }

  /** Ends it at once, as a crash does. */
  void end() {
    process.destroyForcibly().onExit().join();
  }

  @Override
  public void close() {
    end();
  }
}
