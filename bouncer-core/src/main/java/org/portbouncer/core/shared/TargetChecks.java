package org.portbouncer.core.shared;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import org.portbouncer.core.session.Cause;

/**
 * What checks say of the members of groups, in each one's place on the {@link TargetBoard}. Of
 * several connect workers one does each check, and writes this.
 *
 * <pre>
 *    0 what they say u32: 0 nothing yet, 1 up, 2 down | 4 checks of the other kind in a row u32
 *    8 that succeeded u64 | 16 that failed u64 | 24 the next check u64, CLOCK_MONOTONIC ns
 *   32 when what they say changed u64, wall clock ms, 0 never
 *   40 the last check: cause 8, errno 8, whether it succeeded 1, then wall clock ms; 0 is none
 * </pre>
 */
public final class TargetChecks {

  static final Layout LAYOUT = new Layout("what checks say of a member");

  private static final int STATE = LAYOUT.u32("state");
  private static final int IN_A_ROW = LAYOUT.u32("in a row");
  private static final int SUCCEEDED = LAYOUT.u64("succeeded");
  private static final int FAILED = LAYOUT.u64("failed");
  private static final int NEXT = LAYOUT.u64("next");
  private static final int CHANGED_AT = LAYOUT.u64("changed at");
  private static final int LAST = LAYOUT.u64("last");

  static final int BYTES = LAYOUT.end();

  private static final int UP = 1;
  private static final int DOWN = 2;

  private static final int OK_BIT = 1 << 16;
  private static final int TIME_SHIFT = 17;

  private static final VarHandle LONG = ValueLayout.JAVA_LONG.varHandle();
  private static final VarHandle INT = ValueLayout.JAVA_INT.varHandle();

  private final TargetBoard board;
  private final MemorySegment memory;

  TargetChecks(TargetBoard board, MemorySegment memory) {
    this.board = board;
    this.memory = memory;
  }

  private static long at(int place, int offset) {
    return TargetBoard.checksAt(place) + offset;
  }

  private int number(int place, int offset) {
    return (int) INT.getVolatile(memory, at(place, offset));
  }

  private long get(int place, int offset) {
    return (long) LONG.getVolatile(memory, at(place, offset));
  }

  private void put(int place, int offset, long value) {
    LONG.setVolatile(memory, at(place, offset), value);
  }

  /** Whether they have found it down. */
  boolean areDown(int place) {
    return number(place, STATE) == DOWN;
  }

  /** When what they say has changed, wall clock ms; 0 for never. */
  long changedAt(int place) {
    return get(place, CHANGED_AT);
  }

  /**
   * Whether this process is to check a member now: of several that ask, one is.
   *
   * @param now CLOCK_MONOTONIC ns
   * @param every from one check to the next, ns
   */
  public boolean take(int place, long now, long every) {
    long due = get(place, NEXT);
    boolean far = due - now > every;
    return (due == 0 || now - due >= 0 || far)
        && LONG.compareAndSet(memory, at(place, NEXT), due, now + every);
  }

  /** When the next check is due, CLOCK_MONOTONIC ns. */
  public long next(int place) {
    return get(place, NEXT);
  }

  /**
   * A check has succeeded or failed; in the worker that checks.
   *
   * @param cause why it has failed; {@link Cause#UNSAID} where it has not
   * @param enough so many of a kind in a row change its state
   * @param now CLOCK_MONOTONIC ns
   * @return whether its state has changed
   */
  public boolean note(int place, boolean ok, Cause cause, int errno, int enough, long now) {
    LONG.getAndAdd(memory, at(place, ok ? SUCCEEDED : FAILED), 1L);
    long what = (ok ? OK_BIT : 0) | (errno & 0xff) << 8 | cause.code();
    put(place, LAST, System.currentTimeMillis() << TIME_SHIFT | what);
    int state = number(place, STATE);
    // Unknown is up: the first success says no more, and every failure counts.
    boolean same = ok ? state != DOWN : state == DOWN;
    if (same) {
      INT.setVolatile(memory, at(place, IN_A_ROW), 0);
      if (state == 0) {
        INT.setVolatile(memory, at(place, STATE), UP);
      }
      return false;
    }
    int inARow = number(place, IN_A_ROW) + 1;
    INT.setVolatile(memory, at(place, IN_A_ROW), inARow);
    if (inARow < enough) {
      return false;
    }
    INT.setVolatile(memory, at(place, IN_A_ROW), 0);
    if (ok) {
      board.comesUp(place, now);
    }
    put(place, CHANGED_AT, System.currentTimeMillis());
    INT.setVolatile(memory, at(place, STATE), ok ? UP : DOWN);
    return true;
  }

  /** Checks that succeeded, or that failed. */
  public long count(int place, boolean ok) {
    return get(place, ok ? SUCCEEDED : FAILED);
  }

  /**
   * What the last check has come to.
   *
   * @param ok whether it has succeeded
   * @param cause why not; {@link Cause#UNSAID} where it has
   * @param errno that belongs to the cause
   * @param atMs when, wall clock
   */
  public record LastCheck(boolean ok, Cause cause, int errno, long atMs) {}

  /** The last check; null where there was none. */
  public LastCheck last(int place) {
    long all = get(place, LAST);
    if (all == 0) {
      return null;
    }
    return new LastCheck(
        (all & OK_BIT) != 0,
        Cause.withCode((int) all & 0xff),
        (int) (all >> 8) & 0xff,
        all >>> TIME_SHIFT);
  }

  /** Nobody checks it any more: what checks have said counts no longer. In connect workers. */
  public void end(int place) {
    if (areDown(place)) {
      put(place, CHANGED_AT, System.currentTimeMillis());
    }
    put(place, LAST, 0);
    INT.setVolatile(memory, at(place, STATE), 0);
    INT.setVolatile(memory, at(place, IN_A_ROW), 0);
  }
}
