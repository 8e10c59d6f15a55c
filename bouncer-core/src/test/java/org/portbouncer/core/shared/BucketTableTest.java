package org.portbouncer.core.shared;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.Test;
import org.portbouncer.core.config.BandwidthClass.SharedBy;

class BucketTableTest {

  private static final int CAPACITY = 4096;
  private static final int PID = 17;
  private static final int PLACE = 3;
  private static final long RATE = 1_000_000;
  private static final long SECOND = 1_000_000_000;

  private final SessionTable sessions =
      new SessionTable(memory(SessionTable.bytes(CAPACITY)), CAPACITY);
  private final ClassBoard classes = new ClassBoard(memory(ClassBoard.BYTES));
  private final Set<Integer> dead = ConcurrentHashMap.newKeySet();
  private final MemorySegment memory = memory(BucketTable.bytes(CAPACITY));
  private final BucketTable table =
      new BucketTable(memory, sessions, classes, HashKey.random(), dead::contains);
  private final RecordAllocator records;

  BucketTableTest() {
    sessions.initialize();
    records = new RecordAllocator(sessions, 1);
    classes.open(PLACE);
    classes.set(PLACE, RATE, 2 * RATE, 0, 0);
  }

  private static MemorySegment memory(long bytes) {
    return Arena.ofAuto().allocate(bytes, 64);
  }

  private int session(SharedBy by, long name) {
    int record = records.allocate();
    assertThat(table.acquire(record, PLACE, by, 0, name, SECOND, PID)).isTrue();
    return record;
  }

  private void end(int record) {
    table.release(record, PID);
    sessions.free(record);
  }

  /** Takes everything the session could read at that time, one way. */
  private long takeAll(int record, int way, long now) {
    Throttle throttle = new Throttle(table, way);
    throttle.open(record, PLACE);
    long all = 0;
    long bytes;
    while ((bytes = throttle.take(now)) > 0) {
      all += bytes;
      throttle.read(bytes);
    }
    throttle.end(now);
    return all;
  }

  @Test
  void shouldGiveOneBucketToAllWhoShareIt() {
    int a = session(SharedBy.ALL, 1);
    int b = session(SharedBy.ALL, 2);
    assertThat(takeAll(a, Way.UP, SECOND)).isEqualTo(RATE / 50);
    assertThat(takeAll(b, Way.UP, SECOND)).as("what is left").isZero();
    assertThat(takeAll(b, Way.DOWN, SECOND)).as("the other way").isEqualTo(RATE / 25);
    end(a);
    end(b);
    assertThat(table.liveInAll()).isZero();
  }

  @Test
  void shouldKeepRulesSourcesAndSessionsApart() {
    List<Integer> all = new ArrayList<>();
    for (SharedBy by : new SharedBy[] {SharedBy.RULE, SharedBy.SOURCE, SharedBy.SESSION}) {
      int a = session(by, 1);
      int same = session(by, 1);
      int other = session(by, 2);
      assertThat(takeAll(a, Way.UP, SECOND)).as("%s", by).isEqualTo(RATE / 50);
      assertThat(takeAll(same, Way.UP, SECOND))
          .as("%s of the same name", by)
          .isEqualTo(by == SharedBy.SESSION ? RATE / 50 : 0);
      assertThat(takeAll(other, Way.UP, SECOND)).as("another %s", by).isEqualTo(RATE / 50);
      all.addAll(List.of(a, same, other));
    }
    assertThat(table.liveInAll()).as("sessions of their own are not in the table").isEqualTo(6);
    all.forEach(this::end);
    assertThat(table.liveInAll()).isZero();
  }

  @Test
  void shouldNotGiveANewBurstToOneWhoComesBackAtOnce() {
    int first = session(SharedBy.SOURCE, 9);
    assertThat(takeAll(first, Way.UP, SECOND)).isEqualTo(RATE / 50);
    end(first);
    int again = session(SharedBy.SOURCE, 9);
    assertThat(takeAll(again, Way.UP, SECOND)).isZero();
    assertThat(takeAll(again, Way.UP, SECOND + SECOND / 100)).isEqualTo(RATE / 100);
    end(again);
  }

  @Test
  void shouldBeginAnewWhereThePlaceBelongsToAnotherClass() {
    int first = session(SharedBy.ALL, 0);
    takeAll(first, Way.UP, SECOND);
    classes.open(PLACE);
    int second = session(SharedBy.ALL, 0);
    assertThat(takeAll(second, Way.UP, SECOND)).isEqualTo(RATE / 50);
    end(first);
    end(second);
    assertThat(table.liveInAll()).isZero();
  }

  @Test
  void shouldFallBackToABucketOfItsOwnWhereTheTableIsFullAndNeverToNone() {
    int fallen = 0;
    for (int round = 0; round < 20; round++) {
      for (int i = 0; i < CAPACITY - 64; i++) {
        int record = records.allocate();
        long source = round * 100_000L + i;
        // Each leaves a bucket that is not full yet, so that nobody may have its place.
        if (!table.acquire(record, PLACE, SharedBy.SOURCE, 0, source, SECOND, PID)) {
          fallen++;
        }
        assertThat(takeAll(record, Way.UP, SECOND)).isEqualTo(RATE / 50);
        end(record);
      }
    }
    assertThat(fallen).isPositive();
    int later = records.allocate();
    assertThat(table.acquire(later, PLACE, SharedBy.SOURCE, 0, 1, 2 * SECOND, PID))
        .as("once they are full again")
        .isTrue();
    end(later);
    assertThat(table.liveInAll()).isZero();
  }

  @Test
  void shouldGiveBackWhatADeadProcessHadTakenAndLeaveItsLine() {
    int dying = session(SharedBy.ALL, 0);
    int other = session(SharedBy.ALL, 0);
    Throttle lost = new Throttle(table, Way.UP);
    lost.open(dying, PLACE);
    assertThat(lost.take(SECOND)).isEqualTo(RATE / 50);
    // It dies with the burst in hand, and nothing read.
    end(dying);
    assertThat(takeAll(other, Way.UP, SECOND)).isEqualTo(RATE / 50);

    int waiting = session(SharedBy.ALL, 0);
    lost.open(waiting, PLACE);
    assertThat(lost.take(SECOND)).isZero();
    lost.await(SECOND);
    assertThat(Line.waiting(memory, table.line(other, Way.UP))).isEqualTo(1);
    end(waiting);
    assertThat(Line.waiting(memory, table.line(other, Way.UP))).isZero();
    assertThat(takeAll(other, Way.UP, SECOND + SECOND / 50))
        .as("nothing is owed to the dead one")
        .isEqualTo(RATE / 50);
    end(other);
    assertThat(table.liveInAll()).isZero();
  }

  @Test
  void shouldCountAgainWhereAProcessDiedInALock() {
    int kept = session(SharedBy.ALL, 0);
    int half = session(SharedBy.ALL, 0);
    // It gave the record back and died before it counted down.
    sessions.held(half, BucketTable.HELD, 0);
    long locks = BucketTable.bytes(CAPACITY) / (4 + HashedPlaces.WAYS * BucketTable.ENTRY) * 4;
    for (long at = 0; at < locks; at += 4) {
      memory.set(ValueLayout.JAVA_INT, at, 666);
    }
    table.recover(666, PID);
    assertThat(table.liveInAll()).isEqualTo(1);
    end(kept);
    assertThat(table.liveInAll()).isZero();
  }

  @Test
  void shouldReleaseOnlyOnce() {
    int a = session(SharedBy.ALL, 0);
    int b = session(SharedBy.ALL, 0);
    table.release(a, PID);
    table.release(a, PID);
    assertThat(table.liveInAll()).isEqualTo(1);
    end(b);
    sessions.free(a);
  }
}
