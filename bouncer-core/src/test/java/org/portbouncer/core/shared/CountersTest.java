package org.portbouncer.core.shared;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Collections;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.portbouncer.core.session.Result;
import org.portbouncer.core.session.StageId;

/** Counters of listeners and workers in the shared area. */
class CountersTest {

  private final SharedArea area = area();

  /** Makes an area; the only place that knows how. */
  private static SharedArea area() {
    return SharedArea.create(64);
  }

  @Test
  void shouldKeepSlotsApartWhenNeighboursCount() {
    ListenerCounters counters = area.listeners();
    int last = ListenerCounters.SLOTS - 1;
    for (int slot : new int[] {0, 1, last}) {
      for (ListenerCounters.Count count : ListenerCounters.Count.values()) {
        counters.add(slot, count, 100L * slot + count.ordinal());
      }
      for (Result result : Result.values()) {
        for (int i = 0; i <= result.ordinal(); i++) {
          counters.ended(slot, result);
        }
      }
    }
    for (int slot : new int[] {0, 1, last}) {
      for (ListenerCounters.Count count : ListenerCounters.Count.values()) {
        assertThat(counters.get(slot, count)).isEqualTo(100L * slot + count.ordinal());
      }
      for (Result result : Result.values()) {
        assertThat(counters.endedWith(slot, result)).isEqualTo(result.ordinal() + 1);
      }
    }
    assertThat(counters.endedWith(2, Result.OK)).isZero();
  }

  @Test
  void shouldCountEveryEventWhenSeveralThreadsCount() throws Exception {
    ListenerCounters counters = area.listeners();
    Callable<Void> counting =
        () -> {
          for (int i = 0; i < 50_000; i++) {
            counters.add(3, ListenerCounters.Count.BYTES_UP, 3);
            counters.ended(3, Result.OK);
          }
          return null;
        };
    try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
      for (Future<Void> each : threads.invokeAll(Collections.nCopies(4, counting))) {
        each.get();
      }
    }
    assertThat(counters.get(3, ListenerCounters.Count.BYTES_UP)).isEqualTo(600_000);
    assertThat(counters.endedWith(3, Result.OK)).isEqualTo(200_000);
  }

  @Test
  void shouldCountTheWorkersOfAStageThatLive() {
    WorkerBoard board = area.workers();
    board.enter(0, StageId.IO, 11);
    board.enter(1, StageId.IO, 12);
    board.enter(2, StageId.ACL, 13);
    board.enter(3, StageId.IO, 14);
    assertThat(board.alive(StageId.IO, pid -> pid == 12)).isEqualTo(2);
    board.leave(3);
    assertThat(board.alive(StageId.IO, pid -> pid == 12)).isEqualTo(1);
  }

  @Test
  void shouldSumOverAllPlacesWhenWorkersCount() {
    WorkerBoard board = area.workers();
    board.add(0, WorkerBoard.Count.REFUSED, 2);
    board.add(WorkerBoard.PLACES - 1, WorkerBoard.Count.REFUSED, 3);
    board.add(0, WorkerBoard.Count.SPILLED, 100);
    board.sessions(0, 5);
    board.heartbeat(0, 77);
    assertThat(board.total(WorkerBoard.Count.REFUSED)).isEqualTo(5);
    assertThat(board.total(WorkerBoard.Count.SPILLED)).isEqualTo(100);
    assertThat(board.get(0, WorkerBoard.Count.REFUSED)).isEqualTo(2);
    assertThat(board.sessions(0)).isEqualTo(5);
    assertThat(board.sessions(1)).isZero();
    assertThat(board.heartbeat(0)).isEqualTo(77);
  }

  @Test
  void shouldKeepListenersAndStepsApartWhenTimesAreCounted() {
    ListenerTimes times = area.times();
    int last = ListenerCounters.SLOTS - 1;
    times.add(last, ListenerTimes.Step.SETUP, 7);
    times.add(last, ListenerTimes.Step.SETUP, -1);
    times.add(last - 1, ListenerTimes.Step.CONNECT, 1000);
    assertThat(times.get(last, ListenerTimes.Step.SETUP).count()).isEqualTo(2);
    assertThat(times.get(last, ListenerTimes.Step.SETUP).sumNanos()).isEqualTo(7);
    assertThat(times.get(last, ListenerTimes.Step.CONNECT).count()).isZero();
    assertThat(times.get(last - 1, ListenerTimes.Step.CONNECT).sumNanos()).isEqualTo(1000);
    assertThat(area.limits()).as("its neighbour in the area").isNotNull();
  }

  @ParameterizedTest
  @EnumSource(TimeBuckets.class)
  void shouldPutATimeIntoTheFirstBucketWhoseBoundItDoesNotExceed(TimeBuckets buckets) {
    MemorySegment memory = Arena.ofAuto().allocate(2L * TimeBuckets.BYTES, 8);
    for (int i = 0; i < TimeBuckets.COUNT - 1; i++) {
      long bound = Math.round(buckets.upperSeconds(i) * 1e9);
      buckets.addAlone(memory, TimeBuckets.BYTES, bound);
      buckets.addShared(memory, TimeBuckets.BYTES, bound + 1);
    }
    long[] two = new long[TimeBuckets.COUNT];
    Arrays.fill(two, 2);
    two[0] = 1;
    two[TimeBuckets.COUNT - 1] = 1;
    assertThat(buckets.read(memory, TimeBuckets.BYTES).counts()).isEqualTo(two);
    assertThat(buckets.read(memory, 0).count()).as("the place before").isZero();
  }

  @Test
  void shouldCountEveryTimeWhenSeveralThreadsAdd() throws Exception {
    ListenerTimes times = area.times();
    Callable<Void> adding =
        () -> {
          for (int i = 0; i < 50_000; i++) {
            times.add(5, ListenerTimes.Step.SETUP, 1000L * (i % 300));
          }
          return null;
        };
    try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
      for (Future<Void> each : threads.invokeAll(Collections.nCopies(4, adding))) {
        each.get();
      }
    }
    assertThat(times.get(5, ListenerTimes.Step.SETUP).count()).isEqualTo(200_000);
  }

  @Test
  void shouldFindQuantilesWithinABucketWhenTimesWereCounted() {
    WorkerBoard board = area.workers();
    for (int i = 0; i < 80; i++) {
      board.hop(0, 15_000);
    }
    for (int i = 0; i < 20; i++) {
      board.hop(WorkerBoard.PLACES - 1, 80_000);
    }
    TimeHistogram both = board.hopTimes(0).plus(board.hopTimes(WorkerBoard.PLACES - 1));
    assertThat(both.count()).isEqualTo(100);
    assertThat(both.sumNanos()).isEqualTo(80 * 15_000 + 20 * 80_000);
    assertThat(both.quantile(0.4)).isCloseTo(15e-6, within(1e-12));
    assertThat(both.quantile(0.9)).isCloseTo(75e-6, within(1e-12));
    assertThat(both.since(board.hopTimes(0)).quantile(1)).isCloseTo(100e-6, within(1e-12));
    assertThat(TimeHistogram.empty(TimeBuckets.HOP).quantile(0.5)).isNaN();
    board.hop(1, 3_600_000_000_000L);
    assertThat(board.hopTimes(1).quantile(0.5)).as("beyond the last bound").isEqualTo(5);
  }
}
