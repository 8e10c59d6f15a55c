package org.portbouncer.negotiator.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.portbouncer.core.cluster.LeaseTimes;
import org.portbouncer.negotiator.cluster.Simulation.Counting;
import org.portbouncer.negotiator.cluster.Simulation.Server;
import org.portbouncer.negotiator.cluster.Simulation.Shape;

/** What docs/cluster.md promises of bandwidth classes, in no time. */
class FlowSimulationTest {

  private static final long LIMIT = 10_000_000;

  /** After a Redis that knows nothing, until all is in its place. */
  private static final long SETTLED_MS = LeaseTimes.RECALL + 4000;

  /** Until what had waited since before then has passed, too. */
  private static final long CALM_MS = 12_000;

  private static final int RUNS = Integer.getInteger("runs", 12);
  private static final int SECONDS = 10;

  private Random random;
  private long seed;

  @BeforeEach
  void seed() {
    seed = Long.getLong("seed", System.nanoTime());
    System.out.println("FlowSimulationTest -Dseed=" + seed);
    random = new Random(seed);
  }

  private static void demand(Simulation all, long each) {
    all.servers.forEach(server -> server.demand = each);
  }

  @ParameterizedTest
  @CsvSource({"2", "5", "20"})
  void shouldUseAWholeClassWithinASecondWhenSomeSendAllTheyCan(int servers) {
    for (int busy = 1; busy <= servers; busy = 2 * busy + 1) {
      Simulation all = new Simulation(Counting.BYTES, servers, LIMIT, true, random);
      demand(all, LIMIT);
      all.run(SETTLED_MS);
      demand(all, 0);
      all.servers.subList(0, busy).forEach(server -> server.demand = 2 * LIMIT);
      all.run(1000);
      assertThat(all.average(3000))
          .as("seed %d, %d busy", seed, busy)
          .isBetween(0.98 * LIMIT, 1.0 * LIMIT);
      double[] parts =
          all.servers.stream().limit(busy).mapToDouble(server -> server.lease.size()).toArray();
      assertThat(Simulation.jain(parts)).as("seed %d", seed).isGreaterThanOrEqualTo(0.98);
    }
  }

  /**
   * Some want less than an equal part, or none, one of them all it can get, and what comes varies.
   * Beside one class of all of them, which gives to everybody from moment to moment.
   *
   * @param least of what that one moves, on average over some runs; 0.1 less in each
   * @param fair Jain's index of what each gets of its fair part, on average
   */
  @ParameterizedTest
  @CsvSource({
    "UNEVEN, 2, 0.985, 0.98",
    "UNEVEN, 5, 0.980, 0.98",
    "UNEVEN, 20, 0.975, 0.98",
    "QUICK_TURNS, 2, 0.980, 0.98",
    "QUICK_TURNS, 5, 0.980, 0.98",
    "QUICK_TURNS, 20, 0.980, 0.98",
    "WAVES, 2, 0.980, 0.98",
    "WAVES, 5, 0.975, 0.98",
    "WAVES, 20, 0.975, 0.98",
    "SLOW_TURNS, 2, 0.965, 0.98",
    "SLOW_TURNS, 5, 0.945, 0.98",
    "SLOW_TURNS, 20, 0.935, 0.98",
    "PIECES, 2, 0.965, 0.98",
    "PIECES, 5, 0.940, 0.98",
    "PIECES, 20, 0.925, 0.98",
    "TURNS_AT_RANDOM, 2, 0.950, 0.94",
    "TURNS_AT_RANDOM, 5, 0.900, 0.94",
    "TURNS_AT_RANDOM, 20, 0.840, 0.94",
  })
  void shouldUseAClassAsIfItWereOneWhenDemandIsMixedAndVaries(
      Shape shape, int servers, double least, double fair) {
    double sum = 0;
    double lowest = 1;
    double jain = 0;
    for (int run = 0; run < RUNS; run++) {
      Mix mix = new Mix(servers, LIMIT, shape, random);
      mix.run(CALM_MS);
      mix.begin();
      mix.run(1000 * SECONDS);
      assertThat(mix.mostParts()).as("seed %d, run %d", seed, run).isLessThanOrEqualTo(LIMIT);
      // A burst of each part may pass beside the rate.
      assertThat(mix.passed())
          .as("seed %d, run %d", seed, run)
          .isLessThanOrEqualTo(LIMIT * (SECONDS + 0.02));
      sum += mix.used();
      lowest = Math.min(lowest, mix.used());
      jain += mix.jain();
    }
    System.out.printf(
        "%s, %d servers: %.3f of one class on average, at least %.3f; Jain's index %.3f%n",
        shape, servers, sum / RUNS, lowest, jain / RUNS);
    assertThat(sum / RUNS).as("seed %d", seed).isGreaterThanOrEqualTo(least);
    assertThat(lowest).as("seed %d", seed).isGreaterThanOrEqualTo(least - 0.1);
    assertThat(jain / RUNS).as("seed %d", seed).isGreaterThanOrEqualTo(fair);
  }

  /** One that took all it could needs a fifth of its part: the others have the rest. */
  @ParameterizedTest
  @CsvSource({"2", "5", "20"})
  void shouldUseAWholeClassWithinASecondWhenWhoTookAllNeedsLittle(int servers) {
    double sum = 0;
    for (int run = 0; run < RUNS; run++) {
      Simulation all = new Simulation(Counting.BYTES, servers, LIMIT, true, random);
      demand(all, 2 * LIMIT);
      all.run(SETTLED_MS);
      all.servers.getFirst().demand = LIMIT / servers / 5;
      all.run(1000);
      sum += all.average(2000) / LIMIT;
    }
    System.out.printf("%d servers: %.3f after a second%n", servers, sum / RUNS);
    assertThat(sum / RUNS).as("seed %d", seed).isBetween(0.98, 1.0);
  }

  /** One that is content has more to send than an equal part, and all is in demand. */
  @Test
  void shouldGiveAFairPartWithinSixSecondsToWhoWantsMoreThanBefore() {
    Simulation all = new Simulation(Counting.BYTES, 5, LIMIT, true, random);
    demand(all, 2 * LIMIT);
    Server rising = all.servers.getFirst();
    rising.demand = LIMIT / 25;
    all.run(CALM_MS);
    assertThat(rising.lease.size()).as("seed %d", seed).isLessThan(LIMIT / 20);
    rising.demand = 2 * LIMIT;
    all.run(6000);
    double[] parts = all.servers.stream().mapToDouble(server -> server.lease.size()).toArray();
    assertThat(Simulation.jain(parts))
        .as("seed %d, %s", seed, Arrays.toString(parts))
        .isGreaterThanOrEqualTo(0.98);
    assertThat(all.average(1000)).as("seed %d", seed).isBetween(0.98 * LIMIT, 1.0 * LIMIT);
  }
}
