package org.portbouncer.io;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.portbouncer.core.sys.Libc;

/**
 * What every datagram to the target begins with: a PROXY header, as connect made it. Its memory
 * lies outside the heap until it is closed. Of one session; made for those alone that have one.
 *
 * <pre>
 *   0 two iovecs, of the header and of a datagram: address u64, length u64 | 32 the header
 * </pre>
 */
final class DatagramHead {

  private static final int VECTORS = 32;

  private final Arena arena = Arena.ofConfined();
  private final MemorySegment memory;
  private final int length;

  DatagramHead(MemorySegment from, long at, int length) {
    this.length = length;
    memory = arena.allocate(VECTORS + (long) length, 8);
    MemorySegment.copy(from, at, memory, VECTORS, length);
    memory.set(JAVA_LONG, 0, memory.address() + VECTORS);
    memory.set(JAVA_LONG, 8, length);
  }

  int length() {
    return length;
  }

  /** Sends the header and a datagram as one; as writev(2). */
  long write(int fd, long address, int size) {
    memory.set(JAVA_LONG, 16, address);
    memory.set(JAVA_LONG, 24, size);
    return Libc.writev(fd, memory.address(), 2);
  }

  void close() {
    arena.close();
  }
}
