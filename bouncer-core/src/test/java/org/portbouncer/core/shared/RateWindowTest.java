package org.portbouncer.core.shared;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.portbouncer.core.config.Rate;

class RateWindowTest {

  private static final long MS = 1_000_000;

  private final MemorySegment memory = Arena.ofAuto().allocate(RateWindow.BYTES, 8);

  private boolean take(Rate rate, long now) {
    boolean admitted = RateWindow.admits(memory, 0, rate, now);
    if (admitted) {
      RateWindow.add(memory, 0, rate, now);
    }
    return admitted;
  }

  @Test
  void shouldAdmitAgainWhenThePeriodIsOver() {
    Rate rate = new Rate(3, 10_000);
    assertThat(take(rate, 0)).isTrue();
    assertThat(take(rate, 4_000 * MS)).isTrue();
    assertThat(take(rate, 9_999 * MS)).isTrue();
    assertThat(take(rate, 10_000 * MS)).isFalse();
    assertThat(take(rate, 10_001 * MS)).isTrue();
    assertThat(take(rate, 14_000 * MS)).isFalse();
    assertThat(take(rate, 14_001 * MS)).isTrue();
  }

  @Test
  void shouldAdmitAllAgainAtMostATwentiethLateWhenTheRateIsLarge() {
    Rate rate = new Rate(1000, 1000);
    long start = 7_777_777 * MS;
    for (int i = 0; i < 1000; i++) {
      assertThat(take(rate, start)).isTrue();
    }
    assertThat(take(rate, start)).isFalse();
    assertThat(take(rate, start + 999 * MS)).isFalse();
    long later = start + 1060 * MS;
    for (int i = 0; i < 1000; i++) {
      assertThat(take(rate, later)).isTrue();
    }
    assertThat(take(rate, later)).isFalse();
  }

  @Test
  void shouldStartAnewWhenTheRateChanges() {
    Rate rate = new Rate(1, 1000);
    assertThat(take(rate, 0)).isTrue();
    assertThat(take(rate, 1)).isFalse();
    assertThat(take(new Rate(2, 1000), 1)).isTrue();
  }

  @ParameterizedTest
  @CsvSource({"1, 1", "1, 1000", "3, 10000", "20, 1000", "21, 1000", "50, 1000", "500, 86400000"})
  void shouldNeverAdmitMoreThanTheRateInAnyPeriod(int count, long periodMs) {
    Rate rate = new Rate(count, periodMs);
    Random random = new Random(42);
    List<Long> admitted = new ArrayList<>();
    long now = 123_456_789_012L;
    long period = periodMs * MS;
    for (int i = 0; i < 20_000; i++) {
      now += random.nextLong(1 + period / count);
      if (random.nextInt(100 * count) == 0) {
        now += random.nextLong(3 * period);
      }
      // Another process's clock reading may be a little older.
      long read = now - random.nextLong(MS);
      if (take(rate, read)) {
        admitted.add(now);
        int size = admitted.size();
        if (size > count) {
          assertThat(now - admitted.get(size - 1 - count) + MS).isGreaterThanOrEqualTo(period);
        }
      }
    }
    // And it does not starve either: the demand was about twice the rate.
    long span = admitted.getLast() - admitted.getFirst();
    assertThat((double) admitted.size() * period / span / count).isBetween(0.4, 1.01);
    assertThat(RateWindow.nanos(rate)).isGreaterThan(period);
  }
}
