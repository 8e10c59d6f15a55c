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
import java.util.stream.IntStream;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;

/**
 * Five servers on five machines hold their limits together, by a Redis on the first: with demand on
 * all and on one, with cables pulled and put in again, and when one dies. What must not be too much
 * is held at every moment; what must not be too little is waited for.
 */
@Isolated
class ClusterNetworkIT {
  private static final int SERVERS = 5;

  /** The last but one keeps its part when it is cut off, the last one refuses. */
  private static final int LOCAL = 3;

  private static final int REFUSES = 4;

  private static final int SESSIONS = 100;
  private static final int RATE = 50;
  private static final long BYTES = 4 << 20;

  private static final int SESSIONS_PORT = 4101;
  private static final int RATE_PORT = 4102;
  private static final int BYTES_PORT = 4103;
  private static final int METRICS_PORT = 4104;
  private static final int REDIS_PORT = 4105;

  private static Path folder;
  private static Lan lan;
  private static Process redis;
  private static final List<Target> targets = new ArrayList<>();
  private static final List<Target> floods = new ArrayList<>();
  private static final BouncerServer[] servers = new BouncerServer[SERVERS];
  private final List<Demand> demands = new ArrayList<>();

  @BeforeAll
  static void start(@TempDir Path temporary) throws Exception {
    folder = temporary;
    lan = Lan.create(SERVERS);
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

  private static Process startRedis() throws Exception {
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

  private static void startServer(int index) {
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

  @AfterAll
  static void stop() throws Exception {
    List<AutoCloseable> all = new ArrayList<>(Arrays.asList(servers));
    all.addAll(targets);
    all.addAll(floods);
    all.add(() -> redis.destroyForcibly().onExit().join());
    all.add(lan);
    Closing.all(all.toArray(AutoCloseable[]::new));
  }

  @AfterEach
  void nobodyIsLeft() throws Exception {
    Closing.all(demands.toArray(AutoCloseable[]::new));
    for (BouncerServer server : servers) {
      server.awaitNoSession();
    }
  }

  private static ConditionFactory soon(String what) {
    return await(what).atMost(Patience.seconds(20)).pollInterval(Duration.ofMillis(50));
  }

  private static JsonNode cluster(int index) throws IOException {
    return AdminClient.ask(servers[index].socket(), "{\"command\":\"cluster\"}");
  }

  private static void awaitState(int index, String state) {
    soon("cluster: " + state)
        .untilAsserted(
            () ->
                assertThat(cluster(index).path("state").asText())
                    .as("%s", cluster(index))
                    .isEqualTo(state));
  }

  private static long part(int index, String limit) throws IOException {
    return figure(index, limit, "part");
  }

  private static long figure(int index, String limit, String what) throws IOException {
    for (JsonNode one : cluster(index).path("limits")) {
      if (one.path("limit").asText().equals(limit)) {
        return one.path(what).asLong();
      }
    }
    throw new AssertionError("no " + limit + " in " + cluster(index));
  }

  private static double metric(int index, String name) throws Exception {
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

  private Demand demand(int index, int port) {
    Demand demand = new Demand(lan.host(index), port);
    demands.add(demand);
    return demand;
  }

  private void demandOnAll(int port) {
    IntStream.range(0, SERVERS).forEach(index -> demand(index, port));
  }

  private int live() {
    return demands.stream().mapToInt(Demand::live).sum();
  }

  /** Waits for as many, and sees to it that there are never more. */
  private void awaitLive(int least, int most) {
    await("live sessions, at least " + least)
        .atMost(Patience.seconds(20))
        .pollInterval(Duration.ofMillis(10))
        .until(
            () -> {
              int live = live();
              assertThat(live).isLessThanOrEqualTo(most);
              return live >= least;
            });
  }

  @Test
  void shouldUseTheWholeLimitAndNoMoreWhenDemandIsOnAllAndWhenItMoves() {
    demandOnAll(SESSIONS_PORT);
    demands.forEach(one -> one.want(40));
    awaitLive(SESSIONS * 98 / 100, SESSIONS);
    // Who has a session keeps it: as sessions end, the parts become the same.
    demands.forEach(one -> one.renews(true));
    soon("fair parts")
        .untilAsserted(
            () -> {
              long[] each = demands.stream().mapToLong(Demand::live).toArray();
              assertThat(Arrays.stream(each).sum()).isLessThanOrEqualTo(SESSIONS);
              assertThat(Meter.jain(each)).as(Arrays.toString(each)).isGreaterThanOrEqualTo(0.98);
            });
    demands.forEach(one -> one.renews(false));
    awaitLive(SESSIONS * 98 / 100, SESSIONS);
    for (int busy : new int[] {1, 4}) {
      demands.forEach(one -> one.want(0));
      soon("all end").until(() -> live() == 0);
      demands.get(busy).want(2 * SESSIONS);
      awaitLive(SESSIONS * 98 / 100, SESSIONS);
      assertThat(demands.get(busy).live()).isGreaterThanOrEqualTo(SESSIONS * 98 / 100);
    }
  }

  @Test
  void shouldShareARateFairlyAndKeepToItInEverySecond() {
    demandOnAll(RATE_PORT);
    demands.forEach(one -> one.oneByOne(true));
    // A large rate counts in slices: 1/19 longer than its period.
    double least = 0.98 * RATE * 19 / 20;
    soon("a rate that is used, and fair")
        .atMost(Patience.seconds(30))
        .untilAsserted(
            () -> {
              double[] before = passed();
              long begun = System.nanoTime();
              Pause.millis(4000);
              double[] after = passed();
              double seconds = (System.nanoTime() - begun) / 1e9;
              long[] each =
                  IntStream.range(0, SERVERS)
                      .mapToLong(i -> (long) (after[i] - before[i]))
                      .toArray();
              assertThat(Arrays.stream(each).sum() / seconds)
                  .as(Arrays.toString(each))
                  .isGreaterThanOrEqualTo(least);
              assertThat(Meter.jain(each)).as(Arrays.toString(each)).isGreaterThanOrEqualTo(0.98);
            });
    assertNoSecondHasMore();
  }

  private double[] passed() {
    return demands.stream().mapToDouble(one -> one.passed().size()).toArray();
  }

  /**
   * Of all sessions that certainly were let in within one second there are no more than the rate.
   */
  private void assertNoSecondHasMore() {
    List<Demand.Passed> all = demands.stream().flatMap(one -> one.passed().stream()).toList();
    assertThat(all).isNotEmpty();
    for (Demand.Passed first : all) {
      long within =
          all.stream()
              .filter(one -> one.after() >= first.after())
              .filter(one -> one.before() - first.after() <= 1_000_000_000)
              .count();
      assertThat(within).isLessThanOrEqualTo(RATE);
    }
  }

  @Test
  void shouldShareABandwidthClassFairlyAndKeepToIt() throws Exception {
    List<Meter> meters = new ArrayList<>();
    try {
      for (int i = 0; i < SERVERS; i++) {
        Meter meter = new Meter();
        meters.add(meter);
        // Whoever has more sessions does not get more.
        int sessions = 1 + i % 3;
        lan.host(i).in(() -> meter.open("127.0.0.1", BYTES_PORT, sessions));
      }
      soon("a class that is used, and fair")
          .atMost(Patience.seconds(30))
          .untilAsserted(
              () -> {
                long[] before = meters.stream().mapToLong(Meter::total).toArray();
                long begun = System.nanoTime();
                Pause.millis(3000);
                long[] each = meters.stream().mapToLong(Meter::total).toArray();
                double seconds = (System.nanoTime() - begun) / 1e9;
                Arrays.setAll(each, i -> each[i] - before[i]);
                assertThat(Arrays.stream(each).sum() / seconds)
                    .as(Arrays.toString(each))
                    .isBetween(0.98 * BYTES, 1.02 * BYTES);
                assertThat(Meter.jain(each)).as(Arrays.toString(each)).isGreaterThanOrEqualTo(0.98);
              });
    } finally {
      Closing.all(meters.toArray(AutoCloseable[]::new));
    }
  }

  @Test
  void shouldExceedTheLimitByThePartsOfThoseCutOffAndNoMore() throws Exception {
    demandOnAll(SESSIONS_PORT);
    demands.forEach(one -> one.want(40));
    awaitLive(SESSIONS * 98 / 100, SESSIONS);
    int lost = (int) (part(LOCAL, "max-sessions") + part(REFUSES, "max-sessions"));
    assertThat(lost).isPositive();
    lan.unplug(LOCAL);
    lan.unplug(REFUSES);
    try {
      // Those that live at the cut ones go on, and the others have all of the limit.
      awaitLive(SESSIONS * 98 / 100 + lost, SESSIONS + lost);
      assertThat(demands.get(LOCAL).live() + demands.get(REFUSES).live())
          .isBetween(lost - SESSIONS * 2 / 100, lost);
      for (int cut : new int[] {LOCAL, REFUSES}) {
        awaitState(cut, "away");
        assertThat(servers[cut].status().path("state").asText()).isEqualTo("degraded");
        assertThat(metric(cut, "bouncer_cluster_reached")).isZero();
        assertThat(metric(cut, "bouncer_cluster_lease_age_seconds")).isGreaterThan(2);
        CommandResult shown = servers[cut].command("cluster");
        assertThat(shown.allText()).contains("away");
      }
      assertThat(metric(0, "bouncer_cluster_reached")).isEqualTo(1);
      assertThat(cluster(0).path("servers").asInt()).isEqualTo(SERVERS - 2);
      // New ones, in place of those that end: the last part, and none.
      demands.get(LOCAL).want(0);
      demands.get(REFUSES).want(0);
      soon("their sessions end")
          .until(() -> demands.get(LOCAL).live() + demands.get(REFUSES).live() == 0);
      demands.get(LOCAL).want(1);
      demands.get(REFUSES).want(1);
      soon("the last part").until(() -> demands.get(LOCAL).live() == 1);
      soon("refused")
          .untilAsserted(
              () ->
                  assertThat(servers[REFUSES].accessLines(line -> line.result().equals("limited")))
                      .anySatisfy(
                          line ->
                              assertThat(line.get(AccessLine.REASON))
                                  .contains("the cluster is not reached")));
      assertThat(demands.get(REFUSES).live()).isZero();
    } finally {
      lan.plug(LOCAL);
      lan.plug(REFUSES);
    }
    for (int cut : new int[] {LOCAL, REFUSES}) {
      awaitState(cut, "held");
      String log = servers[cut].err().text();
      assertThat(log.split("cluster edge is not reached", -1)).as(log).hasSize(2);
      assertThat(log.split("cluster edge: reached again", -1)).as(log).hasSize(2);
    }
    demands.forEach(one -> one.want(0));
    soon("all end").until(() -> live() == 0);
    // Until the others have heard that those are back.
    soon("no more than the limit")
        .until(() -> figure(0, "max-sessions", "held_by_all") <= SESSIONS);
    demands.forEach(one -> one.want(40));
    awaitLive(SESSIONS * 98 / 100, SESSIONS);
    assertThat(cluster(0).path("servers").asInt()).isEqualTo(SERVERS);
  }

  @Test
  void shouldGiveThePartOfADeadServerToTheOthers() throws Exception {
    demandOnAll(SESSIONS_PORT);
    demands.forEach(one -> one.want(40));
    awaitLive(SESSIONS * 98 / 100, SESSIONS);
    assertThat(demands.get(LOCAL).live()).isPositive();
    for (long pid : ProcessTree.of(servers[LOCAL].pid())) {
      ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly);
    }
    servers[LOCAL].killMother();
    long died = System.nanoTime();
    demands.remove(LOCAL).close();
    awaitLive(SESSIONS * 98 / 100, SESSIONS);
    System.out.printf("given to others after %.1f s%n", (System.nanoTime() - died) / 1e9);
    servers[LOCAL].close();
    Files.deleteIfExists(servers[LOCAL].socket());
    startServer(LOCAL);
    awaitState(LOCAL, "held");
  }
}
