package org.portbouncer.core.shared;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import org.portbouncer.core.session.Result;

/**
 * What was counted per listener, in shared memory, added to atomically by whichever process has the
 * event. A listener keeps its slot over reloads.
 *
 * <pre>
 *    0 accepted | 8 passed | 16 failed | 24 bytes up | 32 bytes down | 40 ended, one u64 per Result
 *  160 datagrams up | 168 datagrams down | 176 datagrams dropped, one u64 per DatagramDrop
 * </pre>
 */
public final class ListenerCounters {

  /** The most listeners. */
  public static final int SLOTS = 1024;

  private static final int SLOT = 256;

  static final long BYTES = (long) SLOTS * SLOT;

  static final Layout LAYOUT = new Layout("the counters of a listener");

  private static final int COUNTS = LAYOUT.u64s("counts", Count.values());
  private static final int ENDED = LAYOUT.u64s("ended", Result.values());
  private static final int DATAGRAMS = LAYOUT.u64s("datagrams", Way.COUNT);
  private static final int DROPPED = LAYOUT.u64s("dropped", DatagramDrop.values());

  static {
    LAYOUT.within(SLOT);
  }

  private static final VarHandle LONG = ValueLayout.JAVA_LONG.varHandle();

  /** The plain counters of a listener. */
  public enum Count {
    /** Clients taken from the listen queue. */
    ACCEPTED,
    /** Sessions that the ACL let through. */
    PASSED,
    /** Sessions that passed and were never connected, or were lost by an error of ours. */
    FAILED,
    /** Bytes from client to target, of sessions that ended. */
    BYTES_UP,
    /** Bytes from target to client, of sessions that ended. */
    BYTES_DOWN
  }

  private final MemorySegment memory;

  ListenerCounters(MemorySegment memory) {
    this.memory = memory;
  }

  private static long at(int slot, int offset) {
    return (long) slot * SLOT + offset;
  }

  public void add(int slot, Count count, long delta) {
    LONG.getAndAdd(memory, at(slot, COUNTS + Long.BYTES * count.ordinal()), delta);
  }

  public long get(int slot, Count count) {
    return (long) LONG.getVolatile(memory, at(slot, COUNTS + Long.BYTES * count.ordinal()));
  }

  /** Counts a session that ended. */
  public void ended(int slot, Result result) {
    LONG.getAndAdd(memory, at(slot, ENDED + Long.BYTES * result.ordinal()), 1L);
  }

  /** How many sessions ended with {@code result}. */
  public long endedWith(int slot, Result result) {
    return (long) LONG.getVolatile(memory, at(slot, ENDED + Long.BYTES * result.ordinal()));
  }

  /**
   * Counts datagrams that were passed on.
   *
   * @param way one of {@link Way}
   */
  public void datagrams(int slot, int way, long count) {
    LONG.getAndAdd(memory, at(slot, DATAGRAMS + Long.BYTES * way), count);
  }

  /** Datagrams passed on, of sessions that live too. */
  public long datagrams(int slot, int way) {
    return (long) LONG.getVolatile(memory, at(slot, DATAGRAMS + Long.BYTES * way));
  }

  /** Counts datagrams that were not passed on. */
  public void dropped(int slot, DatagramDrop why, long count) {
    LONG.getAndAdd(memory, at(slot, DROPPED + Long.BYTES * why.ordinal()), count);
  }

  public long dropped(int slot, DatagramDrop why) {
    return (long) LONG.getVolatile(memory, at(slot, DROPPED + Long.BYTES * why.ordinal()));
  }

  /** Begins anew for another listener; in the mother, when nobody counts there any more. */
  public void clear(int slot) {
    for (int offset = 0; offset < SLOT; offset += 8) {
      LONG.setVolatile(memory, at(slot, offset), 0L);
    }
  }
}
