package org.portbouncer.core.shared;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.portbouncer.core.config.BandwidthClass.SharedBy;

/** A limit that is lifted while a session is about to wait for it. */
class ThrottleLiftedTest extends ThrottleCase {

  /** One that has just read its burst of a class. */
  private Throttle exhausted() {
    classes.set(PLACE, 1000, 1000, 0, now);
    int record = records.allocate();
    workers[0].acquire(record, PLACE, SharedBy.SESSION, 0, 0, now, PID);
    Throttle throttle = new Throttle(workers[0], Way.UP);
    throttle.open(record, PLACE);
    throttle.read(throttle.take(now));
    assertThat(throttle.take(now)).isZero();
    return throttle;
  }

  private void liftTheLimit() {
    classes.set(PLACE, 0, 0, 0, now);
  }

  @Test
  void shouldBeDueAtOnceWhereTheLimitIsLiftedWhileItWaits() {
    Throttle throttle = exhausted();
    throttle.await(now);
    assertThat(throttle.due()).isGreaterThan(now);
    liftTheLimit();
    assertThat(throttle.due()).isEqualTo(now);
    assertThat(throttle.take(now)).isEqualTo(Throttle.UNLIMITED);
    assertThat(throttle.waiting()).isFalse();
  }

  @Test
  void shouldNotWaitWhereTheLimitIsLiftedBetweenTheQuestionAndTheWait() {
    Throttle throttle = exhausted();
    liftTheLimit();
    throttle.await(now);
    assertThat(throttle.due()).isEqualTo(now);
    assertThat(throttle.take(now)).isEqualTo(Throttle.UNLIMITED);
    assertThat(throttle.waiting()).isFalse();
  }
}
