package org.portbouncer.core.shared;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.portbouncer.core.config.BandwidthClass.SharedBy;
import org.portbouncer.core.support.Seed;

/** What becomes of what sessions stand in line for when their class changes. */
class ThrottleChangeTest {

  private static final int CAPACITY = 256;
  private static final int PID = 17;
  private static final int PLACE = 0;
  private static final long MS = 1_000_000;

  private final SessionTable sessions =
      new SessionTable(memory(SessionTable.bytes(CAPACITY)), CAPACITY);
  private final ClassBoard classes = new ClassBoard(memory(ClassBoard.BYTES));
  private final BucketTable table =
      new BucketTable(
          memory(BucketTable.bytes(CAPACITY)), sessions, classes, new HashKey(1, 2), pid -> false);
  private final RecordAllocator records;
  private final Random random = Seed.random(ThrottleChangeTest.class);
  private final List<Reader> readers = new ArrayList<>();
  private long now = 5000 * MS;
  private long rate;

  /** What might have passed by now, at most. */
  private double allowed;

  ThrottleChangeTest() {
    sessions.initialize();
    records = new RecordAllocator(sessions, 1);
    classes.open(PLACE);
  }

  private static MemorySegment memory(long bytes) {
    return Arena.ofAuto().allocate(bytes, 64);
  }

  /** A session that is looked after every millisecond. */
  private final class Reader {
    private final Throttle throttle = new Throttle(table, Way.UP);
    private final int record = records.allocate();
    private long bytes;
    private long there;

    Reader() {
      table.acquire(record, PLACE, SharedBy.ALL, 0, 0, now, PID);
      throttle.open(record, PLACE);
      readers.add(this);
    }

    void turn() {
      boolean more = false;
      for (int takes = 0; takes < 64 && !more; takes++) {
        long taken = throttle.take(now);
        more = taken == Throttle.AFTER_OTHERS;
        if (taken == 0 && !throttle.waiting() && there > 0) {
          throttle.await(now);
        }
        long read = Math.min(taken, there);
        if (read <= 0) {
          break;
        }
        bytes += read;
        there -= read;
        throttle.read(read);
      }
      throttle.endTurn(more);
    }
  }

  private void rate(long bytesPerSecond) {
    rate = bytesPerSecond;
    classes.set(PLACE, bytesPerSecond, 0, 0, now);
  }

  /** All of them have more than they can send. */
  private void play(long ms) {
    for (long end = now + ms * MS; now < end; now += MS) {
      for (Reader reader : readers) {
        reader.there = Long.MAX_VALUE;
        reader.turn();
      }
      allowed += rate / 1000.0;
    }
  }

  private long total() {
    return readers.stream().mapToLong(reader -> reader.bytes).sum();
  }

  private void begin(int count) {
    for (int i = 0; i < count; i++) {
      new Reader();
    }
    play(500);
    readers.forEach(reader -> reader.bytes = 0);
    allowed = 0;
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 7, 50})
  void shouldLoseNothingAndShareEquallyWhenTheRateChangesTenTimesASecond(int count) {
    rate(4 << 20);
    begin(count);
    for (int i = 0; i < 100; i++) {
      // A little, mostly, and at times to a fifth, or five times as much.
      double factor =
          i % 10 == 9 ? 0.2 + 0.8 * random.nextDouble() : 0.9 + 0.2 * random.nextDouble();
      rate(Math.clamp(Math.round((i % 20 == 19 ? 1 / factor : factor) * rate), 1 << 20, 8 << 20));
      play(70 + random.nextInt(60));
    }
    assertThat((double) total()).isCloseTo(allowed, within(0.01 * allowed));
    double squares = readers.stream().mapToDouble(one -> (double) one.bytes * one.bytes).sum();
    assertThat((double) total() * total() / squares / count).as("Jain's index").isGreaterThan(0.98);
  }

  @Test
  void shouldHaveWhatWasReachedWhereTheLineIsCut() {
    rate(1_000_000);
    begin(1);
    Reader reader = readers.getFirst();
    while (reader.throttle.awaited() < 10_000 || reader.throttle.due() - now < 8 * MS) {
      play(1);
    }
    long before = reader.bytes;
    double waitsFor = reader.throttle.awaited() - (reader.throttle.due() - now) / 1000.0;
    // At this rate the rest would take ten seconds.
    rate(1000);
    reader.turn();
    assertThat((double) reader.bytes - before).isCloseTo(waitsFor, within(2.0));
    assertThat(reader.throttle.due() - now).isLessThan(60 * MS);
  }

  @Test
  void shouldKeepThePlaceInLineWhereItIsShortAfterTheChangeToo() {
    rate(1_000_000);
    begin(3);
    Reader reader = readers.getFirst();
    while (reader.throttle.due() - now < 20 * MS) {
      play(1);
    }
    long due = reader.throttle.due() - now;
    rate(500_000);
    readers.forEach(Reader::turn);
    assertThat(reader.throttle.waiting()).isTrue();
    assertThat((double) reader.throttle.due() - now).isCloseTo(2.0 * due, within(10.0));
    rate(10_000_000);
    assertThat((double) reader.throttle.due() - now).isCloseTo(due / 10.0, within(10.0));
  }

  @Test
  void shouldSayWhatOfItsClockAClassHasUsed() {
    rate(1_000_000);
    assertThat(table.used(PLACE, Way.UP, now)).isEqualTo(BucketTable.NOT_KNOWN);
    assertThat(table.isIdle(PLACE, Way.UP, now)).isTrue();
    begin(3);
    assertThat(table.isIdle(PLACE, Way.UP, now)).isFalse();
    long used = table.used(PLACE, Way.UP, now);
    long lost = classes.lostBytes(PLACE, Way.UP);
    play(1000);
    assertThat((double) table.used(PLACE, Way.UP, now) - used).isCloseTo(1e6, within(20_000.0));
    assertThat(classes.lostBytes(PLACE, Way.UP)).isEqualTo(lost);
    // Half of it, in pieces.
    used = table.used(PLACE, Way.UP, now);
    long before = total();
    readers.forEach(reader -> reader.there = 0);
    for (int ms = 0; ms < 2000; ms++, now += MS) {
      readers.getFirst().there += ms % 50 == 0 ? 25_000 : 0;
      readers.forEach(Reader::turn);
    }
    long passed = total() - before;
    assertThat(passed).isGreaterThan(900_000);
    assertThat((double) table.used(PLACE, Way.UP, now) - used)
        .isCloseTo((double) passed, within(25_000.0));
    assertThat(classes.lostBytes(PLACE, Way.UP) - lost).isGreaterThan(800_000);
    used = table.used(PLACE, Way.UP, now);
    now += 3_600_000 * MS;
    assertThat(table.used(PLACE, Way.UP, now)).isEqualTo(used);
    assertThat(table.isIdle(PLACE, Way.UP, now)).isTrue();
  }
}
