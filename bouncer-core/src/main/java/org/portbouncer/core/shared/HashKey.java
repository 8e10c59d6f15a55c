package org.portbouncer.core.shared;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.portbouncer.core.sys.Errno;
import org.portbouncer.core.sys.Libc;
import org.portbouncer.core.sys.SystemCallException;

/**
 * The key by which tables in shared memory are hashed, another one at each start of the server: a
 * secret from clients, who could else choose addresses that share a place. Workers read it in the
 * shared area.
 *
 * @param low the first eight of its bytes
 * @param high the others
 */
record HashKey(long low, long high) {

  static final int BYTES = 16;

  private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;

  /**
   * A new one; in the mother.
   *
   * @throws SystemCallException where the kernel gives none
   */
  static HashKey random() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = arena.allocate(BYTES, 8);
      // So few bytes come whole, unless a signal comes first while the kernel still gathers them.
      long result;
      do {
        result = Libc.getrandom(bytes.address(), BYTES, 0);
      } while (result == -Errno.EINTR);
      SystemCallException.check("getrandom", (int) result);
      return read(bytes, 0);
    }
  }

  static HashKey read(MemorySegment memory, long at) {
    return new HashKey(memory.get(LONG, at), memory.get(LONG, at + 8));
  }

  void write(MemorySegment memory, long at) {
    memory.set(LONG, at, low);
    memory.set(LONG, at + 8, high);
  }
}
