package org.portbouncer.core.shared;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.portbouncer.core.session.Cause;
import org.portbouncer.core.shared.TargetBoard.Mode;
import org.portbouncer.core.shared.TargetBoard.Outcome;

class TargetBoardTest {
  private static final int PLACE = 7;
  private static final long SECOND = 1_000_000_000L;

  private final TargetBoard board = SharedArea.create(4096).targets();
  private final long before = System.currentTimeMillis();

  @BeforeEach
  void added() {
    board.added(PLACE);
  }

  private long since(long now) {
    return board.sinceMs(PLACE, now);
  }

  private boolean check(boolean ok) {
    Cause cause = ok ? Cause.UNSAID : Cause.NO_ANSWER;
    return board.checks().note(PLACE, ok, cause, 0, 1, System.nanoTime());
  }

  /** A clock of milliseconds has to show something else, so that what is noted later is later. */
  private static long nextMillisecond() {
    long start = System.currentTimeMillis();
    while (System.currentTimeMillis() == start) {
      Thread.onSpinWait();
    }
    return start;
  }

  @Test
  void shouldBeUpSinceItIsHereHoweverOftenThatIsSaid() {
    long now = System.nanoTime();
    long first = since(now);
    assertThat(first).isBetween(before, System.currentTimeMillis());
    long _ = nextMillisecond();
    board.added(PLACE);
    assertThat(since(now)).isEqualTo(first);
  }

  @Test
  void shouldSaySinceWhenTheOperatorHasTakenItOutAndBroughtItBack() {
    long start = nextMillisecond();
    board.mode(PLACE, Mode.DRAIN, System.nanoTime());
    long drained = since(System.nanoTime());
    assertThat(drained).isGreaterThan(start);
    long _ = nextMillisecond();
    board.mode(PLACE, Mode.DRAIN, System.nanoTime());
    assertThat(since(System.nanoTime())).as("said twice").isEqualTo(drained);
    board.mode(PLACE, Mode.READY, System.nanoTime());
    assertThat(since(System.nanoTime())).isGreaterThan(drained);
  }

  @Test
  void shouldSaySinceWhenChecksFindItDownAndWhatTheLastOneFound() {
    assertThat(board.checks().last(PLACE)).isNull();
    long start = nextMillisecond();
    assertThat(check(true)).isFalse();
    assertThat(since(System.nanoTime())).as("it was up before").isLessThanOrEqualTo(start);
    assertThat(board.checks().last(PLACE).ok()).isTrue();
    assertThat(board.checks().last(PLACE).cause().text(0)).isEmpty();

    assertThat(check(false)).isTrue();
    long down = since(System.nanoTime());
    assertThat(down).isGreaterThan(start);
    TargetChecks.LastCheck last = board.checks().last(PLACE);
    assertThat(last.ok()).isFalse();
    assertThat(last.cause()).isEqualTo(Cause.NO_ANSWER);
    assertThat(last.atMs()).isBetween(start, System.currentTimeMillis());
    long _ = nextMillisecond();
    assertThat(check(false)).isFalse();
    assertThat(since(System.nanoTime())).isEqualTo(down);
    assertThat(board.checks().last(PLACE).atMs()).isGreaterThan(last.atMs());

    assertThat(check(true)).isTrue();
    assertThat(since(System.nanoTime())).isGreaterThan(down);
  }

  @Test
  void shouldKeepTheErrnoOfACheck() {
    boolean _ = board.checks().note(PLACE, false, Cause.CONNECT, 111, 3, System.nanoTime());
    assertThat(board.checks().last(PLACE).errno()).isEqualTo(111);
    assertThat(board.checks().last(PLACE).cause()).isEqualTo(Cause.CONNECT);
  }

  @Test
  void shouldForgetTheLastCheckWhenNobodyChecksAnyMore() {
    boolean _ = check(false);
    long down = since(System.nanoTime());
    long _ = nextMillisecond();
    board.checks().end(PLACE);
    assertThat(board.checks().last(PLACE)).isNull();
    assertThat(board.state(PLACE, System.nanoTime())).isEqualTo("up");
    assertThat(since(System.nanoTime())).isGreaterThan(down);
  }

  @Test
  void shouldBeUpSinceItsEjectionWasOver() {
    long start = nextMillisecond();
    long now = System.nanoTime();
    long millis = 20;
    assertThat(
            board.failed(
                PLACE,
                Outcome.REFUSED,
                Cause.CONNECT,
                111,
                1,
                SECOND,
                TimeUnit.MILLISECONDS.toNanos(millis),
                now))
        .isTrue();
    assertThat(board.state(PLACE, now)).isEqualTo("ejected");
    long ejected = since(now);
    assertThat(ejected).isGreaterThan(start);
    while (board.state(PLACE, System.nanoTime()).equals("ejected")) {
      Thread.onSpinWait();
    }
    assertThat(since(System.nanoTime())).isBetween(start + millis - 1, System.currentTimeMillis());
  }
}
