package org.portbouncer.core.shared;

import java.lang.foreign.MemorySegment;

/**
 * How long the set-up of sessions took, per listener, in shared memory; added to atomically by
 * whichever process has the event. A listener's slot is that of {@link ListenerCounters}.
 *
 * <pre>
 *    0 from accept to forwarding, TimeBuckets | 256 from the connect stage to the target's answer, TimeBuckets
 * </pre>
 */
public final class ListenerTimes {

  private static final int SLOT = 512;
  private static final int EACH = 256;

  static final long BYTES = (long) ListenerCounters.SLOTS * SLOT;

  static final Layout LAYOUT = new Layout("the times of a listener");

  static {
    for (Step step : Step.values()) {
      LAYOUT.align(EACH);
      LAYOUT.bytes(step.name(), TimeBuckets.BYTES);
    }
    LAYOUT.within(SLOT);
  }

  /** What takes its time. */
  public enum Step {
    /** From accept until forwarding begins. */
    SETUP,
    /** From the connect stage until the target has answered, name look-up included. */
    CONNECT
  }

  private final MemorySegment memory;

  ListenerTimes(MemorySegment memory) {
    this.memory = memory;
  }

  private static long at(int slot, Step step) {
    return (long) slot * SLOT + (long) EACH * step.ordinal();
  }

  /** Counts one time. */
  public void add(int slot, Step step, long nanos) {
    TimeBuckets.SETUP.addShared(memory, at(slot, step), Math.max(0, nanos));
  }

  /** Begins anew for another listener; in the mother, when nobody counts there any more. */
  public void clear(int slot) {
    memory.asSlice((long) slot * SLOT, SLOT).fill((byte) 0);
  }

  public TimeHistogram get(int slot, Step step) {
    return TimeBuckets.SETUP.read(memory, at(slot, step));
  }
}
