package org.portbouncer.core.loop;

/**
 * When an {@link EventLoop} did not turn though it should have: its process was stopped or frozen,
 * the machine slept, no processor was to be had, or one turn took that long. What a loop waits for
 * may have come in that time without anybody looking, so it is nobody's lateness. Belongs to the
 * thread of its loop.
 */
public final class Stalls {

  /** A turn that comes later than this is a stall; less is what a busy machine does. */
  static final long LEAST_NANOS = 100_000_000;

  /** Remembered one by one; of older ones the sum alone. */
  private static final int KEPT = 16;

  private final long begin;
  private final long[] from = new long[KEPT];
  private final long[] to = new long[KEPT];
  private int count;

  /**
   * Nothing has been noted yet.
   *
   * @param begin when the loop was made: before that it did not turn either
   */
  Stalls(long begin) {
    this.begin = begin;
  }

  /** Notes one, later than all before. */
  void note(long start, long end) {
    if (count == KEPT) {
      from[0] = to[1] - (to[0] - from[0]) - (to[1] - from[1]);
      to[0] = to[1];
      count--;
      System.arraycopy(from, 2, from, 1, count - 1);
      System.arraycopy(to, 2, to, 1, count - 1);
    }
    from[count] = start;
    to[count++] = end;
  }

  /**
   * How much of the time since then was lost to stalls, in nanoseconds.
   *
   * @param time of the loop's clock, or of the same clock in another process
   */
  public long since(long time) {
    long lost = Math.max(0, begin - time);
    for (int i = count - 1; i >= 0 && to[i] - time > 0; i--) {
      lost += to[i] - (from[i] - time > 0 ? from[i] : time);
    }
    return lost;
  }
}
