package org.portbouncer.io;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.portbouncer.core.session.Datagrams;

/**
 * Datagrams of one batch for which the way on had no room: the batch's memory is everybody's, so
 * they wait here. At most one batch. In the io worker; where there is room none is made.
 */
final class Leftover {

  private static final int FIRST = 16 * 1024;

  private Arena arena = Arena.ofConfined();
  private MemorySegment memory = arena.allocate(FIRST, 8);
  private long begin;
  private long end;
  private int count;

  void add(MemorySegment from, long at, int length) {
    long whole = end + Datagrams.HEAD + length;
    if (whole > memory.byteSize()) {
      Arena larger = Arena.ofConfined();
      MemorySegment room = larger.allocate(Math.max(whole, 2 * memory.byteSize()), 8);
      MemorySegment.copy(memory, 0, room, 0, end);
      arena.close();
      arena = larger;
      memory = room;
    }
    Datagrams.put(memory, end, from, at, length);
    end = whole;
    count++;
  }

  boolean isEmpty() {
    return count == 0;
  }

  int count() {
    return count;
  }

  /** Where the first one lies. */
  long address() {
    return memory.address() + begin + Datagrams.HEAD;
  }

  /** Its length. */
  int length() {
    return Datagrams.length(memory, begin);
  }

  /** The first one has gone. */
  void next() {
    begin += Datagrams.HEAD + length();
    count--;
  }

  void close() {
    arena.close();
  }
}
