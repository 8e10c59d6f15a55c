package org.portbouncer.core.shared;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import org.portbouncer.core.session.Cause;

/**
 * The last failure of a listener or of a member of a group, in {@link #BYTES} of shared memory;
 * written by whichever process sees one.
 *
 * <pre>
 *    0 what u64: cause 8, errno 8; 0 is none | 8 first u64 | 16 last u64, wall clock ms | 24 how often u64
 * </pre>
 *
 * <p>First and how often count from when this failure followed another one. Each field is written
 * by itself: where two processes find different failures in the same moment they may not be of one
 * piece, which costs a figure and nothing else.
 */
final class LastFailure {

  static final Layout LAYOUT = new Layout("a last failure");

  private static final int WHAT = LAYOUT.u64("what");
  private static final int FIRST = LAYOUT.u64("first");
  private static final int LAST = LAYOUT.u64("last");
  private static final int COUNT = LAYOUT.u64("count");

  static final int BYTES = LAYOUT.end();

  private static final VarHandle LONG = ValueLayout.JAVA_LONG.varHandle();

  private LastFailure() {}

  /** Notes a failure. */
  static void add(MemorySegment memory, long at, Cause cause, int errno, long wallMs) {
    long what = (long) (errno & 0xff) << 8 | cause.code();
    if ((long) LONG.getAndSet(memory, at + WHAT, what) == what) {
      LONG.getAndAdd(memory, at + COUNT, 1L);
    } else {
      LONG.setVolatile(memory, at + FIRST, wallMs);
      LONG.setVolatile(memory, at + COUNT, 1L);
    }
    LONG.setVolatile(memory, at + LAST, wallMs);
  }

  /** The last failure; null where there was none. */
  static ListenerErrors.Seen get(MemorySegment memory, long at) {
    long what = (long) LONG.getVolatile(memory, at + WHAT);
    return what == 0
        ? null
        : new ListenerErrors.Seen(
            Cause.withCode((int) what & 0xff),
            (int) (what >> 8) & 0xff,
            (long) LONG.getVolatile(memory, at + FIRST),
            (long) LONG.getVolatile(memory, at + LAST),
            (long) LONG.getVolatile(memory, at + COUNT));
  }
}
