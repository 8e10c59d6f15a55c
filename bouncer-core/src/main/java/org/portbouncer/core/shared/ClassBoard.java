package org.portbouncer.core.shared;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/**
 * What each bandwidth class allows now, in shared memory, one place per class. The mother alone
 * writes that; io workers read it, before every read of a limited session, so that a change takes
 * effect on live sessions at once. What is counted is added by whichever process has the event.
 *
 * <pre>
 *    0 version u32, grows with every change | 4 generation u32, grows with every new class
 *   64 terms, of even versions      128 terms, of odd versions; each:
 *      0 since u64, CLOCK_MONOTONIC ns
 *      8 served up u64 | 16 served down u64, bytes until then
 *     24 up u64 | 32 down u64, bytes per second, 0 no limit | 40 burst u64, bytes, 0 by the rate
 *  192 throttled up u64 | 200 throttled down u64, ns
 *  208 bytes up u64 | 216 bytes down u64, of sessions that ended
 *  224 lost up u64 | 232 lost down u64, bytes of its clock that no line of it took
 * </pre>
 *
 * There are two sets of terms, so that one is always whole: the version says which. A mother who
 * dies while she writes leaves the other one in force.
 */
public final class ClassBoard {

  /** The most classes, those of older configurations included that live sessions still have. */
  public static final int PLACES = 1024;

  private static final int PLACE = 256;

  static final long BYTES = (long) PLACES * PLACE;

  private static final VarHandle LONG = ValueLayout.JAVA_LONG.varHandle();
  private static final VarHandle INT = ValueLayout.JAVA_INT.varHandle();

  static final Layout LAYOUT = new Layout("a bandwidth class");

  private static final int VERSION = LAYOUT.u32("version");
  private static final int GENERATION = LAYOUT.u32("generation");

  /** One set of terms. */
  static final Layout SET = new Layout("the terms of a class");

  private static final int SINCE = SET.u64("since");
  private static final int SERVED = SET.u64s("served", Way.COUNT);
  private static final int RATE = SET.u64s("rate", Way.COUNT);
  private static final int BURST = SET.u64("burst");
  private static final int SET_BYTES = SET.within(64);

  static {
    LAYOUT.align(SET_BYTES);
  }

  /** Those of even versions, then those of odd ones. */
  private static final int TERMS = LAYOUT.bytes("terms", 2 * SET_BYTES);

  private static final int THROTTLED = LAYOUT.u64s("throttled", Way.COUNT);
  private static final int ENDED_BYTES = LAYOUT.u64s("bytes of sessions that ended", Way.COUNT);

  private static final int LOST = LAYOUT.u64s("bytes that nobody took", Way.COUNT);

  static {
    LAYOUT.within(PLACE);
  }

  private final MemorySegment memory;

  ClassBoard(MemorySegment memory) {
    this.memory = memory;
  }

  private static long at(int place, int offset) {
    return (long) place * PLACE + offset;
  }

  private static long terms(int place, int version, int offset) {
    return at(place, TERMS + SET_BYTES * (version & 1) + offset);
  }

  /** Grows with every change of the class; the cheapest way to see whether there was one. */
  public int version(int place) {
    return (int) INT.getAcquire(memory, at(place, VERSION));
  }

  /** Grows when the place is given to another class. */
  public int generation(int place) {
    return (int) INT.getAcquire(memory, at(place, GENERATION));
  }

  /** Gives a place to a class that is new; in the mother. Nobody refers to it yet. */
  public void open(int place) {
    for (int way = 0; way < Way.COUNT; way++) {
      LONG.setOpaque(memory, at(place, THROTTLED + Long.BYTES * way), 0L);
      LONG.setOpaque(memory, at(place, ENDED_BYTES + Long.BYTES * way), 0L);
      LONG.setOpaque(memory, at(place, LOST + Long.BYTES * way), 0L);
    }
    INT.setRelease(memory, at(place, GENERATION), generation(place) + 1);
  }

  /**
   * Changes what a class allows; in the mother. Nothing happens where nothing differs.
   *
   * @param up bytes per second, 0 for no limit
   * @param down likewise
   * @param burst bytes, 0 for what suits the rate
   * @param now CLOCK_MONOTONIC ns
   * @return whether anything changed
   */
  public boolean set(int place, long up, long down, long burst, long now) {
    ClassTerms old = new ClassTerms();
    read(place, old);
    if (old.rate(Way.UP) == up && old.rate(Way.DOWN) == down && old.configuredBurst() == burst) {
      return false;
    }
    int version = version(place) + 1;
    LONG.setOpaque(memory, terms(place, version, SINCE), now);
    for (int way = 0; way < Way.COUNT; way++) {
      LONG.setOpaque(
          memory, terms(place, version, SERVED + Long.BYTES * way), old.served(way, now));
    }
    LONG.setOpaque(memory, terms(place, version, RATE), up);
    LONG.setOpaque(memory, terms(place, version, RATE + Long.BYTES), down);
    LONG.setOpaque(memory, terms(place, version, BURST), burst);
    INT.setRelease(memory, at(place, VERSION), version);
    return true;
  }

  /** Reads what a class allows now. */
  public void read(int place, ClassTerms into) {
    while (true) {
      int version = version(place);
      into.set(
          version,
          get(terms(place, version, SINCE)),
          get(terms(place, version, SERVED)),
          get(terms(place, version, SERVED + Long.BYTES)),
          get(terms(place, version, RATE)),
          get(terms(place, version, RATE + Long.BYTES)),
          get(terms(place, version, BURST)));
      VarHandle.loadLoadFence();
      if (version(place) == version) {
        return;
      }
    }
  }

  private long get(long at) {
    return (long) LONG.getOpaque(memory, at);
  }

  /** Adds to the time that sessions of the class waited for it; from any process. */
  public void addThrottled(int place, int way, long nanos) {
    LONG.getAndAdd(memory, at(place, THROTTLED + Long.BYTES * way), nanos);
  }

  /** How long sessions of the class have waited for it, summed over them and both ways, in ns. */
  public long throttledNanos(int place) {
    return throttledNanos(place, Way.UP) + throttledNanos(place, Way.DOWN);
  }

  /** Likewise of one way. */
  public long throttledNanos(int place, int way) {
    return (long) LONG.getVolatile(memory, at(place, THROTTLED + Long.BYTES * way));
  }

  /**
   * Adds what a session of the class has moved, once, at its end: while it lives its record has it,
   * so that nobody who forwards counts twice.
   */
  public void addEnded(int place, int way, long bytes) {
    LONG.getAndAdd(memory, at(place, ENDED_BYTES + Long.BYTES * way), bytes);
  }

  /** Bytes that sessions of the class have moved which ended. */
  public long endedBytes(int place, int way) {
    return (long) LONG.getVolatile(memory, at(place, ENDED_BYTES + Long.BYTES * way));
  }

  /**
   * Adds bytes that might have passed, by the terms of the class, and that no line took in time.
   */
  void addLost(int place, int way, long bytes) {
    LONG.getAndAdd(memory, at(place, LOST + Long.BYTES * way), bytes);
  }

  /** Such bytes of all lines of the class; of a line of which nobody takes, they come later. */
  public long lostBytes(int place, int way) {
    return (long) LONG.getVolatile(memory, at(place, LOST + Long.BYTES * way));
  }
}
