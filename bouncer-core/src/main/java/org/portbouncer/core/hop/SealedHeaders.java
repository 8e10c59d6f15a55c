package org.portbouncer.core.hop;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;
import org.portbouncer.core.sys.Const;
import org.portbouncer.core.sys.Errno;
import org.portbouncer.core.sys.Libc;
import org.portbouncer.core.sys.Native;

/**
 * All msghdrs that a worker gives to sendmsg(2), in memory that nobody can write to any more. None
 * has an address, so that a message goes to the peer of its socket and nowhere else: a datagram
 * socket would take it to any path, descriptors included. A filter of system calls sees the place
 * of a msghdr and not what is in it; so it allows no other place, and keeps this one as it is.
 *
 * <p>A msghdr says how many vectors and how many bytes of descriptors there are. So there is one
 * for each number of vectors, with each of {@value #CLASSES} sizes for descriptors; what they leave
 * over is a control message that the kernel skips.
 *
 * <pre>
 *   {@value #HEADER} bytes each:  vectors × {@value #CLASSES} + size class
 * </pre>
 *
 * In a worker, on the thread of its loop.
 */
public final class SealedHeaders {

  /** Where they lie: far from all else, so that the upper half of the address tells. */
  public static final long ADDRESS = 0x20_0000_0000L;

  /** As many as they have room; they begin at a multiple of it. */
  public static final int BYTES = 1 << 16;

  /** Each begins at a multiple of this. */
  public static final int HEADER = 64;

  /** Of a frame of {@link Frame#SESSIONS} sessions, four for each. */
  static final int MAX_VECTORS = 4 * Frame.SESSIONS + 1;

  private static final int CLASSES = 4;
  private static final int[] CONTROL = {0, 64, 320, 1064};
  private static final int CMSG = 16;

  /** No level that the kernel reads in a Unix socket's message. */
  private static final int SKIPPED = -1;

  private static SealedHeaders made;

  private final MemorySegment vectors = Native.allocate(16L * MAX_VECTORS);
  private final MemorySegment control = Native.allocate(CONTROL[CLASSES - 1]);

  private SealedHeaders() {}

  /**
   * Makes them; from now on all messages of this process are sent by them.
   *
   * @return 0 or the errno
   */
  public static int make() {
    if (made != null) {
      return 0;
    }
    SealedHeaders headers = new SealedHeaders();
    int flags = Const.MAP_PRIVATE | Const.MAP_ANONYMOUS | Const.MAP_FIXED_NOREPLACE;
    long address = Libc.mmap(ADDRESS, BYTES, Const.PROT_READ | Const.PROT_WRITE, flags, -1, 0);
    if (address < 0 && address > -4096) {
      return (int) -address;
    }
    if (address != ADDRESS) {
      Libc.munmap(address, BYTES);
      return Errno.EEXIST;
    }
    headers.write(MemorySegment.ofAddress(ADDRESS).reinterpret(BYTES));
    int result = Libc.mprotect(ADDRESS, BYTES, Const.PROT_READ);
    if (result < 0) {
      return -result;
    }
    made = headers;
    return 0;
  }

  /** Those of this process; null where it may send by any msghdr. */
  static SealedHeaders made() {
    return made;
  }

  private void write(MemorySegment memory) {
    for (int count = 0; count <= MAX_VECTORS; count++) {
      for (int size = 0; size < CLASSES; size++) {
        long at = offset(count, size);
        memory.set(JAVA_LONG, at + 16, vectors.address());
        memory.set(JAVA_LONG, at + 24, count);
        memory.set(JAVA_LONG, at + 32, size == 0 ? 0 : control.address());
        memory.set(JAVA_LONG, at + 40, CONTROL[size]);
      }
    }
  }

  private static long offset(int count, int size) {
    return (long) HEADER * (CLASSES * count + size);
  }

  /**
   * Sends a message.
   *
   * @param from its vectors
   * @param count of vectors, at most {@link #MAX_VECTORS}
   * @param descriptors a complete control message of them
   * @param length of that; 0 for none
   * @return as {@link Libc#sendmsg}
   */
  long send(int fd, MemorySegment from, int count, MemorySegment descriptors, long length) {
    MemorySegment.copy(from, 0, vectors, 0, 16L * count);
    int size = 0;
    if (length > 0) {
      long rest = length + 7 & ~7L;
      while (rest + CMSG > CONTROL[size]) {
        size++;
      }
      MemorySegment.copy(descriptors, 0, control, 0, length);
      control.set(JAVA_LONG, rest, CONTROL[size] - rest);
      control.set(JAVA_INT, rest + 8, SKIPPED);
      control.set(JAVA_INT, rest + 12, 0);
    }
    long header = ADDRESS + offset(count, size);
    return Libc.sendmsg(fd, header, Const.MSG_DONTWAIT | Const.MSG_NOSIGNAL);
  }
}
