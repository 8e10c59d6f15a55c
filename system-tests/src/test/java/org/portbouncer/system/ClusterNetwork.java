package org.portbouncer.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** Five servers on five machines, and a Redis on the first by which they share their limits. */
final class ClusterNetwork {

  static final int SERVERS = 5;

  /** The last but one keeps its part when it is cut off, the last one refuses. */
  static final int LOCAL = 3;

  static final int REFUSES = 4;

  static final int SESSIONS = 100;
  static final int RATE = 50;

  static final int SESSIONS_PORT = 4101;
  static final int RATE_PORT = 4102;
  static final int BYTES_PORT = 4103;
  private static final int METRICS_PORT = 4104;
  private static final int REDIS_PORT = 4105;

  private final Path folder;
  private final Lan lan;
  private final List<Target> targets = new ArrayList<>();
  private final List<Target> floods = new ArrayList<>();
  private final BouncerServer[] servers = new BouncerServer[SERVERS];
  private Process redis;

  /** Without anything on them; call {@link #start}. */
  ClusterNetwork(Path folder) throws Exception {
    this.folder = folder;
    this.lan = Lan.create(SERVERS);
  }

  void start() throws Exception {
    redis = startRedis();
    Path token = Files.writeString(folder.resolve("token"), "swordfish\n");
    Files.setPosixFilePermissions(token, PosixFilePermissions.fromString("rw-------"));
    List<CompletableFuture<Void>> starting = new ArrayList<>();
    for (int i = 0; i < SERVERS; i++) {
      Files.createDirectory(folder.resolve("server" + i));
      InetSocketAddress any = new InetSocketAddress(Client.LOOPBACK, 0);
      targets.add(lan.host(i).in(() -> Target.start(any, Handler.echo())));
      floods.add(lan.host(i).in(() -> Target.start(any, Handler.flood())));
      int index = i;
      starting.add(CompletableFuture.runAsync(() -> startServer(index)));
    }
    starting.forEach(CompletableFuture::join);
    for (int i = 0; i < SERVERS; i++) {
      awaitState(i, "held");
    }
  }

  private Process startRedis() throws Exception {
    List<Path> found =
        List.of(Path.of("/usr/bin/redis-server"), Path.of("/usr/bin/valkey-server")).stream()
            .filter(Files::isExecutable)
            .toList();
    assumeTrue(!found.isEmpty(), "neither redis-server nor valkey-server is installed");
    List<String> command = new ArrayList<>(lan.host(0).before());
    command.add(found.getFirst().toString());
    command.addAll(List.of("--bind", lan.address(0), "--port", Integer.toString(REDIS_PORT)));
    command.addAll(List.of("--save", "", "--dir", folder.toString(), "--requirepass", "swordfish"));
    Path out = folder.resolve("redis.out");
    Process process =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(out.toFile()).start();
    await("Redis")
        .atMost(Patience.seconds(20))
        .until(() -> Files.readString(out).contains("eady to accept connections"));
    return process;
  }

  void startServer(int index) {
    String body =
        """
        listeners {
          sessions { listen = "127.0.0.1:%d", target = "127.0.0.1:%d", acl = sessions }
          rate { listen = "127.0.0.1:%d", target = "127.0.0.1:%d", acl = rate }
          bytes { listen = "127.0.0.1:%d", target = "127.0.0.1:%d", acl = bytes }
        }
        bandwidth { uplink { down = 4 MiB/s } }
        acls {
          sessions = [ { name = all, action = pass, max-sessions = %d, shared = cluster } ]
          rate = [ { name = all, action = pass, rate = %d/1s, shared = cluster } ]
          bytes = [ { name = all, action = pass, bandwidth = uplink, shared = cluster } ]
        }
        cluster {
          redis = "redis://%s:%d", name = edge, token = "file:%s", when-away = %s
        }
        metrics { listen = "127.0.0.1:%d" }
        workers { io = 1 }
        timeouts { drain = 1s }
        """
            .formatted(
                SESSIONS_PORT,
                targets.get(index).port(),
                RATE_PORT,
                targets.get(index).port(),
                BYTES_PORT,
                floods.get(index).port(),
                SESSIONS,
                RATE,
                lan.address(0),
                REDIS_PORT,
                folder.resolve("token"),
                index == REFUSES ? "refuse" : "local",
                METRICS_PORT);
    try {
      servers[index] =
          BouncerServer.startBy(lan.host(index).before(), folder.resolve("server" + index), body);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  JsonNode cluster(int index) throws IOException {
    return AdminClient.ask(servers[index].socket(), "{\"command\":\"cluster\"}");
  }

  void awaitState(int index, String state) {
    await("cluster: " + state)
        .atMost(Patience.seconds(20))
        .pollInterval(Duration.ofMillis(50))
        .untilAsserted(
            () ->
                assertThat(cluster(index).path("state").asText())
                    .as("%s", cluster(index))
                    .isEqualTo(state));
  }

  long part(int index, String limit) throws IOException {
    return figure(index, limit, "part");
  }

  long figure(int index, String limit, String what) throws IOException {
    for (JsonNode one : cluster(index).path("limits")) {
      if (one.path("limit").asText().equals(limit)) {
        return one.path(what).asLong();
      }
    }
    throw new AssertionError("no " + limit + " in " + cluster(index));
  }

  double metric(int index, String name) throws Exception {
    return lan.host(index)
        .in(
            () -> {
              try (Client client = Client.to(METRICS_PORT)) {
                client.send(
                    "GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
                String all = new String(client.in().readAllBytes(), StandardCharsets.UTF_8);
                return all.lines()
                    .filter(line -> line.startsWith(name + " "))
                    .mapToDouble(line -> Double.parseDouble(line.substring(name.length() + 1)))
                    .findFirst()
                    .orElse(Double.NaN);
              }
            });
  }

  Lan lan() {
    return lan;
  }

  BouncerServer server(int index) {
    return servers[index];
  }

  void close() throws Exception {
    List<AutoCloseable> all = new ArrayList<>(Arrays.asList(servers));
    all.addAll(targets);
    all.addAll(floods);
    if (redis != null) {
      all.add(() -> redis.destroyForcibly().onExit().join());
    }
    all.add(lan);
    Closing.all(all.toArray(AutoCloseable[]::new));
  }
}
