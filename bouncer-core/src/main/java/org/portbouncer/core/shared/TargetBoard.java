package org.portbouncer.core.shared;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import org.portbouncer.core.session.Cause;
import org.portbouncer.core.sys.Coded;

/**
 * The one truth about the members of groups of targets, in shared memory, one place for each: what
 * the operator, the checks and the sessions say of it, and how many sessions it has. Written by the
 * mother (the operator's word), by connect workers (connections and checks) and by whoever ends a
 * session; it outlives them all but the mother. A member keeps its place over reloads, by its
 * group's name, its own and its address.
 *
 * <pre>
 *    0 active u32, sessions that are to it or on their way | 4 operator's word u32, Mode
 *    8 what checks say u32: 0 nothing yet, 1 up, 2 down | 12 failed in a row u32, connections
 *   16 first of these u64 | 24 ejected until u64 | 32 up since u64, all CLOCK_MONOTONIC ns, 0 never
 *   40 connections u64, one for each Outcome but PROXY | 72 checks that succeeded u64 | 80 that failed u64
 *   88 last error: cause 8, errno 8; 0 is none | 96 its first u64 | 104 its last u64, wall clock ms
 *  112 how often u64 | 120 checks of one kind in a row u32
 *  128 the next check u64, CLOCK_MONOTONIC ns
 *  136 since when it is here u64 | 144 the operator's word changed u64 | 152 what checks say changed
 *  u64 | 160 ejected u64, all wall clock ms, 0 never
 *  168 last check: cause 8, errno 8, whether it succeeded 1, then wall clock ms; 0 is none
 *  176 connections u64 that a proxy did not lead to
 *  184 connections that were opened ahead u64, one for each Ahead
 * </pre>
 */
public final class TargetBoard {

  /** The most members, those of older configurations included that live sessions still have. */
  public static final int PLACES = 4096;

  private static final int PLACE = 256;

  static final long BYTES = (long) PLACES * PLACE;

  private static final VarHandle LONG = ValueLayout.JAVA_LONG.varHandle();
  private static final VarHandle INT = ValueLayout.JAVA_INT.varHandle();

  private static final int ACTIVE = 0;
  private static final int MODE = 4;
  private static final int CHECKED = 8;
  private static final int FAILED = 12;
  private static final int FAILED_FIRST = 16;
  private static final int EJECTED = 24;
  private static final int UP_SINCE = 32;
  private static final int CONNECTS = 40;
  private static final int CHECKS_OK = 72;
  private static final int CHECKS_FAILED = 80;
  private static final int ERROR = 88;
  private static final int ERROR_FIRST = 96;
  private static final int ERROR_LAST = 104;
  private static final int ERROR_COUNT = 112;
  private static final int IN_A_ROW = 120;

  private static final int NEXT_CHECK = 128;
  private static final int ADDED_AT = 136;
  private static final int MODE_AT = 144;
  private static final int CHECKED_AT = 152;
  private static final int EJECTED_AT = 160;
  private static final int LAST_CHECK = 168;

  private static final int CONNECTS_PROXY = 176;

  private static final int AHEAD = 184;

  private static final int CHECK_OK = 1 << 16;
  private static final int CHECK_TIME = 17;

  private static final int CHECKED_UP = 1;
  private static final int CHECKED_DOWN = 2;

  static {
    if (CONNECTS + 8 * Outcome.PROXY.ordinal() > CHECKS_OK) {
      throw new IllegalStateException("outcomes do not fit into their place");
    }
    if (AHEAD + 8 * Ahead.values().length > PLACE) {
      throw new IllegalStateException("what comes of connections opened ahead does not fit");
    }
  }

  /** What the operator has said of a member. */
  public enum Mode implements Coded {
    READY(0, "ready"),
    /** No new sessions. */
    DRAIN(1, "drain"),
    /** No new sessions, and no checks. */
    OFF(2, "off");

    private final int code;
    private final String text;

    Mode(int code, String text) {
      this.code = code;
      this.text = text;
    }

    /** As it stands on the board. */
    @Override
    public int code() {
      return code;
    }

    /** The word in commands and status. */
    public String text() {
      return text;
    }

    private static Mode of(int code) {
      return switch (code) {
        case 1 -> DRAIN;
        case 2 -> OFF;
        default -> READY;
      };
    }
  }

  /** What comes of a connection to a member. */
  public enum Outcome {
    OK("ok"),
    REFUSED("refused"),
    TIMEOUT("timeout"),
    ERROR("error"),
    /** A proxy on the way refused or was not reached: nothing is known of the member. */
    PROXY("proxy");

    private final String text;

    Outcome(String text) {
      this.text = text;
    }

    /** The label in metrics. */
    public String text() {
      return text;
    }
  }

  /** What comes of a connection that no session has asked for yet. */
  public enum Ahead {
    OPENED("opened"),
    /** A session has it. */
    USED("used"),
    /** It was opened, and ended without a session. */
    DROPPED("dropped"),
    /** It could not be opened. */
    FAILED("failed");

    private final String text;

    Ahead(String text) {
      this.text = text;
    }

    /** The label in metrics. */
    public String text() {
      return text;
    }
  }

  private final MemorySegment memory;

  TargetBoard(MemorySegment memory) {
    this.memory = memory;
  }

  private static long at(int place, int offset) {
    return (long) place * PLACE + offset;
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

  /** Begins anew for another member; in the mother, when nothing refers to it any more. */
  public void clear(int place) {
    for (int offset = 0; offset < PLACE; offset += 8) {
      put(place, offset, 0);
    }
  }

  /** Notes that a member is here from now on, unless it has been; in the mother. */
  public void added(int place) {
    if (get(place, ADDED_AT) == 0) {
      put(place, ADDED_AT, System.currentTimeMillis());
    }
  }

  // Sessions.

  /** Sessions that are to it or on their way. */
  public int active(int place) {
    return number(place, ACTIVE);
  }

  /**
   * Counts a session.
   *
   * @param most as many may be; 0 for no limit
   * @return false where there are
   */
  public boolean enter(int place, int most) {
    while (true) {
      int active = number(place, ACTIVE);
      if (most > 0 && active >= most) {
        return false;
      }
      if (INT.compareAndSet(memory, at(place, ACTIVE), active, active + 1)) {
        return true;
      }
    }
  }

  /** Gives back what {@link #enter} has counted. */
  public void leave(int place) {
    if (place >= PLACES) {
      // A record says so that a worker wrote which may say anything.
      return;
    }
    INT.getAndAdd(memory, at(place, ACTIVE), -1);
  }

  // States.

  /** What the operator has said. */
  public Mode mode(int place) {
    return Mode.of(number(place, MODE));
  }

  /**
   * Notes what the operator says; in the mother. A member that was out comes up with that.
   *
   * @param now CLOCK_MONOTONIC ns
   */
  public void mode(int place, Mode mode, long now) {
    if (mode == Mode.READY && mode(place) != Mode.READY) {
      put(place, UP_SINCE, now);
    }
    if (mode(place) != mode) {
      put(place, MODE_AT, System.currentTimeMillis());
    }
    INT.setVolatile(memory, at(place, MODE), mode.code);
  }

  /** Whether checks have found it down. */
  public boolean isDown(int place) {
    return number(place, CHECKED) == CHECKED_DOWN;
  }

  /** Whether sessions that failed have ejected it. */
  public boolean isEjected(int place, long now) {
    long until = get(place, EJECTED);
    return until != 0 && now - until < 0;
  }

  /** Whether it gets sessions. */
  public boolean isUp(int place, long now) {
    return number(place, MODE) == 0 && !isDown(place) && !isEjected(place, now);
  }

  /** Its state in one word: up, down, ejected, drain or off. */
  public String state(int place, long now) {
    Mode mode = mode(place);
    if (mode != Mode.READY) {
      return mode.text();
    }
    if (isDown(place)) {
      return "down";
    }
    return isEjected(place, now) ? "ejected" : "up";
  }

  /**
   * Since when it is in its state: wall clock, ms. Of one that is up, since it is here or since
   * whatever kept it from being up was over.
   *
   * @param now CLOCK_MONOTONIC ns
   */
  public long sinceMs(int place, long now) {
    long added = get(place, ADDED_AT);
    if (mode(place) != Mode.READY) {
      return Math.max(added, get(place, MODE_AT));
    }
    if (isDown(place)) {
      return Math.max(added, get(place, CHECKED_AT));
    }
    if (isEjected(place, now)) {
      return Math.max(added, get(place, EJECTED_AT));
    }
    long until = get(place, EJECTED);
    long over = until == 0 ? 0 : System.currentTimeMillis() - (now - until) / 1_000_000;
    return Math.max(Math.max(added, over), Math.max(get(place, MODE_AT), get(place, CHECKED_AT)));
  }

  /** Since when it is up after it was not, CLOCK_MONOTONIC ns; 0 where it always was. */
  public long upSince(int place) {
    return Math.max(get(place, UP_SINCE), get(place, EJECTED));
  }

  // Connections.

  /** A connection for a session was made. */
  public void connected(int place) {
    LONG.getAndAdd(memory, at(place, CONNECTS), 1L);
    if (number(place, FAILED) != 0) {
      INT.setVolatile(memory, at(place, FAILED), 0);
    }
  }

  /**
   * A connection for a session was not made.
   *
   * @param failures so many in a row eject it; 0 for never
   * @param withinNs from the first of them to this one
   * @param forNs how long it is ejected
   * @param now CLOCK_MONOTONIC ns
   * @return whether it is ejected by this
   */
  public boolean failed(
      int place,
      Outcome outcome,
      Cause cause,
      int errno,
      int failures,
      long withinNs,
      long forNs,
      long now) {
    LONG.getAndAdd(memory, at(place, offset(outcome)), 1L);
    error(place, cause, errno);
    if (failures == 0 || isEjected(place, now)) {
      return false;
    }
    int inARow = (int) INT.getAndAdd(memory, at(place, FAILED), 1) + 1;
    if (inARow == 1 || now - get(place, FAILED_FIRST) > withinNs) {
      INT.setVolatile(memory, at(place, FAILED), 1);
      put(place, FAILED_FIRST, now);
      inARow = 1;
    }
    if (inARow < failures) {
      return false;
    }
    INT.setVolatile(memory, at(place, FAILED), 0);
    put(place, EJECTED_AT, System.currentTimeMillis());
    put(place, EJECTED, now + forNs);
    return true;
  }

  /** Connections that came to this. */
  public long connects(int place, Outcome outcome) {
    return get(place, offset(outcome));
  }

  private static int offset(Outcome outcome) {
    return outcome == Outcome.PROXY ? CONNECTS_PROXY : CONNECTS + 8 * outcome.ordinal();
  }

  /**
   * A connection for a session was not made, and the member is not to blame: a proxy on the way is.
   */
  public void notReached(int place, Cause cause, int code) {
    LONG.getAndAdd(memory, at(place, CONNECTS_PROXY), 1L);
    error(place, cause, code);
  }

  /** This has come of a connection that was opened ahead. */
  public void ahead(int place, Ahead what) {
    LONG.getAndAdd(memory, at(place, AHEAD + 8 * what.ordinal()), 1L);
  }

  /** Connections opened ahead of which this has come, of all workers. */
  public long aheads(int place, Ahead what) {
    return get(place, AHEAD + 8 * what.ordinal());
  }

  // Checks.

  /**
   * Whether this process is to check a member now: of several that ask, one is.
   *
   * @param now CLOCK_MONOTONIC ns
   * @param every from one check to the next, ns
   */
  public boolean takeCheck(int place, long now, long every) {
    long due = get(place, NEXT_CHECK);
    boolean far = due - now > every;
    return (due == 0 || now - due >= 0 || far)
        && LONG.compareAndSet(memory, at(place, NEXT_CHECK), due, now + every);
  }

  /** When the next check is due, CLOCK_MONOTONIC ns. */
  public long nextCheck(int place) {
    return get(place, NEXT_CHECK);
  }

  /**
   * A check has succeeded or failed; in the worker that checks.
   *
   * @param cause why it has failed; {@link Cause#UNSAID} where it has not
   * @param enough so many of a kind in a row change its state
   * @param now CLOCK_MONOTONIC ns
   * @return whether its state has changed
   */
  public boolean checked(int place, boolean ok, Cause cause, int errno, int enough, long now) {
    LONG.getAndAdd(memory, at(place, ok ? CHECKS_OK : CHECKS_FAILED), 1L);
    long what = (ok ? CHECK_OK : 0) | (errno & 0xff) << 8 | cause.code();
    put(place, LAST_CHECK, System.currentTimeMillis() << CHECK_TIME | what);
    int state = number(place, CHECKED);
    // Unknown is up: the first success says no more, and every failure counts.
    boolean same = ok ? state != CHECKED_DOWN : state == CHECKED_DOWN;
    if (same) {
      INT.setVolatile(memory, at(place, IN_A_ROW), 0);
      if (state == 0) {
        INT.setVolatile(memory, at(place, CHECKED), CHECKED_UP);
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
      put(place, UP_SINCE, now);
    }
    put(place, CHECKED_AT, System.currentTimeMillis());
    INT.setVolatile(memory, at(place, CHECKED), ok ? CHECKED_UP : CHECKED_DOWN);
    return true;
  }

  /** Checks that succeeded, or that failed. */
  public long checks(int place, boolean ok) {
    return get(place, ok ? CHECKS_OK : CHECKS_FAILED);
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
  public LastCheck lastCheck(int place) {
    long all = get(place, LAST_CHECK);
    if (all == 0) {
      return null;
    }
    return new LastCheck(
        (all & CHECK_OK) != 0,
        Cause.withCode((int) all & 0xff),
        (int) (all >> 8) & 0xff,
        all >>> CHECK_TIME);
  }

  /** Nobody checks it any more: what checks have said counts no longer. In connect workers. */
  public void unchecked(int place) {
    if (isDown(place)) {
      put(place, CHECKED_AT, System.currentTimeMillis());
    }
    put(place, LAST_CHECK, 0);
    INT.setVolatile(memory, at(place, CHECKED), 0);
    INT.setVolatile(memory, at(place, IN_A_ROW), 0);
  }

  // Errors.

  /** Notes what went wrong with it. */
  public void error(int place, Cause cause, int errno) {
    long what = (long) (errno & 0xff) << 8 | cause.code();
    long wallMs = System.currentTimeMillis();
    if ((long) LONG.getAndSet(memory, at(place, ERROR), what) == what) {
      LONG.getAndAdd(memory, at(place, ERROR_COUNT), 1L);
    } else {
      put(place, ERROR_FIRST, wallMs);
      put(place, ERROR_COUNT, 1);
    }
    put(place, ERROR_LAST, wallMs);
  }

  /** What last went wrong; null for nothing. */
  public ListenerErrors.Seen error(int place) {
    long what = get(place, ERROR);
    return what == 0
        ? null
        : new ListenerErrors.Seen(
            Cause.withCode((int) what & 0xff),
            (int) (what >> 8) & 0xff,
            get(place, ERROR_FIRST),
            get(place, ERROR_LAST),
            get(place, ERROR_COUNT));
  }
}
