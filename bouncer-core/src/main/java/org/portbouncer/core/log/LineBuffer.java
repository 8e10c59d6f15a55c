package org.portbouncer.core.log;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;
import org.portbouncer.core.sys.Const;
import org.portbouncer.core.sys.Libc;
import org.portbouncer.core.sys.Native;

/**
 * Text on its way to a descriptor, in memory outside the heap. Whole lines are kept: one that does
 * not fit is left out.
 */
final class LineBuffer {

  /** Memory that is not given back; whole pages of any size. */
  private static final int KEPT = 512 * 1024;

  private final MemorySegment memory;
  private final int capacity;
  private final int idle;
  private int start;
  private int lineStart;
  private int end;
  private boolean overflow;

  /** Whether the first line lacks what was taken of it already. */
  private boolean begun;

  /** How far it was ever filled since memory was given back. */
  private int highest;

  LineBuffer(int capacity) {
    this(capacity, 1);
  }

  /**
   * Memory is used for what is put in, and given back when all of it has been taken.
   *
   * @param idle so many bytes in front must have been taken before what follows is moved there: the
   *     larger, the less often, and the more may lie idle
   */
  LineBuffer(int capacity, int idle) {
    this.memory = Native.allocate(capacity);
    this.capacity = capacity;
    this.idle = idle;
  }

  /** Where the first whole line begins. */
  long address() {
    return memory.address() + start;
  }

  /** Bytes of whole lines. */
  int length() {
    return lineStart - start;
  }

  void put(byte b) {
    if (end == capacity && start >= idle) {
      compact();
    }
    if (end == capacity) {
      overflow = true;
    } else {
      memory.set(JAVA_BYTE, end++, b);
    }
  }

  private void compact() {
    MemorySegment.copy(memory, start, memory, 0, end - start);
    lineStart -= start;
    end -= start;
    start = 0;
  }

  /** Text, as UTF-8. */
  void put(String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (Character.isHighSurrogate(c) && i + 1 < text.length()) {
        i++;
        putCodePoint(Character.toCodePoint(c, text.charAt(i)));
      } else {
        putCodePoint(c);
      }
    }
  }

  void putCodePoint(int c) {
    if (c < 0x80) {
      put((byte) c);
    } else if (c < 0x800) {
      put((byte) (0xc0 | c >> 6));
      put((byte) (0x80 | c & 0x3f));
    } else {
      if (c < 0x10000) {
        put((byte) (0xe0 | c >> 12));
      } else {
        put((byte) (0xf0 | c >> 18));
        put((byte) (0x80 | c >> 12 & 0x3f));
      }
      put((byte) (0x80 | c >> 6 & 0x3f));
      put((byte) (0x80 | c & 0x3f));
    }
  }

  /** A number that is not negative. */
  void put(long number) {
    if (number >= 10) {
      put(number / 10);
    }
    put((byte) ('0' + number % 10));
  }

  /**
   * Ends the line.
   *
   * @return false where it did not fit and was left out
   */
  boolean endLine() {
    put((byte) '\n');
    boolean kept = !overflow;
    if (kept) {
      lineStart = end;
    } else {
      end = lineStart;
    }
    overflow = false;
    return kept;
  }

  /** How many lines end within {@code count} bytes from the front. */
  int countLines(int count) {
    int lines = 0;
    for (int at = start; at < start + count; at++) {
      lines += memory.get(JAVA_BYTE, at) == '\n' ? 1 : 0;
    }
    return lines;
  }

  /** Takes {@code count} bytes from the front. */
  void consume(int count) {
    if (count > 0) {
      begun = memory.get(JAVA_BYTE, start + count - 1L) != '\n';
    }
    highest = Math.max(highest, end);
    start += count;
    if (start == end) {
      start = 0;
      lineStart = 0;
      end = 0;
      giveBack();
    }
  }

  /** What a burst took is no use to anybody afterwards. */
  private void giveBack() {
    if (highest > KEPT) {
      Libc.madvise(memory.address() + KEPT, capacity - KEPT, Const.MADV_DONTNEED);
      highest = 0;
    }
  }

  /**
   * Throws away the rest of a line that was begun to be taken.
   *
   * @return how many lines that are: 1 or none
   */
  int dropBegun() {
    if (!begun) {
      return 0;
    }
    consume(wholeLines(1));
    return 1;
  }

  /**
   * Throws away all whole lines.
   *
   * @return how many there were
   */
  int drop() {
    int lines = countLines(length());
    consume(length());
    return lines;
  }

  /**
   * How many bytes, at most {@code limit}, end with a whole line; all of the first line at least.
   */
  int wholeLines(int limit) {
    if (length() <= limit) {
      return length();
    }
    int at = start + limit;
    while (at > start && memory.get(JAVA_BYTE, at - 1L) != '\n') {
      at--;
    }
    if (at == start) {
      at = start + limit;
      while (memory.get(JAVA_BYTE, at - 1L) != '\n') {
        at++;
      }
    }
    return at - start;
  }
}
