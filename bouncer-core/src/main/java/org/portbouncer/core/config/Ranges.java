package org.portbouncer.core.config;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.SplittableRandom;

/**
 * Ranges of addresses of one family on their way to a {@link NetworkSet}: added in any order, then
 * sorted and merged where they lie, outside of the heap. Used by the mother and by commands, on one
 * thread.
 *
 * <pre>
 *   IPv4   8 bytes: the first address in the upper half of a long, the last in the lower
 *   IPv6   32 bytes: first high, first low, last high, last low
 * </pre>
 */
final class Ranges {

  static final int V4_BYTES = 8;
  static final int V6_BYTES = 32;

  private static final int FIRST_CAPACITY = 16;

  /** Below this many, sorting goes by insertion. */
  private static final int FEW = 12;

  private final int width;
  private final long start;
  private final long limit;

  /** Lists come from anywhere, and no order of theirs may make sorting slow. */
  private final SplittableRandom random = new SplittableRandom();

  private MemorySegment memory;
  private int count;

  /**
   * Ranges that lie in this memory, from {@code start} to {@code limit} at most.
   *
   * @param width bytes of each
   */
  Ranges(MemorySegment memory, long start, long limit, int width) {
    this.memory = memory;
    this.start = start;
    this.limit = limit;
    this.width = width;
  }

  /** Ranges in memory of their own, which grows with them. */
  static Ranges growing(int width) {
    MemorySegment memory = Arena.ofAuto().allocate((long) FIRST_CAPACITY * width, 8);
    return new Ranges(memory, 0, Long.MAX_VALUE, width);
  }

  MemorySegment memory() {
    return memory;
  }

  long start() {
    return start;
  }

  long end() {
    return at(count);
  }

  int count() {
    return count;
  }

  /**
   * Adds a range of IPv4.
   *
   * @throws InvalidValueException where there are too many
   */
  void add(long first, long last) {
    long at = next();
    memory.set(JAVA_LONG, at, first << 32 | last);
  }

  /**
   * Adds a range of IPv6.
   *
   * @throws InvalidValueException where there are too many
   */
  void add(long firstHi, long firstLo, long lastHi, long lastLo) {
    long at = next();
    memory.set(JAVA_LONG, at, firstHi);
    memory.set(JAVA_LONG, at + 8, firstLo);
    memory.set(JAVA_LONG, at + 16, lastHi);
    memory.set(JAVA_LONG, at + 24, lastLo);
  }

  private long next() {
    long at = at(count);
    if (at + width > limit) {
      throw new InvalidValueException(
          "more than "
              + String.format("%,d", RuleMemory.MOST_NETWORKS)
              + " networks in one configuration");
    }
    if (at + width > memory.byteSize()) {
      MemorySegment larger = Arena.ofAuto().allocate(2 * memory.byteSize(), 8);
      memory = larger.copyFrom(memory);
    }
    count++;
    return at;
  }

  private long at(int index) {
    return start + (long) index * width;
  }

  private long hi(int index) {
    return memory.get(JAVA_LONG, at(index));
  }

  /** The second part of what is sorted by; IPv4 has none. */
  private long lo(int index) {
    return width == V4_BYTES ? 0 : memory.get(JAVA_LONG, at(index) + 8);
  }

  /** Sorts them, and makes one of those that overlap or touch. */
  void sortAndMerge() {
    if (!isSorted()) {
      sort(0, count - 1);
    }
    if (width == V4_BYTES) {
      mergeV4();
    } else {
      mergeV6();
    }
  }

  private boolean isSorted() {
    for (int i = 1; i < count; i++) {
      if (NetworkSet.compare(hi(i - 1), lo(i - 1), hi(i), lo(i)) > 0) {
        return false;
      }
    }
    return true;
  }

  /** Quicksort with pivots that nobody can foresee; both ends included. */
  private void sort(int from, int to) {
    int low = from;
    int high = to;
    while (high - low >= FEW) {
      int pivot = low + random.nextInt(high - low + 1);
      long pivotHi = hi(pivot);
      long pivotLo = lo(pivot);
      int left = low;
      int right = high;
      while (left <= right) {
        while (NetworkSet.compare(hi(left), lo(left), pivotHi, pivotLo) < 0) {
          left++;
        }
        while (NetworkSet.compare(hi(right), lo(right), pivotHi, pivotLo) > 0) {
          right--;
        }
        if (left <= right) {
          swap(left++, right--);
        }
      }
      // The smaller part by recursion, so that its depth is bounded.
      if (right - low < high - left) {
        sort(low, right);
        low = left;
      } else {
        sort(left, high);
        high = right;
      }
    }
    for (int i = low + 1; i <= high; i++) {
      for (int j = i; j > low && NetworkSet.compare(hi(j - 1), lo(j - 1), hi(j), lo(j)) > 0; j--) {
        swap(j - 1, j);
      }
    }
  }

  private void swap(int a, int b) {
    for (int i = 0; i < width; i += 8) {
      long kept = memory.get(JAVA_LONG, at(a) + i);
      memory.set(JAVA_LONG, at(a) + i, memory.get(JAVA_LONG, at(b) + i));
      memory.set(JAVA_LONG, at(b) + i, kept);
    }
  }

  private void mergeV4() {
    int size = 0;
    for (int i = 0; i < count; i++) {
      long range = hi(i);
      long last = size == 0 ? 0 : hi(size - 1) & 0xffff_ffffL;
      if (size > 0 && range >>> 32 <= last + 1) {
        long longer = Math.max(last, range & 0xffff_ffffL);
        memory.set(JAVA_LONG, at(size - 1), (hi(size - 1) & 0xffff_ffff_0000_0000L) | longer);
      } else {
        memory.set(JAVA_LONG, at(size++), range);
      }
    }
    count = size;
  }

  private void mergeV6() {
    int size = 0;
    for (int i = 0; i < count; i++) {
      long before = at(size - 1) + 16;
      long lastHi = memory.get(JAVA_LONG, at(i) + 16);
      long lastLo = memory.get(JAVA_LONG, at(i) + 24);
      if (size > 0 && touches(before, hi(i), lo(i))) {
        if (NetworkSet.compare(
                lastHi, lastLo, memory.get(JAVA_LONG, before), memory.get(JAVA_LONG, before + 8))
            > 0) {
          memory.set(JAVA_LONG, before, lastHi);
          memory.set(JAVA_LONG, before + 8, lastLo);
        }
      } else {
        MemorySegment.copy(memory, at(i), memory, at(size++), width);
      }
    }
    count = size;
  }

  /** Whether a range that begins there begins no later than one past the last address. */
  private boolean touches(long last, long firstHi, long firstLo) {
    long nextLo = memory.get(JAVA_LONG, last + 8) + 1;
    long nextHi = memory.get(JAVA_LONG, last) + (nextLo == 0 ? 1 : 0);
    boolean overflow = nextLo == 0 && nextHi == 0;
    return overflow || NetworkSet.compare(firstHi, firstLo, nextHi, nextLo) <= 0;
  }
}
