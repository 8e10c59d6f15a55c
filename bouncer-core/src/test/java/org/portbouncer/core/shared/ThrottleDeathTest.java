package org.portbouncer.core.shared;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.portbouncer.core.support.Seed;

/** What becomes of a line when a worker dies whose sessions stand in it, or have taken of it. */
class ThrottleDeathTest extends ReadersCase {

  private final Random random = Seed.random(ThrottleDeathTest.class);

  @ParameterizedTest
  @CsvSource({"true, false", "false, false", "true, true", "false, true"})
  void shouldGoOnForAllOthersWhenAWorkerDiesAgainAndAgain(boolean resumed, boolean changes) {
    rate(8 << 20);
    begin(8);
    long before = 0;
    for (int i = 0; i < 40; i++) {
      if (changes) {
        rate((1 << 20) + random.nextInt(8 << 20));
      }
      for (Reader reader : List.copyOf(readers.subList(0, 1 + random.nextInt(7)))) {
        // In line, or with what it may read and has not.
        if (random.nextBoolean()) {
          reader.throttle.take(now);
        }
        if (resumed) {
          reader.goOnElsewhere();
        } else {
          before += reader.bytes;
          reader.dieWithItsWorker();
          new Reader();
        }
      }
      long[] each = readers.stream().mapToLong(reader -> reader.bytes).toArray();
      play(200 + random.nextInt(100));
      for (int k = 0; k < each.length; k++) {
        assertThat(readers.get(k).bytes).as("of number %d", k).isGreaterThan(each[k]);
      }
    }
    assertThat((double) before + total()).isCloseTo(allowed, within(0.02 * allowed));
    assertThat(workers[0].waiting(PLACE, Way.UP))
        .isEqualTo((int) readers.stream().filter(one -> one.throttle.waiting()).count());
    readers.forEach(reader -> reader.throttle.end(now));
    assertThat(workers[0].waiting(PLACE, Way.UP)).isZero();
    // Nobody owes anything.
    now += 20 * MS;
    assertThat(readers.getFirst().throttle.take(now)).isPositive();
  }
}
