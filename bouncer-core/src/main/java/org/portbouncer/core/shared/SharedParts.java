package org.portbouncer.core.shared;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/**
 * This server's parts of limits that several servers hold together (`shared = cluster`), in shared
 * memory, one place per rule: that of the rule's {@link AclCounters}. The mother writes a part, acl
 * workers read it where they count a session, and count those that they refuse by it: that is the
 * demand which the next part is asked for with.
 *
 * <pre>
 *    0 sessions u32, rate u32      how many this server may have, in one word
 *    8 until u64                   CLOCK_MONOTONIC ns: from then on it has no part; 0 for none yet
 *   16 refused for sessions u32 | 20 refused for the rate u32
 *   24 not used
 * </pre>
 *
 * A part ends by itself: a mother who is stopped, or dead, prolongs none.
 */
public final class SharedParts {

  static final Layout LAYOUT = new Layout("a part of a shared limit");

  private static final int PLACE = 32;

  static final long BYTES = (long) AclCounters.PLACES * PLACE;

  private static final VarHandle LONG = ValueLayout.JAVA_LONG.varHandle();
  private static final VarHandle INT = ValueLayout.JAVA_INT.varHandle();

  private static final int ALLOWED = LAYOUT.u64("sessions, rate");
  private static final int UNTIL = LAYOUT.u64("until");
  private static final int REFUSED_SESSIONS = LAYOUT.u32("refused for sessions");
  private static final int REFUSED_RATE = LAYOUT.u32("refused for the rate");

  static {
    LAYOUT.within(PLACE);
  }

  private final MemorySegment memory;

  SharedParts(MemorySegment memory) {
    this.memory = memory;
  }

  private static long at(int place, int offset) {
    return (long) place * PLACE + offset;
  }

  /**
   * Says what this server may have; in the mother.
   *
   * @param sessions live ones at once
   * @param rate new ones in the rule's period
   * @param until CLOCK_MONOTONIC ns; {@link Long#MAX_VALUE} for a part that stays
   */
  public void set(int place, int sessions, int rate, long until) {
    LONG.setVolatile(memory, at(place, ALLOWED), (long) sessions << 32 | rate & 0xffff_ffffL);
    LONG.setVolatile(memory, at(place, UNTIL), until);
  }

  /** Takes the part away, and forgets who was refused; in the mother, for another rule. */
  public void clear(int place) {
    set(place, 0, 0, 0);
    INT.setVolatile(memory, at(place, REFUSED_SESSIONS), 0);
    INT.setVolatile(memory, at(place, REFUSED_RATE), 0);
  }

  /** Until when there is a part, as it was {@link #set}. */
  public long until(int place) {
    return (long) LONG.getVolatile(memory, at(place, UNTIL));
  }

  /** Whether there is a part. */
  public boolean isHeld(int place, long now) {
    long until = until(place);
    return until != 0 && until - now > 0;
  }

  /** Live sessions that this server may have. */
  public int sessions(int place) {
    return (int) ((long) LONG.getVolatile(memory, at(place, ALLOWED)) >>> 32);
  }

  /** New sessions that it may have in the rule's period. */
  public int rate(int place) {
    return (int) (long) LONG.getVolatile(memory, at(place, ALLOWED));
  }

  /** Counts one that was refused; in acl workers. */
  void refused(int place, boolean byRate) {
    INT.getAndAdd(memory, at(place, byRate ? REFUSED_RATE : REFUSED_SESSIONS), 1);
  }

  /** How many were refused, modulo 2^32. */
  public int refusedSessions(int place) {
    return (int) INT.getVolatile(memory, at(place, REFUSED_SESSIONS));
  }

  /** Likewise. */
  public int refusedRate(int place) {
    return (int) INT.getVolatile(memory, at(place, REFUSED_RATE));
  }
}
