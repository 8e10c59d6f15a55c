package org.portbouncer.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
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

  private static final long BYTES = 4 << 20;

  private static ClusterNetwork network;
  private static Lan lan;
  private final List<Demand> demands = new ArrayList<>();

  @BeforeAll
  static void start(@TempDir Path folder) throws Exception {
    network = new ClusterNetwork(folder);
    lan = network.lan();
    network.start();
  }

  @AfterAll
  static void stop() throws Exception {
    if (network != null) {
      network.close();
    }
  }

  @AfterEach
  void nobodyIsLeft() throws Exception {
    Closing.all(demands.toArray(AutoCloseable[]::new));
    for (int i = 0; i < ClusterNetwork.SERVERS; i++) {
      network.server(i).awaitNoSession();
    }
  }

  private static ConditionFactory soon(String what) {
    return await(what).atMost(Patience.seconds(20)).pollInterval(Duration.ofMillis(50));
  }

  private Demand demand(int index, int port) {
    Demand demand = new Demand(lan.host(index), port);
    demands.add(demand);
    return demand;
  }

  private void demandOnAll(int port) {
    IntStream.range(0, ClusterNetwork.SERVERS).forEach(index -> demand(index, port));
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
    demandOnAll(ClusterNetwork.SESSIONS_PORT);
    demands.forEach(one -> one.want(40));
    awaitLive(ClusterNetwork.SESSIONS * 98 / 100, ClusterNetwork.SESSIONS);
    // Who has a session keeps it: as sessions end, the parts become the same.
    demands.forEach(one -> one.renews(true));
    soon("fair parts")
        .untilAsserted(
            () -> {
              long[] each = demands.stream().mapToLong(Demand::live).toArray();
              assertThat(Arrays.stream(each).sum()).isLessThanOrEqualTo(ClusterNetwork.SESSIONS);
              assertThat(Meter.jain(each)).as(Arrays.toString(each)).isGreaterThanOrEqualTo(0.98);
            });
    demands.forEach(one -> one.renews(false));
    awaitLive(ClusterNetwork.SESSIONS * 98 / 100, ClusterNetwork.SESSIONS);
    for (int busy : new int[] {1, 4}) {
      demands.forEach(one -> one.want(0));
      soon("all end").until(() -> live() == 0);
      demands.get(busy).want(2 * ClusterNetwork.SESSIONS);
      awaitLive(ClusterNetwork.SESSIONS * 98 / 100, ClusterNetwork.SESSIONS);
      assertThat(demands.get(busy).live())
          .isGreaterThanOrEqualTo(ClusterNetwork.SESSIONS * 98 / 100);
    }
  }

  @Test
  void shouldShareARateFairlyAndKeepToItInEverySecond() {
    demandOnAll(ClusterNetwork.RATE_PORT);
    demands.forEach(one -> one.oneByOne(true));
    // A large rate counts in slices: 1/19 longer than its period.
    double least = 0.98 * ClusterNetwork.RATE * 19 / 20;
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
                  IntStream.range(0, ClusterNetwork.SERVERS)
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
      assertThat(within).isLessThanOrEqualTo(ClusterNetwork.RATE);
    }
  }

  @Test
  void shouldShareABandwidthClassFairlyAndKeepToIt() throws Exception {
    List<Meter> meters = new ArrayList<>();
    try {
      for (int i = 0; i < ClusterNetwork.SERVERS; i++) {
        Meter meter = new Meter();
        meters.add(meter);
        // Whoever has more sessions does not get more.
        int sessions = 1 + i % 3;
        lan.host(i).in(() -> meter.open("127.0.0.1", ClusterNetwork.BYTES_PORT, sessions));
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
    demandOnAll(ClusterNetwork.SESSIONS_PORT);
    demands.forEach(one -> one.want(40));
    awaitLive(ClusterNetwork.SESSIONS * 98 / 100, ClusterNetwork.SESSIONS);
    int lost =
        (int)
            (network.part(ClusterNetwork.LOCAL, "max-sessions")
                + network.part(ClusterNetwork.REFUSES, "max-sessions"));
    assertThat(lost).isPositive();
    lan.unplug(ClusterNetwork.LOCAL);
    lan.unplug(ClusterNetwork.REFUSES);
    try {
      // Those that live at the cut ones go on, and the others have all of the limit.
      awaitLive(ClusterNetwork.SESSIONS * 98 / 100 + lost, ClusterNetwork.SESSIONS + lost);
      assertThat(
              demands.get(ClusterNetwork.LOCAL).live() + demands.get(ClusterNetwork.REFUSES).live())
          .isBetween(lost - ClusterNetwork.SESSIONS * 2 / 100, lost);
      assertAway(ClusterNetwork.LOCAL);
      assertAway(ClusterNetwork.REFUSES);
      assertThat(network.metric(0, "bouncer_cluster_reached")).isEqualTo(1);
      assertThat(network.cluster(0).path("servers").asInt()).isEqualTo(ClusterNetwork.SERVERS - 2);
      renewThoseCutOff();
    } finally {
      lan.plug(ClusterNetwork.LOCAL);
      lan.plug(ClusterNetwork.REFUSES);
    }
    for (int cut : new int[] {ClusterNetwork.LOCAL, ClusterNetwork.REFUSES}) {
      network.awaitState(cut, "held");
      network.server(cut).awaitLog("cluster edge: reached again");
      String log = network.server(cut).err().text();
      assertThat(log.split("cluster edge is not reached", -1)).as(log).hasSize(2);
      assertThat(log.split("cluster edge: reached again", -1)).as(log).hasSize(2);
    }
    demands.forEach(one -> one.want(0));
    soon("all end").until(() -> live() == 0);
    // Until the others have heard that those are back.
    soon("no more than the limit")
        .until(() -> network.figure(0, "max-sessions", "held_by_all") <= ClusterNetwork.SESSIONS);
    demands.forEach(one -> one.want(40));
    awaitLive(ClusterNetwork.SESSIONS * 98 / 100, ClusterNetwork.SESSIONS);
    assertThat(network.cluster(0).path("servers").asInt()).isEqualTo(ClusterNetwork.SERVERS);
  }

  private static void assertAway(int cut) throws Exception {
    network.awaitState(cut, "away");
    assertThat(network.server(cut).status().path("state").asText()).isEqualTo("degraded");
    assertThat(network.metric(cut, "bouncer_cluster_reached")).isZero();
    assertThat(network.metric(cut, "bouncer_cluster_lease_age_seconds")).isGreaterThan(2);
    CommandResult shown = network.server(cut).command("cluster");
    assertThat(shown.allText()).contains("away");
  }

  /** New sessions in place of those that end: the last part, and none. */
  private void renewThoseCutOff() {
    demands.get(ClusterNetwork.LOCAL).want(0);
    demands.get(ClusterNetwork.REFUSES).want(0);
    soon("their sessions end")
        .until(
            () ->
                demands.get(ClusterNetwork.LOCAL).live()
                        + demands.get(ClusterNetwork.REFUSES).live()
                    == 0);
    demands.get(ClusterNetwork.LOCAL).want(1);
    demands.get(ClusterNetwork.REFUSES).want(1);
    soon("the last part").until(() -> demands.get(ClusterNetwork.LOCAL).live() == 1);
    soon("refused")
        .untilAsserted(
            () ->
                assertThat(
                        network
                            .server(ClusterNetwork.REFUSES)
                            .accessLines(line -> line.result().equals("limited")))
                    .anySatisfy(
                        line ->
                            assertThat(line.get(AccessLine.REASON))
                                .contains("the cluster is not reached")));
    assertThat(demands.get(ClusterNetwork.REFUSES).live()).isZero();
  }

  @Test
  void shouldGiveThePartOfADeadServerToTheOthers() throws Exception {
    demandOnAll(ClusterNetwork.SESSIONS_PORT);
    demands.forEach(one -> one.want(40));
    awaitLive(ClusterNetwork.SESSIONS * 98 / 100, ClusterNetwork.SESSIONS);
    assertThat(demands.get(ClusterNetwork.LOCAL).live()).isPositive();
    // Whom a dead server would refuse is none of its sessions.
    demands.get(ClusterNetwork.LOCAL).keep();
    for (long pid : ProcessTree.of(network.server(ClusterNetwork.LOCAL).pid())) {
      ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly);
    }
    network.server(ClusterNetwork.LOCAL).killMother();
    long died = System.nanoTime();
    demands.remove(ClusterNetwork.LOCAL).close();
    awaitLive(ClusterNetwork.SESSIONS * 98 / 100, ClusterNetwork.SESSIONS);
    System.out.printf("given to others after %.1f s%n", (System.nanoTime() - died) / 1e9);
    network.server(ClusterNetwork.LOCAL).close();
    Files.deleteIfExists(network.server(ClusterNetwork.LOCAL).socket());
    network.startServer(ClusterNetwork.LOCAL);
    network.awaitState(ClusterNetwork.LOCAL, "held");
  }
}
