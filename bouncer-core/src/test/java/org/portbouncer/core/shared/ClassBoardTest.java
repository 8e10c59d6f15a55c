package org.portbouncer.core.shared;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.portbouncer.core.support.Seed;

class ClassBoardTest {

  private static final long SECOND = 1_000_000_000;
  private static final long YEAR = 365L * 24 * 3600 * SECOND;
  private static final long KBIT = 125;
  private static final long TEN_GBIT = 1_250_000_000;
  private static final long MOST = 1_000_000_000_000L;

  private final ClassBoard board = new ClassBoard(Arena.ofAuto().allocate(ClassBoard.BYTES, 64));
  private final ClassTerms terms = new ClassTerms();

  private ClassTerms read(int place) {
    board.read(place, terms);
    return terms;
  }

  @Test
  void shouldSayWhatWasSetAndCountOnlyChanges() {
    assertThat(board.set(3, 100, 0, 7, SECOND)).isTrue();
    int version = board.version(3);
    assertThat(board.set(3, 100, 0, 7, 2 * SECOND)).isFalse();
    assertThat(board.version(3)).isEqualTo(version);
    assertThat(read(3).rate(Way.UP)).isEqualTo(100);
    assertThat(terms.rate(Way.DOWN)).isZero();
    assertThat(terms.configuredBurst()).isEqualTo(7);
    assertThat(terms.version()).isEqualTo(version);
    assertThat(board.set(3, 100, 1, 7, 3 * SECOND)).isTrue();
    assertThat(board.version(3)).isEqualTo(version + 1);
    assertThat(read(2).rate(Way.UP)).as("another class").isZero();
  }

  @Test
  void shouldRunTheClockOfEachWayAtItsRate() {
    board.set(0, KBIT, TEN_GBIT, 0, 5 * SECOND);
    read(0);
    assertThat(terms.served(Way.UP, 5 * SECOND)).isZero();
    assertThat(terms.served(Way.UP, 6 * SECOND)).isEqualTo(KBIT);
    assertThat(terms.served(Way.UP, 5 * SECOND + SECOND / 125 - 1)).isZero();
    assertThat(terms.served(Way.UP, 5 * SECOND + SECOND / 125)).isEqualTo(1);
    assertThat(terms.served(Way.DOWN, 5 * SECOND + 8)).isEqualTo(10);
    assertThat(terms.served(Way.UP, 4 * SECOND)).as("before it began").isZero();
  }

  @Test
  void shouldBeExactAfterYearsAtBothEnds() {
    board.set(0, KBIT, TEN_GBIT, 0, 0);
    read(0);
    assertThat(terms.served(Way.UP, 100 * YEAR)).isEqualTo(100 * YEAR / SECOND * KBIT);
    assertThat(terms.served(Way.DOWN, 100 * YEAR)).isEqualTo(100 * YEAR / SECOND * TEN_GBIT);
    assertThat(terms.served(Way.DOWN, 100 * YEAR + 800) - terms.served(Way.DOWN, 100 * YEAR))
        .isEqualTo(1000);
  }

  @Test
  void shouldNotJumpWhenTheRateChanges() {
    board.set(0, 1000, 0, 0, 0);
    board.set(0, 10, 0, 0, 2 * SECOND);
    assertThat(read(0).served(Way.UP, 2 * SECOND)).isEqualTo(2000);
    assertThat(terms.served(Way.UP, 3 * SECOND)).isEqualTo(2010);
    board.set(0, 0, 0, 0, 4 * SECOND);
    assertThat(read(0).served(Way.UP, 9 * SECOND)).as("without a rate").isEqualTo(2020);
    board.set(0, MOST, 0, 0, 10 * SECOND);
    assertThat(read(0).served(Way.UP, 11 * SECOND)).isEqualTo(2020 + MOST);
  }

  @Test
  void shouldTellWhenTheClockReachesAByteForAnyRateAndTime() {
    Random random = Seed.random(ClassBoardTest.class);
    for (int i = 0; i < 100_000; i++) {
      long rate = 1 + (long) Math.pow(10, random.nextDouble() * 12);
      long since = random.nextLong(100 * YEAR);
      long start = random.nextLong(1L << 60);
      terms.set(i, since, start, 0, rate, 0, 0);
      long bytes = start + random.nextLong(1 + (long) Math.pow(10, random.nextDouble() * 15));
      long due = terms.reaches(Way.UP, bytes);
      assertThat(due).isGreaterThanOrEqualTo(since);
      if (due - since < 30 * YEAR) {
        // Never early, or who waits would wait again; late by a few nanoseconds' worth at most.
        long slack = rate / SECOND + 1;
        assertThat(terms.served(Way.UP, due)).isBetween(bytes, bytes + 3 * slack);
        assertThat(terms.served(Way.UP, due - 3)).isLessThanOrEqualTo(bytes);
      }
    }
  }

  @Test
  void shouldFollowTheRateWithTheBurstUnlessOneIsConfigured() {
    board.set(0, 1_000_000, 50, 0, 0);
    assertThat(read(0).burst(Way.UP)).isEqualTo(20_000);
    assertThat(terms.burst(Way.DOWN)).isEqualTo(1);
    board.set(0, 1_000_000, 50, 64, 0);
    assertThat(read(0).burst(Way.UP)).as("no less than 5 ms").isEqualTo(5_000);
    assertThat(terms.burst(Way.DOWN)).isEqualTo(64);
    board.set(0, 1_000_000, 50, 3_000_000, 0);
    assertThat(read(0).burst(Way.UP)).isEqualTo(3_000_000);
  }

  @Test
  void shouldNeverShowHalfAChangeToAReader() throws Exception {
    Thread writer =
        new Thread(
            () -> {
              for (long i = 1; i <= 200_000; i++) {
                board.set(5, i, 2 * i, 3 * i, i);
              }
            });
    writer.start();
    while (writer.isAlive()) {
      read(5);
      assertThat(terms.rate(Way.DOWN)).isEqualTo(2 * terms.rate(Way.UP));
      assertThat(terms.configuredBurst()).isEqualTo(3 * terms.rate(Way.UP));
    }
    writer.join();
  }

  @Test
  void shouldBeginAnewWhenThePlaceGoesToAnotherClass() {
    board.addThrottled(9, Way.UP, 5);
    board.addThrottled(9, Way.DOWN, 6);
    assertThat(board.throttledNanos(9)).isEqualTo(11);
    int generation = board.generation(9);
    board.open(9);
    assertThat(board.throttledNanos(9)).isZero();
    assertThat(board.generation(9)).isEqualTo(generation + 1);
  }
}
