package org.portbouncer.core.config;

import java.util.Arrays;

/**
 * A number for every 128-bit address: sorted places where it changes, looked up by binary search
 * without allocating. Built once; then read by any thread.
 */
final class IntervalMap {

  /** high, low of the first address of each interval, ascending as unsigned numbers. */
  private long[] starts = new long[16];

  private int[] values = new int[8];
  private int size;

  /** What holds from this address on; addresses must come in ascending order, from 0 on. */
  void append(long high, long low, int value) {
    if (size > 0 && values[size - 1] == value) {
      return;
    }
    if (size == values.length) {
      starts = Arrays.copyOf(starts, 4 * size);
      values = Arrays.copyOf(values, 2 * size);
    }
    starts[2 * size] = high;
    starts[2 * size + 1] = low;
    values[size++] = value;
  }

  /** Gives back what was reserved for more. */
  void trim() {
    starts = Arrays.copyOf(starts, 2 * size);
    values = Arrays.copyOf(values, size);
  }

  int size() {
    return size;
  }

  int get(long high, long low) {
    int from = 0;
    int to = size - 1;
    while (from < to) {
      int middle = (from + to + 1) >>> 1;
      if (NetworkSet.compare(starts[2 * middle], starts[2 * middle + 1], high, low) <= 0) {
        from = middle;
      } else {
        to = middle - 1;
      }
    }
    return values[from];
  }
}
