package org.portbouncer.negotiator.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.portbouncer.core.cluster.LeaseTimes;
import org.portbouncer.negotiator.cluster.Simulation.Counting;
import org.portbouncer.negotiator.cluster.Simulation.Server;

/** What docs/cluster.md promises of limits, with as many servers as nobody has, and in no time. */
class LeaseSimulationTest {

  /** After a Redis that knows nothing, or a change of all demand, until all is in its place. */
  private static final long SETTLED_MS = LeaseTimes.RECALL + 4000;

  private Random random;
  private long seed;

  @BeforeEach
  void seed() {
    seed = Long.getLong("seed", System.nanoTime());
    System.out.println("LeaseSimulationTest -Dseed=" + seed);
    random = new Random(seed);
  }

  private static void demand(Simulation all, long each) {
    all.servers.forEach(server -> server.demand = each);
  }

  /** Demand for twice the limit, on some of the servers, others every time. */
  private void move(Simulation all, long limit) {
    demand(all, 0);
    int busy = 1 + random.nextInt(all.servers.size());
    for (int i = 0; i < busy; i++) {
      all.servers.get(random.nextInt(all.servers.size())).demand += 2 * limit / busy + 1;
    }
  }

  @ParameterizedTest
  @CsvSource({
    "SESSIONS, 2, 1000", "SESSIONS, 5, 1000", "SESSIONS, 20, 2000", "SESSIONS, 1000, 1000000",
    "RATE, 2, 1000", "RATE, 5, 1000", "RATE, 20, 2000", "RATE, 1000, 200000",
  })
  void shouldUseTheWholeLimitAndNoMoreWhenDemandMoves(Counting counting, int servers, long limit) {
    Simulation all = new Simulation(counting, servers, limit, true, random);
    move(all, limit);
    assertThat(all.run(SETTLED_MS)).as("seed %d", seed).isLessThanOrEqualTo(limit);
    for (int round = 0; round < 3; round++) {
      move(all, limit);
      // What is used elsewhere must end first: sessions of half a second on average, windows of
      // one.
      long settling = counting == Counting.RATE ? 4500 : 3000;
      assertThat(all.run(servers > 100 ? settling + 2000 : settling))
          .as("seed %d, round %d, while it moves", seed, round)
          .isLessThanOrEqualTo(limit);
      double used = all.average(2000);
      assertThat(used).as("seed %d, round %d", seed, round).isBetween(0.98 * limit, 1.0 * limit);
    }
  }

  /** One takes all it can; the others need little more than an equal part, less, or nothing. */
  @ParameterizedTest
  @CsvSource({
    "SESSIONS, 2, 1000", "SESSIONS, 5, 1000", "SESSIONS, 20, 2000",
    "RATE, 2, 1000", "RATE, 5, 1000", "RATE, 20, 2000",
  })
  void shouldUseTheWholeLimitWhenOthersNeedLessThanTheirPart(
      Counting counting, int servers, long limit) {
    for (int run = 0; run < 10; run++) {
      Simulation all = new Simulation(counting, servers, limit, true, random);
      for (Server server : all.servers) {
        boolean idle = random.nextInt(4) == 0;
        server.demand = idle ? 0 : Math.round(1.2 * random.nextDouble() * limit / servers);
      }
      all.servers.get(random.nextInt(servers)).demand = 2 * limit;
      assertThat(all.run(SETTLED_MS + 2000)).as("seed %d", seed).isLessThanOrEqualTo(limit);
      assertThat(all.average(5000))
          .as("seed %d, run %d", seed, run)
          .isBetween(0.98 * limit, 1.0 * limit);
    }
  }

  /** With a window that is dense in one half, as the demand before has left it. */
  @Test
  void shouldUseTheWholeRateWhenSomeServersNeedLittleMoreThanTheirPart() {
    long limit = 1000;
    for (int i = 0; i < 20; i++) {
      Simulation all = new Simulation(Counting.RATE, 5, limit, true, random);
      demands(all, 501, 0, 0, 501, 1002);
      assertThat(all.run(SETTLED_MS)).as("seed %d", seed).isLessThanOrEqualTo(limit);
      demands(all, 1203, 401, 0, 0, 401);
      assertThat(all.run(SETTLED_MS)).as("seed %d", seed).isLessThanOrEqualTo(limit);
      assertThat(all.average(5000)).as("seed %d", seed).isBetween(0.99 * limit, 1.0 * limit);
    }
  }

  private static void demands(Simulation all, long... each) {
    for (int i = 0; i < each.length; i++) {
      all.servers.get(i).demand = each[i];
    }
  }

  @ParameterizedTest
  @CsvSource({"2, 1000", "5, 1000", "20, 2000", "1000, 200000"})
  void shouldGiveEqualPartsWhenAllWantMoreThanThereIs(int servers, long limit) {
    Simulation all = new Simulation(Counting.RATE, servers, limit, true, random);
    // Whoever wants more does not get more.
    all.servers.forEach(
        server -> server.demand = 2 * limit / servers + random.nextInt((int) (limit / servers)));
    all.run(SETTLED_MS + 2000);
    double[] before = all.servers.stream().mapToDouble(server -> server.passed).toArray();
    all.run(5000);
    double[] passed = new double[servers];
    for (int i = 0; i < servers; i++) {
      passed[i] = all.servers.get(i).passed - before[i];
    }
    assertThat(Simulation.jain(passed)).as("seed %d", seed).isGreaterThanOrEqualTo(0.98);
  }

  @ParameterizedTest
  @CsvSource({"2, 1000", "5, 1000", "20, 2000"})
  void shouldGiveTheUnusedToWhoeverWantsItWithinASecond(int servers, long limit) {
    Simulation all = new Simulation(Counting.SESSIONS, servers, limit, true, random);
    all.run(SETTLED_MS);
    Server busy = all.servers.getLast();
    busy.demand = limit;
    all.run(1000);
    assertThat(busy.lease.size()).as("seed %d", seed).isGreaterThanOrEqualTo(limit * 98 / 100);
  }

  @ParameterizedTest
  @CsvSource({"2, 1000", "5, 1000", "20, 2000", "1000, 100000"})
  void shouldGiveThePartOfADeadServerToOthersWithinFiveSeconds(int servers, long limit) {
    Simulation all = new Simulation(Counting.SESSIONS, servers, limit, true, random);
    demand(all, limit);
    all.run(SETTLED_MS);
    Server dead = all.servers.getFirst();
    long part = dead.lease.size();
    dead.alive = false;
    dead.live = 0;
    assertThat(part).isPositive();
    assertThat(all.run(5000)).isLessThanOrEqualTo(limit);
    assertThat(all.average(1000)).as("seed %d", seed).isGreaterThan(0.98 * limit);
  }

  @ParameterizedTest
  @CsvSource({"SESSIONS, true", "SESSIONS, false", "RATE, true", "RATE, false"})
  void shouldExceedTheLimitByNoMoreThanThePartsOfThoseCutOff(Counting counting, boolean local) {
    long limit = 1000;
    Simulation all = new Simulation(counting, 5, limit, local, random);
    demand(all, limit);
    all.run(SETTLED_MS);
    long parts = 0;
    for (Server server : all.servers.subList(0, 2)) {
      server.cut = true;
      parts += server.lease.size();
    }
    long most = all.run(10_000);
    // New sessions of who refuses end with its term, before others get its part; live ones stay.
    long bound = local || counting == Counting.SESSIONS ? limit + parts : limit;
    assertThat(most).as("seed %d", seed).isLessThanOrEqualTo(bound);
    if (local) {
      assertThat(most).as("the bound is met").isGreaterThan(limit + parts / 2);
    } else {
      assertThat(all.servers.getFirst().used()).as("new ones of who refuses").isZero();
    }
    all.servers.forEach(server -> server.cut = false);
    all.run(SETTLED_MS);
    assertThat(all.run(2000)).as("seed %d, healed", seed).isLessThanOrEqualTo(limit);
    assertThat(all.average(1000)).isGreaterThan(0.98 * limit);
  }

  @Test
  void shouldKeepToTheLimitWhenRedisForgetsAndItsClockJumps() {
    long limit = 1000;
    Simulation all = new Simulation(Counting.RATE, 5, limit, true, random);
    demand(all, limit);
    all.run(SETTLED_MS);
    for (long jump : new long[] {3_600_000, -7_200_000, 900, -900, 5000}) {
      all.jump(jump);
      assertThat(all.run(1500)).as("seed %d, jump %d", seed, jump).isLessThanOrEqualTo(limit);
      assertThat(all.average(1000)).as("jump %d", jump).isGreaterThan(0.98 * limit);
    }
    for (int i = 0; i < 3; i++) {
      all.restartRedis();
      move(all, limit);
      assertThat(all.run(SETTLED_MS)).as("seed %d, forgotten", seed).isLessThanOrEqualTo(limit);
    }
  }

  @ParameterizedTest
  @CsvSource({"2, 22", "5, 55", "20, 220", "200, 2200", "1000, 2200", "2000, 2200"})
  void shouldCallRedisNoMoreOftenThanDocumented(int servers, long perSecond) {
    Simulation all = new Simulation(Counting.SESSIONS, servers, 10L * servers, true, random);
    demand(all, 20);
    all.run(SETTLED_MS);
    long before = all.calls;
    all.run(5000);
    assertThat((all.calls - before) / 5).isLessThanOrEqualTo(perSecond);
  }
}
