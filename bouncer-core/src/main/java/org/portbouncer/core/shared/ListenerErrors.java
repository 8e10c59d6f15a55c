package org.portbouncer.core.shared;

import java.lang.foreign.MemorySegment;
import org.portbouncer.core.session.Cause;

/**
 * The last failure of each listener and its target, in shared memory; written by whichever process
 * ends a session that failed, and by none that ends well. A listener's slot is that of {@link
 * ListenerCounters}.
 *
 * <pre>
 *    0 LastFailure
 * </pre>
 */
public final class ListenerErrors {

  private static final int SLOT = LastFailure.BYTES;

  static final long BYTES = (long) ListenerCounters.SLOTS * SLOT;

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

  private static long at(int slot) {
    return (long) slot * SLOT;
  }

  /** Notes a failure. */
  public void add(int slot, Cause cause, int errno, long wallMs) {
    LastFailure.add(memory, at(slot), cause, errno, wallMs);
  }

  /** The last failure; null where there was none. */
  public Seen get(int slot) {
    return LastFailure.get(memory, at(slot));
  }

  /** Begins anew for another listener; in the mother, when nobody fails there any more. */
  public void clear(int slot) {
    memory.asSlice(at(slot), SLOT).fill((byte) 0);
  }
}
