package org.portbouncer.core.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** What the part of a bandwidth class asks for. */
class FlowDemandTest {

  private static final long LIMIT = 1_000_000;
  private static final int SERVERS = 5;

  private static final long TICK = LeaseTimes.TICK * 1_000_000L;

  private final Lease lease = new Lease(Lease.Kind.FLOWING, LIMIT);
  private long now = 77_000_000;

  /** It has so many bytes a second; more than it asked for where nobody is short. */
  private void part(long size) {
    lease.answered(size, size, SERVERS, now);
  }

  /**
   * So much passes, of a part as it is then.
   *
   * @param perSecond bytes
   * @param waits whether more would
   * @return what is wanted afterwards
   */
  private long flow(long ms, long perSecond, boolean waits) {
    long wanted = 0;
    for (long end = now + ms * 1_000_000; now < end; ) {
      now += TICK;
      long unused = Math.max(0, lease.size() - perSecond) / 10;
      lease.looked(perSecond / 10, unused, perSecond == 0, now);
      wanted = lease.want(0, 0, waits ? 1 : 0, now);
    }
    return wanted;
  }

  /** Has enough; others lack what it does not use. */
  private void content() {
    part(320_000);
    assertThat(flow(2500, 300_000, false)).isEqualTo(303_000);
    part(303_000);
    assertThat(lease.size()).isEqualTo(303_000);
  }

  @Test
  void shouldWantAHundredthMoreThanPassesWhenBytesWaitForMomentsOnly() {
    content();
    // What is used of the part for less than a second does not tell.
    assertThat(flow(400, 303_000, true)).isBetween(303_000L, 306_000L);
  }

  @Test
  void shouldWantMoreByTenthsASecondWhenAllOfItsPartIsUsedForAWhile() {
    content();
    assertThat(flow(2000, 303_000, true)).isBetween(310_000L, 380_000L);
  }

  @Test
  void shouldWantAllInTheEndWhenItIsShortForLong() {
    content();
    assertThat(flow(8000, 303_000, true)).isEqualTo(LIMIT);
  }

  @Test
  void shouldWantWhatPassesWithinTwoLooksWhenItHadAskedInVainAndNeedsLess() {
    content();
    assertThat(flow(8000, 303_000, true)).isEqualTo(LIMIT);
    assertThat(flow(200, 100_000, false)).isBetween(101_000L, 102_000L);
  }

  @Test
  void shouldHaveLessAtOnceWhenOthersLackWhatItDoesNotUse() {
    content();
    flow(500, 200_000, false);
    assertThat(lease.size()).isBetween(270_000L, 290_000L);
    assertThat(lease.held(0)).isEqualTo(lease.size());
  }

  @Test
  void shouldKeepWhatItDoesNotUseWhenNobodyLacksIt() {
    part(320_000);
    flow(2500, 300_000, false);
    assertThat(lease.size()).isEqualTo(320_000);
  }

  @Test
  void shouldWantFourTimesAsMuchWithEachLookWhenBytesHaveOnlyBegunToCome() {
    part(2000);
    assertThat(flow(2000, 0, false)).isEqualTo(1000);
    part(1000);
    // An eighth of an equal part, and what it has used so far is no measure.
    assertThat(flow(100, 0, true)).isEqualTo(LIMIT / SERVERS / 8);
    part(25_000);
    assertThat(flow(100, 25_000, true)).isBetween(100_000L, 104_000L);
    part(100_000);
    assertThat(flow(100, 100_000, true)).isBetween(400_000L, 416_000L);
    part(400_000);
    assertThat(flow(200, 50_000, false)).isBetween(50_000L, 80_000L);
  }

  @Test
  void shouldWantFourTimesAsMuchWhenAllIsUsedAndNobodyIsShort() {
    part(200_000);
    flow(2000, 100_000, false);
    lease.answered(200_000, 200_000, SERVERS, now);
    assertThat(flow(100, 200_000, true)).isEqualTo(800_000);
  }

  @Test
  void shouldGiveBackWithinASecondWhenNothingPassesAnyMore() {
    content();
    assertThat(flow(1000, 0, false)).isEqualTo(1000);
  }

  @Test
  void shouldSayWhatPassesNow() {
    content();
    assertThat(lease.passing()).isEqualTo(300_000);
    flow(500, 100_000, false);
    assertThat(lease.passing()).isEqualTo(100_000);
  }

  @Test
  void shouldKeepWhatItHasWhenNothingIsKnownYet() {
    lease.goOn(300_000);
    assertThat(flow(100, 0, false)).isEqualTo(300_000);
  }
}
