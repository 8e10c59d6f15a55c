package org.portbouncer.core.shared;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.portbouncer.core.config.Rate;

/**
 * The new sessions of the last period, in the memory of one entry of the {@link LimitTable}: a
 * sliding window, so that no period of that length, wherever it begins, has more than the rate
 * says. The caller holds the entry's lock.
 *
 * <p>A rate of up to {@link #SLOTS} sessions keeps the time of each, to the millisecond. A larger
 * one counts in slices of 1/19 of the period; a session leaves the window with its whole slice, so
 * up to 1/19 of the period late and never early.
 *
 * <pre>
 *    0 shape u32: which rate this is, 0 none | 4 head u32: sessions noted, or the newest slice
 *    8 20 slots u32: times in ticks, or counts
 * </pre>
 */
final class RateWindow {

  static final int SLOTS = 20;

  static final Layout LAYOUT = new Layout("a rate's window");

  private static final int SHAPE = LAYOUT.u32("shape");
  private static final int HEAD = LAYOUT.u32("head");
  private static final int SLOT = LAYOUT.u32s("slots", SLOTS);

  static final int BYTES = LAYOUT.end();

  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
  private static final int SLICES = SLOTS - 1;

  /** Times have 32 bits: longer periods are measured in coarser ticks. */
  private static final int MOST_TICKS_BITS = 25;

  private static final long NANOS_PER_MS = 1_000_000;
  private static final long LONGEST_MS = 100L * 365 * 24 * 3600 * 1000;

  private RateWindow() {}

  static void clear(MemorySegment m, long at) {
    m.asSlice(at, BYTES).fill((byte) 0);
  }

  /** Whether one more session at {@code now} keeps to the rate. */
  static boolean admits(MemorySegment m, long at, Rate rate, long now) {
    return admits(m, at, rate, rate.count(), now);
  }

  /**
   * Whether one more session keeps to a part of the rate.
   *
   * @param count so many in its period, at most the rate's
   */
  static boolean admits(MemorySegment m, long at, Rate rate, int count, long now) {
    if (count <= 0) {
      return false;
    }
    if (m.get(INT, at + SHAPE) != shape(rate)) {
      return true;
    }
    return rate.count() <= SLOTS
        ? timesAdmit(m, at, rate, Math.min(count, rate.count()), now)
        : counted(m, at, rate, now) < count;
  }

  /** Sessions that the window still holds. */
  static int recent(MemorySegment m, long at, Rate rate, long now) {
    if (m.get(INT, at + SHAPE) != shape(rate)) {
      return 0;
    }
    if (rate.count() > SLOTS) {
      return counted(m, at, rate, now);
    }
    int noted = Math.min(m.get(INT, at + HEAD), rate.count());
    int recent = 0;
    while (recent < noted && !timesAdmit(m, at, rate, recent + 1, now)) {
      recent++;
    }
    return recent;
  }

  /** Notes a session. */
  static void add(MemorySegment m, long at, Rate rate, long now) {
    if (m.get(INT, at + SHAPE) != shape(rate)) {
      clear(m, at);
      m.set(INT, at + SHAPE, shape(rate));
      m.set(INT, at + HEAD, rate.count() <= SLOTS ? 0 : (int) slice(rate, now));
    }
    if (rate.count() <= SLOTS) {
      int noted = m.get(INT, at + HEAD);
      m.set(INT, slot(at, noted), (int) ticks(rate, now));
      // Beyond one round only the place in it matters.
      m.set(INT, at + HEAD, noted + 1 < 2 * SLOTS ? noted + 1 : SLOTS);
    } else {
      advance(m, at, rate, now);
      long slot = slot(at, slice(rate, now));
      m.set(INT, slot, m.get(INT, slot) + 1);
    }
  }

  /** How long after a session the window may still hold it. */
  static long nanos(Rate rate) {
    return (periodTicks(rate) * SLOTS / SLICES + 3) * tickNanos(rate);
  }

  private static boolean timesAdmit(MemorySegment m, long at, Rate rate, int count, long now) {
    int noted = m.get(INT, at + HEAD);
    if (noted < count) {
      return true;
    }
    int oldest = m.get(INT, slot(at, noted - count));
    // Signed: another process may have noted a time that this one's clock has not read yet.
    return (int) ticks(rate, now) - oldest > periodTicks(rate);
  }

  private static int counted(MemorySegment m, long at, Rate rate, long now) {
    long newest = newest(m, at, rate, now);
    int gone = (int) newest - m.get(INT, at + HEAD);
    int sum = 0;
    // The slots of slices that have begun since the newest noted hold what is too old by now.
    for (int back = gone; back < SLOTS; back++) {
      sum += m.get(INT, slot(at, newest - back));
    }
    return sum;
  }

  private static void advance(MemorySegment m, long at, Rate rate, long now) {
    long newest = newest(m, at, rate, now);
    int gone = (int) newest - m.get(INT, at + HEAD);
    for (int back = 0; back < Math.min(gone, SLOTS); back++) {
      m.set(INT, slot(at, newest - back), 0);
    }
    m.set(INT, at + HEAD, (int) newest);
  }

  /** The slice it is now; never before one that another process has noted already. */
  private static long newest(MemorySegment m, long at, Rate rate, long now) {
    long slice = slice(rate, now);
    return slice + Math.max(0, m.get(INT, at + HEAD) - (int) slice);
  }

  private static long slot(long at, long number) {
    return at + SLOT + (long) Integer.BYTES * Math.floorMod(number, SLOTS);
  }

  private static int shape(Rate rate) {
    return 31 * rate.count() + Long.hashCode(rate.periodMs()) | 1;
  }

  private static long tickNanos(Rate rate) {
    return NANOS_PER_MS * Math.max(1, Math.min(rate.periodMs(), LONGEST_MS) >> MOST_TICKS_BITS);
  }

  private static long periodTicks(Rate rate) {
    return Math.ceilDiv(Math.min(rate.periodMs(), LONGEST_MS) * NANOS_PER_MS, tickNanos(rate));
  }

  private static long ticks(Rate rate, long now) {
    return Math.floorDiv(now, tickNanos(rate));
  }

  private static long slice(Rate rate, long now) {
    return ticks(rate, now) / Math.ceilDiv(periodTicks(rate), SLICES);
  }
}
