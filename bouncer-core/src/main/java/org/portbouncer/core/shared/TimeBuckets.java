package org.portbouncer.core.shared;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/**
 * How times are counted in shared memory: 16 buckets of which the last has no upper bound, then the
 * sum, each a u64. A bucket counts the times above the bound before it and up to its own. Used by
 * every process; adding allocates nothing.
 *
 * <pre>
 *   0 16 buckets u64 | 128 sum of the times, ns u64
 * </pre>
 */
public enum TimeBuckets {
  /** From one stage to the next: some 50 µs on a machine at rest. */
  HOP(
      10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 50_000, 100_000, 500_000, 1_000_000,
      5_000_000),
  /** The set-up of a session, or a part of it: from a local target to a slow name server. */
  SETUP(
      50,
      100,
      200,
      500,
      1000,
      2000,
      5000,
      10_000,
      50_000,
      100_000,
      200_000,
      500_000,
      1_000_000,
      5_000_000,
      10_000_000);

  /** How many buckets there are, the one without an upper bound included. */
  public static final int COUNT = 16;

  /** The sum stands behind the buckets. */
  private static final int SUM = Long.BYTES * COUNT;

  static final int BYTES = SUM + Long.BYTES;

  private static final VarHandle LONG = ValueLayout.JAVA_LONG.varHandle();

  @SuppressWarnings("ImmutableEnumChecker") // never shown, never changed once filled
  private final long[] upperNanos = new long[COUNT - 1];

  TimeBuckets(long... upperMicros) {
    for (int i = 0; i < upperNanos.length; i++) {
      upperNanos[i] = upperMicros[i] * 1000;
    }
  }

  /** The upper bound of a bucket that has one, in seconds. */
  public double upperSeconds(int bucket) {
    return upperNanos[bucket] / 1e9;
  }

  private long offset(long nanos) {
    int bucket = 0;
    while (bucket < upperNanos.length && nanos > upperNanos[bucket]) {
      bucket++;
    }
    return (long) Long.BYTES * bucket;
  }

  /** Adds a time where this process alone writes. */
  void addAlone(MemorySegment memory, long at, long nanos) {
    long bucket = at + offset(nanos);
    LONG.setOpaque(memory, bucket, (long) LONG.getOpaque(memory, bucket) + 1);
    LONG.setOpaque(memory, at + SUM, (long) LONG.getOpaque(memory, at + SUM) + nanos);
  }

  /** Adds a time where several processes write. */
  void addShared(MemorySegment memory, long at, long nanos) {
    LONG.getAndAdd(memory, at + offset(nanos), 1L);
    LONG.getAndAdd(memory, at + SUM, nanos);
  }

  TimeHistogram read(MemorySegment memory, long at) {
    long[] counts = new long[COUNT];
    for (int i = 0; i < COUNT; i++) {
      counts[i] = (long) LONG.getOpaque(memory, at + (long) Long.BYTES * i);
    }
    return new TimeHistogram(this, counts, (long) LONG.getOpaque(memory, at + SUM));
  }
}
