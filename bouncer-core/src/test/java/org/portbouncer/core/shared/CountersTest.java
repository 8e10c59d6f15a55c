package org.portbouncer.core.shared;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Collections;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.portbouncer.core.session.Result;

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
}
