package org.portbouncer.core.shared;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.portbouncer.core.support.Seed;

/** What becomes of what sessions stand in line for when their class changes. */
class ThrottleChangeTest extends ReadersCase {

  private final Random random = Seed.random(ThrottleChangeTest.class);

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
  void shouldLetNobodyWaitLongHoweverOftenAndFarTheRateChanges() {
    rate(4 << 20);
    begin(50);
    // The look of one at the clock is from before the change.
    readers.getLast().behind = 3 * MS;
    for (int i = 0; i < 100; i++) {
      rate(Math.round(20_000 * Math.pow(1000, random.nextDouble())));
      turnAll();
      for (Reader reader : readers) {
        // A line that may stay as it is, and a round more.
        assertThat(reader.throttle.waiting() ? reader.throttle.due() - now : 0)
            .isLessThan((125 + 50 + 10) * MS);
      }
      play(5 + random.nextInt(100));
    }
    rate(4 << 20);
    play(300);
    forget();
    play(1000);
    assertThat(readers).allMatch(reader -> reader.bytes > 0);
    assertThat((double) total()).isCloseTo(allowed, within(0.02 * allowed));
  }

  @Test
  void shouldLoseAndGiveAwayNoMoreThanOneRoundWhenNobodyLooksForAnHour() {
    rate(1_000_000);
    begin(10);
    now += 3_600_000 * MS;
    turnAll();
    // What was promised, and what late ones are owed.
    assertThat(total()).isLessThan(50_000 + 125_000 + 20_000);
    forget();
    play(1000);
    assertThat((double) total()).isCloseTo(allowed, within(0.02 * allowed));
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
  void shouldNotWaitForLongWhereThoseBeforeItHaveLeftWhenTheRateFalls() {
    rate(8_000_000);
    begin(8);
    Reader last = readers.getFirst();
    for (Reader reader : readers) {
      last = reader.throttle.due() - last.throttle.due() > 0 ? reader : last;
    }
    assertThat(last.throttle.due() - now).isGreaterThan(20 * MS);
    for (Reader reader : List.copyOf(readers)) {
      if (reader != last) {
        reader.dieWithItsWorker();
      }
    }
    // The line has one piece, of 50,000 bytes at most.
    rate(500_000);
    last.turn();
    assertThat(last.throttle.due() - now).isLessThan(130 * MS);
    play(1000);
    forget();
    play(1000);
    assertThat((double) total()).isCloseTo(allowed, within(0.02 * allowed));
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
    assertThat(workers[0].used(PLACE, Way.UP, now)).isEqualTo(BucketTable.NOT_KNOWN);
    assertThat(workers[0].isIdle(PLACE, Way.UP, now)).isTrue();
    begin(3);
    assertThat(workers[0].isIdle(PLACE, Way.UP, now)).isFalse();
    long used = workers[0].used(PLACE, Way.UP, now);
    long lost = classes.lostBytes(PLACE, Way.UP);
    play(1000);
    assertThat((double) workers[0].used(PLACE, Way.UP, now) - used)
        .isCloseTo(1e6, within(20_000.0));
    assertThat(classes.lostBytes(PLACE, Way.UP)).isEqualTo(lost);
    // Half of it, in pieces.
    used = workers[0].used(PLACE, Way.UP, now);
    long before = total();
    readers.forEach(reader -> reader.there = 0);
    for (int ms = 0; ms < 2000; ms++, now += MS) {
      readers.getFirst().there += ms % 50 == 0 ? 25_000 : 0;
      readers.forEach(Reader::turn);
    }
    long passed = total() - before;
    assertThat(passed).isGreaterThan(900_000);
    assertThat((double) workers[0].used(PLACE, Way.UP, now) - used)
        .isCloseTo((double) passed, within(25_000.0));
    assertThat(classes.lostBytes(PLACE, Way.UP) - lost).isGreaterThan(800_000);
    used = workers[0].used(PLACE, Way.UP, now);
    now += 3_600_000 * MS;
    assertThat(workers[0].used(PLACE, Way.UP, now)).isEqualTo(used);
    assertThat(workers[0].isIdle(PLACE, Way.UP, now)).isTrue();
  }
}
