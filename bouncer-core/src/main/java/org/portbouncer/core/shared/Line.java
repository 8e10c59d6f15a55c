package org.portbouncer.core.shared;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/**
 * One way of a bucket: the line in which its sessions stand for bytes, in 16 bytes of shared
 * memory. Changed by every io worker, without a lock.
 *
 * <pre>
 *   0 next u64      the byte of the class's clock (ClassTerms.served) up to which all is taken
 *   8 terms u32     versions of the class's terms, 16 bits of each: high, those under which the line
 *                   was formed; low, those it was last seen to suit
 *  12 waiting u32   sessions in the line
 * </pre>
 *
 * Whoever takes n bytes moves {@code next} on by n, and may read them once the clock has come
 * there. So the line is first come, first served over all processes; no session overtakes another,
 * and nobody has to hand out turns. An empty line falls behind the clock: the distance, up to the
 * burst, is what may pass at once; what it falls behind by more is lost, and counted on the board.
 *
 * <p>Where the class has changed, what is promised stays promised: it is bytes of a clock that only
 * goes on at another pace. Only where that would now take long the line is cut, at the byte at
 * which the clock stood at the change: what was promised up to there is had, and the rest is void.
 */
final class Line {

  static final Layout LAYOUT = new Layout("a line");

  private static final int NEXT = LAYOUT.u64("next");
  private static final int TERMS = LAYOUT.u32("terms: formed under, seen to suit");
  private static final int WAITING = LAYOUT.u32("waiting");

  static final int BYTES = LAYOUT.end();

  private static final VarHandle LONG = ValueLayout.JAVA_LONG.varHandle();
  private static final VarHandle INT = ValueLayout.JAVA_INT.varHandle();

  /**
   * No line is so long: a line that seems to be is one whose clock has gone round since it was last
   * used.
   */
  private static final long TOO_FAR = 1L << 44;

  /** What takes 1/8 s at the class's present rate is not long. */
  private static final long SHORT_LINES_PER_SECOND = 8;

  private static final int VERSION_BITS = 16;
  private static final int VERSION_MASK = 0xffff;

  /** Terms that are older by so few changes are those of a process that has not looked since. */
  private static final int BEHIND = 8;

  private Line() {}

  /** Makes an empty line with a whole burst in it. */
  static void begin(MemorySegment m, long at, ClassTerms terms, int way, long now) {
    LONG.setVolatile(m, at + NEXT, terms.served(way, now) - terms.burst(way));
    INT.setOpaque(m, at + TERMS, word(terms.version(), terms.version()));
    INT.setVolatile(m, at + WAITING, 0);
  }

  /** Whether nothing is owed and the whole burst is there. */
  static boolean isFull(MemorySegment m, long at, ClassTerms terms, int way, long now) {
    return terms.rate(way) == 0
        || terms.served(way, now) - (long) LONG.getVolatile(m, at + NEXT) >= terms.burst(way);
  }

  /**
   * Takes bytes that are there.
   *
   * @param clock the class's, as it stands now
   * @param most that are wanted; less than a quarter of them is not worth a system call
   * @return how many; 0 where too few are there
   */
  static long takeNow(MemorySegment m, long at, ClassClock clock, long most) {
    renew(m, at, clock);
    while (true) {
      long next = (long) LONG.getVolatile(m, at + NEXT);
      long begin = begin(next, clock);
      long bytes = Math.min(most, clock.served() - begin);
      if (bytes <= 0 || bytes < most / 4) {
        return 0;
      }
      if (take(m, at, clock, next, begin, bytes)) {
        return bytes;
      }
    }
  }

  /**
   * Takes the next bytes, now or later.
   *
   * @param clock the class's, as it stands now
   * @return where the clock must stand before they may be read
   */
  static long takeNext(MemorySegment m, long at, ClassClock clock, long bytes) {
    renew(m, at, clock);
    while (true) {
      long next = (long) LONG.getVolatile(m, at + NEXT);
      long begin = begin(next, clock);
      if (take(m, at, clock, next, begin, bytes)) {
        return begin + bytes;
      }
    }
  }

  /**
   * Takes bytes that pass at once: those that are there, and what is there soon.
   *
   * @param clock the class's, as it stands now
   * @param ahead how many may be owed afterwards; who owes nothing may take any number
   * @return false where that would be too many; nothing is taken then
   */
  static boolean takeAhead(MemorySegment m, long at, ClassClock clock, long bytes, long ahead) {
    renew(m, at, clock);
    while (true) {
      long next = (long) LONG.getVolatile(m, at + NEXT);
      long begin = begin(next, clock);
      long owed = begin - clock.served();
      if (owed > 0 && owed + bytes > ahead) {
        return false;
      }
      if (take(m, at, clock, next, begin, bytes)) {
        return true;
      }
    }
  }

  private static long begin(long next, ClassClock clock) {
    long ahead = next - clock.served();
    return ahead < -clock.credit() || ahead > TOO_FAR ? clock.served() - clock.credit() : next;
  }

  private static boolean take(
      MemorySegment m, long at, ClassClock clock, long next, long begin, long bytes) {
    if (!LONG.compareAndSet(m, at + NEXT, next, begin + bytes)) {
      return false;
    }
    if (begin - next > 0) {
      clock.lost(begin - next);
    }
    return true;
  }

  /**
   * Sees, once after each change of the class, whether the line suits it still: it was formed with
   * pieces that suited another rate, and at a lower one it may take long. Then it is cut, and
   * begins anew; see {@link #formed}.
   */
  static void renew(MemorySegment m, long at, ClassClock clock) {
    int word = (int) INT.getAcquire(m, at + TERMS);
    int version = clock.terms().version();
    // The same, or newer.
    if ((word - version & VERSION_MASK) < BEHIND) {
      return;
    }
    int formed = word >>> VERSION_BITS;
    if (isLong((long) LONG.getVolatile(m, at + NEXT), clock)) {
      formed = version;
      cut(m, at, clock.begun());
    }
    // After the line, so that nobody takes it for new before it is. Two that meet here may each
    // forget a piece the other took: a few kilobytes, where a line is cut.
    INT.compareAndSet(m, at + TERMS, word, word(formed, version));
  }

  /** Whether it takes long until the clock comes to {@code bytes}. */
  static boolean isLong(long bytes, ClassClock clock) {
    return bytes - clock.served() > clock.rate() / SHORT_LINES_PER_SECOND;
  }

  private static void cut(MemorySegment m, long at, long end) {
    while (true) {
      long next = (long) LONG.getVolatile(m, at + NEXT);
      if (next - end <= 0 || LONG.compareAndSet(m, at + NEXT, next, end)) {
        return;
      }
    }
  }

  private static int word(int formed, int seen) {
    return formed << VERSION_BITS | seen & VERSION_MASK;
  }

  /** Gives back what was taken and not read. */
  static void giveBack(MemorySegment m, long at, long bytes) {
    LONG.getAndAdd(m, at + NEXT, -bytes);
  }

  /**
   * Under which terms the line was formed, the last 16 bits of their version: as long as it is the
   * same, what was promised stays promised.
   */
  static int formed(MemorySegment m, long at) {
    return (int) INT.getAcquire(m, at + TERMS) >>> VERSION_BITS;
  }

  /** Whether these are the terms under which a line was formed. */
  static boolean isOf(int formed, ClassTerms terms) {
    return formed == (terms.version() & VERSION_MASK);
  }

  /** The byte of the class's clock up to which all is taken. */
  static long next(MemorySegment m, long at) {
    return (long) LONG.getVolatile(m, at + NEXT);
  }

  /** Sessions in the line. */
  static int waiting(MemorySegment m, long at) {
    // A process that dies between two steps may leave it one off, either way.
    return Math.max(0, (int) INT.getOpaque(m, at + WAITING));
  }

  static void waiting(MemorySegment m, long at, int delta) {
    INT.getAndAdd(m, at + WAITING, delta);
  }
}
