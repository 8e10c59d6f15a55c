package org.portbouncer.core.shared;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import org.portbouncer.core.session.Cause;

/**
 * The last failure of each listener and its target, in shared memory; written by whichever process
 * ends a session that failed, and by none that ends well. A listener's slot is that of {@link
 * ListenerCounters}.
 *
 * <pre>
 *    0 what u64: cause 8, errno 8; 0 is none | 8 first u64 | 16 last u64, wall clock ms | 24 how often u64
 * </pre>
 *
 * <p>First and how often count from when this failure followed another one. Each field is written
 * by itself: where two processes find different failures in the same moment they may not be of one
 * piece, which costs a figure and nothing else.
 */
public final class ListenerErrors {

  private static final int SLOT = 32;
  private static final int FIRST = 8;
  private static final int LAST = 16;
  private static final int COUNT = 24;

  static final long BYTES = (long) ListenerCounters.SLOTS * SLOT;

  private static final VarHandle LONG = ValueLayout.JAVA_LONG.varHandle();

  /**
   * A failure and how often it came without another between.
   *
   * @param firstMs wall clock
   * @param lastMs likewise
   */
  public record Seen(Cause cause, int errno, long firstMs, long lastMs, long count) {}

  private final MemorySegment memory;

  ListenerErrors(MemorySegment memory) {
    this.memory = memory;
  }

  private static long at(int slot, int offset) {
    return (long) slot * SLOT + offset;
  }

  /** Notes a failure. */
  public void add(int slot, Cause cause, int errno, long wallMs) {
    long what = (long) (errno & 0xff) << 8 | cause.code();
    if ((long) LONG.getAndSet(memory, at(slot, 0), what) == what) {
      LONG.getAndAdd(memory, at(slot, COUNT), 1L);
    } else {
      LONG.setVolatile(memory, at(slot, FIRST), wallMs);
      LONG.setVolatile(memory, at(slot, COUNT), 1L);
    }
    LONG.setVolatile(memory, at(slot, LAST), wallMs);
  }

  /** The last failure; null where there was none. */
  public Seen get(int slot) {
    long what = get(slot, 0);
    return what == 0
        ? null
        : new Seen(
            Cause.withCode((int) what & 0xff),
            (int) (what >> 8) & 0xff,
            get(slot, FIRST),
            get(slot, LAST),
            get(slot, COUNT));
  }

  private long get(int slot, int offset) {
    return (long) LONG.getVolatile(memory, at(slot, offset));
  }

  /** Begins anew for another listener; in the mother, when nobody fails there any more. */
  public void clear(int slot) {
    for (int offset = 0; offset < SLOT; offset += 8) {
      LONG.setVolatile(memory, at(slot, offset), 0L);
    }
  }
}
