package org.portbouncer.launcher.bench;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;

/**
 * A ring of 64-byte places in shared memory, one producer or many, one consumer. A place carries
 * the number of the message it holds, so that producer and consumer share no counter.
 *
 * <pre>
 *   0 claimed u64, used by many producers | 64 places: 0 number and 1, u64 | 8 value u64
 * </pre>
 */
final class Ring {

  static final long BYTES = 64 + 64 * 1024L;

  private static final VarHandle LONG = JAVA_LONG.varHandle();
  private static final int PLACES = 1024;

  private final MemorySegment memory;
  private final long base;

  /** The producer's or the consumer's own count. */
  private long next;

  Ring(MemorySegment memory, long base) {
    this.memory = memory;
    this.base = base;
  }

  private long place(long number) {
    return base + 64 + number % PLACES * 64;
  }

  /** Puts a value in, for the only producer. */
  void put(long value) {
    put(next++, value);
  }

  /** Puts a value in, for one producer of many: the place is claimed first. */
  void claimAndPut(long value) {
    put((long) LONG.getAndAdd(memory, base, 1L), value);
  }

  private void put(long number, long value) {
    LONG.setOpaque(memory, place(number) + 8, value);
    LONG.setRelease(memory, place(number), number + 1);
  }

  /** Polls until a value is there. */
  long take() {
    long at = place(next);
    while ((long) LONG.getAcquire(memory, at) != next + 1) {
      Thread.onSpinWait();
    }
    next++;
    return (long) LONG.getOpaque(memory, at + 8);
  }
}
