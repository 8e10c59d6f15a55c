package org.portbouncer.core.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** What the part of a bandwidth class asks for. */
class FlowTest {

  private static final long LIMIT = 1_000_000;
  private static final int SERVERS = 5;

  private static final long TICK = LeaseTimes.TICK * 1_000_000L;

  private final Lease lease = new Lease(Lease.Kind.FLOWING, LIMIT);
  private long now = 77_000_000;
  private long ticks;

  /** It has so many bytes a second; more than it asked for where nobody is short. */
  private void part(long size) {
    lease.answered(size, size, SERVERS, now);
  }

  /**
   * So much passes.
   *
   * @param perSecond bytes
   * @param waits whether more would
   * @return what is wanted afterwards
   */
  private long flow(long ms, long perSecond, boolean waits) {
    long wanted = 0;
    for (long end = now + ms * 1_000_000; now < end; ) {
      now += TICK;
      if (++ticks % 2 == 0) {
        lease.passed(perSecond * 2 * LeaseTimes.TICK / 1000, now);
      }
      wanted = lease.want(0, 0, waits ? 1 : 0, now);
    }
    return wanted;
  }

  @Test
  void shouldWantAHundredthMoreThanPassesWhenBytesWaitForMomentsOnly() {
    part(320_000);
    assertThat(flow(2000, 300_000, false)).isEqualTo(303_000);
    part(303_000);
    assertThat(flow(400, 303_000, true)).isBetween(303_000L, 306_000L);
  }

  @Test
  void shouldWantMoreByTenthsASecondWhenAllOfItsPartIsUsedForAWhile() {
    part(320_000);
    flow(2000, 300_000, false);
    part(300_000);
    // What is used of the part for less than a second does not tell.
    assertThat(flow(600, 300_000, true)).isBetween(302_000L, 304_000L);
    assertThat(flow(1600, 300_000, true)).isBetween(310_000L, 380_000L);
  }

  @Test
  void shouldWantAllInTheEndWhenItIsShortForLong() {
    part(320_000);
    flow(2000, 300_000, false);
    part(300_000);
    assertThat(flow(8000, 300_000, true)).isEqualTo(LIMIT);
  }

  @Test
  void shouldWantWhatPassesWhenItHasEnoughAgain() {
    part(300_000);
    flow(5000, 300_000, true);
    part(500_000);
    assertThat(flow(2000, 400_000, false)).isEqualTo(404_000);
  }

  @Test
  void shouldWantFourTimesAsMuchWithEachLookWhenBytesHaveOnlyBegunToCome() {
    part(2000);
    assertThat(flow(2000, 0, false)).isEqualTo(1000);
    part(1000);
    // An eighth of an equal part, and what it has used so far is no measure.
    assertThat(flow(100, 0, true)).isEqualTo(LIMIT / SERVERS / 8);
    part(25_000);
    flow(200, 20_000, true);
    assertThat(flow(200, 25_000, true)).isBetween(100_000L, 104_000L);
    part(100_000);
    assertThat(flow(200, 100_000, true)).isBetween(400_000L, 450_000L);
    part(400_000);
    assertThat(flow(200, 50_000, false)).isBetween(50_000L, 100_000L);
  }

  @Test
  void shouldWantFourTimesAsMuchWhenAllIsUsedAndNobodyIsShort() {
    part(2000);
    flow(2000, 1000, false);
    lease.answered(200_000, 200_000, SERVERS, now);
    flow(200, 100_000, false);
    lease.answered(200_000, 200_000, SERVERS, now);
    assertThat(flow(200, 200_000, true)).isBetween(400_000L, LIMIT);
  }

  @Test
  void shouldGiveBackWithinASecondWhenNothingPassesAnyMore() {
    part(300_000);
    flow(3000, 300_000, true);
    assertThat(flow(1000, 0, false)).isEqualTo(1000);
  }

  @Test
  void shouldKeepWhatItHasWhenNothingIsKnownYet() {
    lease.goOn(300_000);
    assertThat(flow(100, 0, false)).isEqualTo(300_000);
  }
}
