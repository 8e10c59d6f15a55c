package org.portbouncer.launcher.state;

import static org.assertj.core.api.Assertions.assertThat;
import static org.portbouncer.launcher.state.Conditions.Effect.BLOCKS_ALL;
import static org.portbouncer.launcher.state.Conditions.Effect.PARTIAL;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class ConditionsTest {

  private static final long WALL = 1_795_775_000_000L;

  private final Conditions conditions = new Conditions();

  private static long nanos(long ms) {
    return TimeUnit.MILLISECONDS.toNanos(ms);
  }

  /** One look at the stage, on a clock that began somewhere. */
  private Standing stage(long ms, String detail) {
    conditions.begin(Long.MAX_VALUE - 5_000_000_000L + nanos(ms), WALL + ms);
    conditions.see("stage acl", BLOCKS_ALL, detail);
    return conditions.end();
  }

  private Standing log(long ms, String detail) {
    conditions.begin(nanos(ms), WALL + ms);
    conditions.see("access log", PARTIAL, detail);
    return conditions.end();
  }

  @Test
  void shouldBeReadyWhereNothingIsWrong() {
    Standing standing = stage(0, "");
    assertThat(standing.state()).isEqualTo(ServerState.READY);
    assertThat(standing.reasons()).isEmpty();
    assertThat(standing.text()).isEqualTo("ready");
  }

  @Test
  void shouldPassOverAWorkerThatIsReplacedWithinTheGrace() {
    for (int kill = 0; kill < 5; kill++) {
      int at = 3000 * kill;
      assertThat(stage(at, "no worker").ready()).isTrue();
      assertThat(stage(at + 450, "no worker").ready()).isTrue();
      assertThat(stage(at + 600, "").ready()).isTrue();
      assertThat(stage(at + 1700, "").ready()).isTrue();
    }
  }

  @Test
  void shouldSayWhatIsWrongSinceItBegan() {
    assertThat(stage(0, "no worker").ready()).isTrue();
    Standing standing = stage(500, "no worker, 3 wait");
    assertThat(standing.state()).isEqualTo(ServerState.DEGRADED);
    assertThat(standing.reasons())
        .containsExactly(new Condition("stage acl", WALL, "no worker, 3 wait"));
    assertThat(standing.text()).isEqualTo("degraded: stage acl: no worker, 3 wait");
  }

  @Test
  void shouldBeDownWhenNoClientWasServedForTooLong() {
    stage(0, "no worker");
    assertThat(stage(9_999, "no worker").state()).isEqualTo(ServerState.DEGRADED);
    Standing standing = stage(10_000, "no worker");
    assertThat(standing.state()).isEqualTo(ServerState.DOWN);
    assertThat(standing.reasons().getFirst().sinceMs()).isEqualTo(WALL);
  }

  @Test
  void shouldNeverBeDownForWhatLeavesClientsServed() {
    log(0, "disk full");
    assertThat(log(3_600_000, "disk full").state()).isEqualTo(ServerState.DEGRADED);
  }

  @Test
  void shouldTakeAWorkerThatIsKilledAgainAndAgainForOneOutage() {
    // Away for 300 ms, there for 20 ms: no single gap is as long as the grace.
    for (int at = 0; at < 12_000; at += 320) {
      Standing away = stage(at, "no worker");
      assertThat(away.ready()).as("at %d", at).isEqualTo(at < 500);
      if (at >= 10_000) {
        assertThat(away.state()).as("at %d", at).isEqualTo(ServerState.DOWN);
      }
      Standing there = stage(at + 300, "");
      assertThat(there.ready()).as("at %d", at + 300).isEqualTo(at < 640);
    }
  }

  @Test
  void shouldBeReadyAgainAfterASecondWithoutTrouble() {
    stage(0, "no worker");
    stage(2_000, "no worker");
    Standing back = stage(2_100, "");
    assertThat(back.state()).isEqualTo(ServerState.DEGRADED);
    assertThat(back.reasons().getFirst().detail()).isEqualTo("until a moment ago: no worker");
    assertThat(stage(3_099, "").ready()).isFalse();
    assertThat(stage(3_100, "").ready()).isTrue();
    // What comes then is new.
    stage(4_000, "no worker");
    assertThat(stage(4_600, "no worker").reasons().getFirst().sinceMs()).isEqualTo(WALL + 4_000);
  }

  @Test
  void shouldForgetWhatIsNotLookedAtAnyMore() {
    stage(0, "no worker");
    stage(2_000, "no worker");
    assertThat(log(2_100, "").ready()).isTrue();
  }

  @Test
  void shouldNameEverythingThatIsWrongAndShowTheWorst() {
    Standing standing = null;
    for (int at = 0; at <= 11_000; at += 500) {
      conditions.begin(nanos(at), WALL + at);
      conditions.see("access log", PARTIAL, "disk full");
      conditions.see("stage io", BLOCKS_ALL, at >= 1_000 ? "no worker" : "");
      conditions.see("accepting", BLOCKS_ALL, at >= 9_000 ? "paused" : "");
      standing = conditions.end();
    }
    assertThat(standing.state()).isEqualTo(ServerState.DOWN);
    assertThat(standing.reasons())
        .extracting(Condition::what)
        .containsExactly("access log", "stage io", "accepting");
  }
}
