package org.portbouncer.core.shared;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.portbouncer.core.support.Seed;

/** Which records are given to whom, and how many there are. */
class RecordAllocatorTest extends SessionTableCase {

  @Test
  void shouldGiveLowRecordsAgainWhenTheyAreFreed() {
    List<Integer> taken = new ArrayList<>();
    for (int i = 0; i < 64; i++) {
      taken.add(records.allocate());
    }
    assertThat(taken).doesNotHaveDuplicates().allMatch(record -> record < 64);
    assertThat(records.highWater()).isEqualTo(64);
    // As long as sessions come and go below the highest, no further memory is touched.
    for (int round = 0; round < 1000; round++) {
      end(taken.removeFirst());
      int record = records.allocate();
      assertThat(record).isBetween(0, 63);
      taken.add(record);
    }
    assertThat(records.highWater()).isEqualTo(64);
    assertThat(records.allocate()).isEqualTo(64);
    assertThat(records.highWater()).isEqualTo(128);
  }

  @Test
  void shouldGiveNoneWhenAllAreTaken() {
    BitSet taken = new BitSet();
    for (int i = 0; i < table.capacity(); i++) {
      taken.set(records.allocate());
    }
    assertThat(taken.cardinality()).isEqualTo(128);
    assertThat(records.active()).isEqualTo(128);
    assertThat(records.allocate()).isEqualTo(-1);
    assertThat(records.allocate()).isEqualTo(-1);
    end(77);
    assertThat(records.allocate()).isEqualTo(77);
    assertThat(records.allocate()).isEqualTo(-1);
  }

  @Test
  void shouldRoundTheCapacityUpWhenItIsNoMultipleOfAWord() {
    resize(65);
    assertThat(table.capacity()).isEqualTo(128);
  }

  @Test
  void shouldCountExactlyWhenRecordsAreTakenAndFreedAtRandom() {
    Random random = Seed.random(RecordAllocatorTest.class);
    List<Integer> taken = new ArrayList<>();
    for (int round = 0; round < 20_000; round++) {
      if (random.nextInt(100) < 50 + (round / 1000 % 2 == 0 ? 20 : -20)) {
        int record = records.allocate();
        if (taken.size() == 128) {
          assertThat(record).isEqualTo(-1);
        } else {
          assertThat(record).isNotIn(taken).isNotNegative();
          taken.add(record);
        }
      } else if (!taken.isEmpty()) {
        Collections.swap(taken, random.nextInt(taken.size()), taken.size() - 1);
        end(taken.removeLast());
      }
      assertThat(records.active()).isEqualTo(taken.size());
    }
  }

  @Test
  void shouldCountExactlyWhenOtherThreadsFree() throws Exception {
    resize(1024);
    ConcurrentLinkedQueue<Integer> toFree = new ConcurrentLinkedQueue<>();
    AtomicBoolean done = new AtomicBoolean();
    Callable<Integer> freeing =
        () -> {
          int freed = 0;
          while (true) {
            boolean last = done.get();
            Integer record = toFree.poll();
            if (record != null) {
              if (table.claimEnd(record, table.generation(record), WORKER)) {
                table.free(record);
                freed++;
              }
            } else if (last) {
              return freed;
            }
          }
        };
    int allocated = 0;
    int kept = 0;
    try (ExecutorService threads = Executors.newFixedThreadPool(3)) {
      List<Future<Integer>> freed = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        freed.add(threads.submit(freeing));
      }
      while (allocated < 100_000) {
        int record = records.allocate();
        if (record >= 0) {
          allocated++;
          if (allocated % 1000 == 0) {
            kept++;
          } else {
            toFree.add(record);
          }
        }
      }
      done.set(true);
      int sum = 0;
      for (Future<Integer> each : freed) {
        sum += each.get();
      }
      assertThat(sum).isEqualTo(allocated - kept);
    }
    assertThat(records.active()).isEqualTo(kept);
  }
}
