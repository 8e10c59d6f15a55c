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
 *    8 failed in a row u32, connections | 12 free
 *   16 first of these u64 | 24 ejected until u64 | 32 up since u64, all CLOCK_MONOTONIC ns, 0 never
 *   40 what checks say 48: see TargetChecks
 *   88 connections u64, one for each Outcome | 128 those opened ahead u64, one for each Ahead
 *  160 last error 32: see LastFailure
 *  192 since when it is here u64 | 200 the operator's word changed u64 | 208 ejected u64, all wall
 *  clock ms, 0 never
 * </pre>
 */
public final class TargetBoard {

  /** The most members, those of older configurations included that live sessions still have. */
  public static final int PLACES = 4096;

  private static final int PLACE = 256;

  static final long BYTES = (long) PLACES * PLACE;

  private static final VarHandle LONG = ValueLayout.JAVA_LONG.varHandle();
  private static final VarHandle INT = ValueLayout.JAVA_INT.varHandle();

  static final Layout LAYOUT = new Layout("a member of a group");

  private static final int ACTIVE = LAYOUT.u32("active");
  private static final int MODE = LAYOUT.u32("mode");
  private static final int FAILED = LAYOUT.u32("failed in a row");

  static {
    LAYOUT.align(Long.BYTES);
  }

  private static final int FAILED_FIRST = LAYOUT.u64("first of these");
  private static final int EJECTED = LAYOUT.u64("ejected until");
  private static final int UP_SINCE = LAYOUT.u64("up since");
  private static final int CHECKS = LAYOUT.bytes("checks", TargetChecks.BYTES);
  private static final int CONNECTS = LAYOUT.u64s("connections", Outcome.values());
  private static final int AHEAD = LAYOUT.u64s("opened ahead", Ahead.values());
  private static final int ERROR = LAYOUT.bytes("last error", LastFailure.BYTES);
  private static final int ADDED_AT = LAYOUT.u64("added at");
  private static final int MODE_AT = LAYOUT.u64("mode at");
  private static final int EJECTED_AT = LAYOUT.u64("ejected at");

  static {
    LAYOUT.within(PLACE);
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
  private final TargetChecks checks;

  TargetBoard(MemorySegment memory) {
    this.memory = memory;
    this.checks = new TargetChecks(this, memory);
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
    return checks.areDown(place);
  }

  /** Whether sessions that failed have ejected it. */
  public boolean isEjected(int place, long now) {
    long until = get(place, EJECTED);
    return until != 0 && now - until < 0;
  }

  /** Whether it gets sessions. */
  public boolean isUp(int place, long now) {
    return number(place, MODE) == Mode.READY.code && !isDown(place) && !isEjected(place, now);
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
      return Math.max(added, checks.changedAt(place));
    }
    if (isEjected(place, now)) {
      return Math.max(added, get(place, EJECTED_AT));
    }
    long until = get(place, EJECTED);
    long over = until == 0 ? 0 : System.currentTimeMillis() - (now - until) / 1_000_000;
    return Math.max(Math.max(added, over), Math.max(get(place, MODE_AT), checks.changedAt(place)));
  }

  /** What checks say of members. */
  public TargetChecks checks() {
    return checks;
  }

  /** Where that stands. */
  static long checksAt(int place) {
    return at(place, CHECKS);
  }

  /** A member that was down comes up now, CLOCK_MONOTONIC ns. */
  void comesUp(int place, long now) {
    put(place, UP_SINCE, now);
  }

  /** Since when it is up after it was not, CLOCK_MONOTONIC ns; 0 where it always was. */
  public long upSince(int place) {
    return Math.max(get(place, UP_SINCE), get(place, EJECTED));
  }

  // Connections.

  /** A connection for a session was made. */
  public void connected(int place) {
    LONG.getAndAdd(memory, at(place, offset(Outcome.OK)), 1L);
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
    return CONNECTS + Long.BYTES * outcome.ordinal();
  }

  /**
   * A connection for a session was not made, and the member is not to blame: a proxy on the way is.
   */
  public void notReached(int place, Cause cause, int code) {
    LONG.getAndAdd(memory, at(place, offset(Outcome.PROXY)), 1L);
    error(place, cause, code);
  }

  /** This has come of a connection that was opened ahead. */
  public void ahead(int place, Ahead what) {
    LONG.getAndAdd(memory, at(place, AHEAD + Long.BYTES * what.ordinal()), 1L);
  }

  /** Connections opened ahead of which this has come, of all workers. */
  public long aheads(int place, Ahead what) {
    return get(place, AHEAD + Long.BYTES * what.ordinal());
  }

  // Errors.

  /** Notes what went wrong with it. */
  public void error(int place, Cause cause, int errno) {
    LastFailure.add(memory, at(place, ERROR), cause, errno, System.currentTimeMillis());
  }

  /** What last went wrong; null for nothing. */
  public ListenerErrors.Seen error(int place) {
    return LastFailure.get(memory, at(place, ERROR));
  }
}
