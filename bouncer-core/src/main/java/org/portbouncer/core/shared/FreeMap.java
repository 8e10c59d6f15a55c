package org.portbouncer.core.shared;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/**
 * One bit for each place of a shared table, set where it is free. The mother alone takes places;
 * any process gives them back by setting a bit, which repeats harmlessly, so that nothing can be
 * lost with a process that dies while it does. Her side of it is an {@link Allocator}.
 */
final class FreeMap {

  private static final VarHandle LONG = ValueLayout.JAVA_LONG.varHandle();

  private final MemorySegment memory;
  private final int capacity;

  /**
   * Looks at a map.
   *
   * @param memory {@link #bytes} of it
   * @param capacity places, a multiple of 64
   */
  FreeMap(MemorySegment memory, int capacity) {
    this.memory = memory;
    this.capacity = capacity;
  }

  /** A whole number of cache lines, so that what lies behind it stays aligned. */
  static long bytes(int capacity) {
    return (capacity / 8L + 63) / 64 * 64;
  }

  /** Frees all places; once, by the mother. */
  void initialize() {
    for (long word = 0; word < capacity / 64; word++) {
      LONG.setVolatile(memory, word * 8, -1L);
    }
  }

  int capacity() {
    return capacity;
  }

  /** 64 places at once. */
  long word(int index) {
    return (long) LONG.getVolatile(memory, index * 8L);
  }

  boolean isFree(int place) {
    return (word(place / 64) & 1L << place % 64) != 0;
  }

  void give(int place) {
    LONG.getAndBitwiseOr(memory, place / 64 * 8L, 1L << place % 64);
  }

  private void take(int place) {
    LONG.getAndBitwiseAnd(memory, place / 64 * 8L, ~(1L << place % 64));
  }

  /**
   * Takes places, in the mother on one thread. It looks from where it found the last one, and goes
   * beyond the highest one ever used only when a whole round found nothing: the memory in use
   * follows what is in use at once, not what is reserved.
   */
  final class Allocator {

    private volatile int wordsInUse = 1;
    private int cursor;

    /** A place that was free, or -1 where all are taken. */
    int allocate() {
      int used = wordsInUse;
      for (int round = 0; round < used; round++) {
        long free = word(cursor);
        if (free != 0) {
          int place = cursor * 64 + Long.numberOfTrailingZeros(free);
          take(place);
          return place;
        }
        cursor = cursor + 1 < used ? cursor + 1 : 0;
      }
      if (used == capacity / 64) {
        return -1;
      }
      cursor = used;
      wordsInUse = used + 1;
      int place = cursor * 64;
      take(place);
      return place;
    }

    /** Takes note of all that another process has taken, which took places before this one. */
    void cover() {
      int index = capacity / 64;
      while (index > wordsInUse && word(index - 1) == -1L) {
        index--;
      }
      wordsInUse = index;
    }

    /** How many places are taken; exact, from the map itself. */
    int active() {
      int active = 0;
      for (int index = 0; index < wordsInUse; index++) {
        active += 64 - Long.bitCount(word(index));
      }
      return active;
    }

    /** No place at or above this has been used since the last {@link #lowerTo}. */
    int highWater() {
      return wordsInUse * 64;
    }

    /** The lowest place above which all are free now. */
    int topInUse() {
      int index = wordsInUse;
      while (index > 1 && word(index - 1) == -1L) {
        index--;
      }
      return index * 64;
    }

    /** Forgets that places above {@code place}, a multiple of 64, were ever used. */
    void lowerTo(int place) {
      wordsInUse = Math.max(1, place / 64);
      cursor = 0;
    }
  }
}
