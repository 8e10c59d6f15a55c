package org.portbouncer.core.loop;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class StallsTest {

  private final Stalls stalls = new Stalls(1000);

  @Test
  void shouldHaveLostNothingWhenNothingWasNoted() {
    assertThat(stalls.since(1000)).isZero();
    assertThat(stalls.since(5000)).isZero();
  }

  @Test
  void shouldCountTheTimeBeforeTheLoopWasMade() {
    assertThat(stalls.since(400)).isEqualTo(600);
  }

  @Test
  void shouldCountOnlyWhatLiesAfterTheTimeWhenItLiesWithinAStall() {
    stalls.note(2000, 2300);
    stalls.note(3000, 3100);
    assertThat(stalls.since(1500)).isEqualTo(400);
    assertThat(stalls.since(2200)).isEqualTo(200);
    assertThat(stalls.since(2300)).isEqualTo(100);
    assertThat(stalls.since(3050)).isEqualTo(50);
    assertThat(stalls.since(3100)).isZero();
  }

  @Test
  void shouldKeepTheSumWhenThereWereMoreThanItRemembersOneByOne() {
    for (int i = 0; i < 100; i++) {
      stalls.note(2000 + 100L * i, 2000 + 100L * i + 10);
    }
    assertThat(stalls.since(1500)).isEqualTo(1000);
    assertThat(stalls.since(2000 + 9900)).isEqualTo(10);
    assertThat(stalls.since(2000 + 9800)).isEqualTo(20);
  }

  @Test
  void shouldReckonWhenTheClockPassesItsLargestNumber() {
    Stalls late = new Stalls(Long.MAX_VALUE - 100);
    late.note(Long.MAX_VALUE - 50, Long.MIN_VALUE + 49);
    assertThat(late.since(Long.MAX_VALUE - 10)).isEqualTo(60);
    assertThat(late.since(Long.MAX_VALUE - 100)).isEqualTo(100);
  }
}
