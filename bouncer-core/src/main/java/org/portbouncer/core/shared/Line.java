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
 *   8 version u32   of the class's terms under which the line was formed
 *  12 waiting u32   sessions in the line
 * </pre>
 *
 * Whoever takes n bytes moves {@code next} on by n, and may read them once the clock has come
 * there. So the line is first come, first served over all processes; no session overtakes another,
 * and nobody has to hand out turns. An empty line falls behind the clock: the distance, up to the
 * burst, is what may pass at once.
 */
final class Line {

  static final Layout LAYOUT = new Layout("a line");

  private static final int NEXT = LAYOUT.u64("next");
  private static final int VERSION = LAYOUT.u32("version");
  private static final int WAITING = LAYOUT.u32("waiting");

  static final int BYTES = LAYOUT.end();

  private static final VarHandle LONG = ValueLayout.JAVA_LONG.varHandle();
  private static final VarHandle INT = ValueLayout.JAVA_INT.varHandle();

  /**
   * No line is so long: a line that seems to be is one whose clock has gone round since it was last
   * used.
   */
  private static final long TOO_FAR = 1L << 44;

  private Line() {}

  /** Makes an empty line with a whole burst in it. */
  static void begin(MemorySegment m, long at, ClassTerms terms, int way, long now) {
    LONG.setVolatile(m, at + NEXT, terms.served(way, now) - terms.burst(way));
    INT.setOpaque(m, at + VERSION, terms.version());
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
   * @param most that are wanted; less than a quarter of them is not worth a system call
   * @param served where the class's clock stands
   * @param credit how far behind it the line may have fallen and still be owed what passed
   * @return how many; 0 where too few are there
   */
  static long takeNow(
      MemorySegment m, long at, ClassTerms terms, long most, long served, long credit) {
    renew(m, at, terms, served);
    while (true) {
      long next = (long) LONG.getVolatile(m, at + NEXT);
      long begin = begin(next, served, credit);
      long bytes = Math.min(most, served - begin);
      if (bytes <= 0 || bytes < most / 4) {
        return 0;
      }
      if (LONG.compareAndSet(m, at + NEXT, next, begin + bytes)) {
        return bytes;
      }
    }
  }

  /**
   * Takes the next bytes, now or later.
   *
   * @return where the clock must stand before they may be read
   */
  static long takeNext(
      MemorySegment m, long at, ClassTerms terms, long bytes, long served, long credit) {
    renew(m, at, terms, served);
    while (true) {
      long next = (long) LONG.getVolatile(m, at + NEXT);
      long end = begin(next, served, credit) + bytes;
      if (LONG.compareAndSet(m, at + NEXT, next, end)) {
        return end;
      }
    }
  }

  /**
   * Takes bytes that pass at once: those that are there, and what is there soon.
   *
   * @param ahead how many may be owed afterwards; who owes nothing may take any number
   * @return false where that would be too many; nothing is taken then
   */
  static boolean takeAhead(
      MemorySegment m,
      long at,
      ClassTerms terms,
      long bytes,
      long served,
      long credit,
      long ahead) {
    renew(m, at, terms, served);
    while (true) {
      long next = (long) LONG.getVolatile(m, at + NEXT);
      long begin = begin(next, served, credit);
      if (begin - served > 0 && begin + bytes - served > ahead) {
        return false;
      }
      if (LONG.compareAndSet(m, at + NEXT, next, begin + bytes)) {
        return true;
      }
    }
  }

  private static long begin(long next, long served, long credit) {
    long ahead = next - served;
    return ahead < -credit || ahead > TOO_FAR ? served - credit : next;
  }

  /**
   * Lets the line begin anew where the class has changed: it was formed with pieces that suited
   * another rate, and at a lower one it would take long. What its sessions had taken is void; each
   * of them sees that by the version, and stands in line again.
   */
  private static void renew(MemorySegment m, long at, ClassTerms terms, long served) {
    int version = (int) INT.getAcquire(m, at + VERSION);
    if (version == terms.version()) {
      return;
    }
    while (true) {
      long next = (long) LONG.getVolatile(m, at + NEXT);
      if (next - served <= 0 || LONG.compareAndSet(m, at + NEXT, next, served)) {
        break;
      }
    }
    // After the line, so that nobody takes it for new before it is. Two that meet here may each
    // forget a piece the other took: a few kilobytes, once a change.
    INT.compareAndSet(m, at + VERSION, version, terms.version());
  }

  /** Gives back what was taken and not read. */
  static void giveBack(MemorySegment m, long at, long bytes) {
    LONG.getAndAdd(m, at + NEXT, -bytes);
  }

  /** Which change of the class the line was formed under. */
  static int version(MemorySegment m, long at) {
    return (int) INT.getAcquire(m, at + VERSION);
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
