package org.portbouncer.core.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class LeaseTest {

  private static final long MS = 1_000_000;
  private static final long TICK = LeaseTimes.TICK * MS;

  private long now = 77 * MS;

  private static Lease rate(long limit, long periodMs) {
    Lease lease = new Lease(Lease.Kind.COUNTED, limit);
    lease.limit(limit, periodMs * MS);
    return lease;
  }

  private long ask(Lease lease, long used, long passed, long refused) {
    now += TICK;
    return lease.want(used, passed, refused, now);
  }

  private long ask(int times, Lease lease, long used, long passed, long refused) {
    long wanted = 0;
    for (int i = 0; i < times; i++) {
      wanted = ask(lease, used, passed, refused);
    }
    return wanted;
  }

  @Test
  void shouldWantWhatComesWhenItsWindowRefusesOnlyAtTimes() {
    Lease lease = rate(1000, 1000);
    lease.answered(300, 300, 5, now);
    // 400 come in a second; where the window lets go of as many as come, none is refused.
    long least = Long.MAX_VALUE;
    for (int period = 0; period < 5; period++) {
      ask(3, lease, 300, 0, 40);
      least = Math.min(least, ask(7, lease, 300, 40, 0));
    }
    assertThat(least).isBetween(400L, 410L);
  }

  @Test
  void shouldNotWantAllForOneClientWhenTheWindowIsLong() {
    Lease lease = rate(100, 3_600_000);
    lease.answered(20, 20, 5, now);
    ask(20, lease, 3, 0, 0);
    assertThat(ask(lease, 4, 1, 0)).isBetween(4L, 6L);
  }

  @Test
  void shouldNotWantMoreThanComesWhenFewCome() {
    Lease lease = rate(20, 1000);
    lease.answered(4, 4, 5, now);
    for (int second = 0; second < 5; second++) {
      assertThat(ask(lease, 1, 1, 0)).isLessThanOrEqualTo(2);
      assertThat(ask(9, lease, 1, 0, 0)).isLessThanOrEqualTo(2);
    }
  }

  @Test
  void shouldGiveBackWithinASecondWhenNobodyComesAnyMore() {
    Lease lease = rate(1000, 1000);
    lease.answered(500, 500, 2, now);
    ask(20, lease, 500, 50, 50);
    assertThat(ask(6, lease, 100, 0, 0)).isLessThanOrEqualTo(105);
  }

  @Test
  void shouldSayItHoldsWhatIsInUseWhenItsPartIsLess() {
    Lease lease = new Lease(Lease.Kind.COUNTED, 100);
    lease.answered(50, 50, 2, now);
    lease.answered(50, 10, 2, now);
    assertThat(lease.size()).isEqualTo(10);
    assertThat(lease.held(30)).isEqualTo(30);
    assertThat(lease.held(3)).isEqualTo(10);
  }
}
