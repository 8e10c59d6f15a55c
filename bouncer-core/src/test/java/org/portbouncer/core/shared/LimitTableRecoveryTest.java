package org.portbouncer.core.shared;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;
import org.portbouncer.core.shared.LimitTable.Outcome;

/** What a process leaves that dies at the worst moment, which is made by hand here. */
class LimitTableRecoveryTest extends LimitTableCase {

  private void lockAll(int pid) {
    for (long at = 0; at < locks(); at += 4) {
      memory.set(ValueLayout.JAVA_INT, at, pid);
    }
  }

  private static long locks() {
    return LimitTable.bytes(CAPACITY) / (4 + HashedPlaces.WAYS * LimitTable.ENTRY) * 4;
  }

  @Test
  void shouldCountAgainWhenAProcessDiedBetweenItsTwoSteps() {
    Limit limit = perRule(3, null);
    int first = records.allocate();
    int second = records.allocate();
    table.take(first, limit, null, 0, 0, 0, PID);
    table.take(second, limit, null, 0, 0, 0, PID);
    // It gave the record back and died before it counted down.
    sessions.held(second, Limit.Per.RULE, 0);
    lockAll(666);
    table.recover(666, PID);
    assertThat(table.live(limit)).isEqualTo(1);
    // It wrote into the record and died before it counted up.
    sessions.held(second, Limit.Per.RULE, sessions.held(first, Limit.Per.RULE));
    lockAll(666);
    table.recover(666, PID);
    assertThat(table.live(limit)).isEqualTo(2);
    end(first);
    end(second);
    assertThat(table.liveInAll()).isZero();
  }

  @Test
  void shouldTakeTheLockOverWhenItsOwnerIsFoundDead() {
    Limit limit = perRule(1, null);
    int first = records.allocate();
    table.take(first, limit, null, 0, 0, 0, PID);
    sessions.held(first, Limit.Per.RULE, 0);
    lockAll(666);
    dead.add(666);
    int second = records.allocate();
    assertThat(table.take(second, limit, null, 0, 0, 0, PID)).isEqualTo(Outcome.TAKEN);
    assertThat(table.live(limit)).isEqualTo(1);
  }

  @Test
  void shouldRefuseToTakeAndStillGiveBackWhenTheOwnerOfALockDoesNotMove() {
    Limit limit = perRule(2, null);
    int first = records.allocate();
    table.take(first, limit, null, 0, 0, 0, PID);
    lockAll(666);
    int second = records.allocate();
    assertThat(table.take(second, limit, null, 0, 0, 0, PID)).isEqualTo(Outcome.NO_ROOM);
    table.release(first, PID);
    lockAll(0);
    assertThat(table.live(limit)).isZero();
  }
}
