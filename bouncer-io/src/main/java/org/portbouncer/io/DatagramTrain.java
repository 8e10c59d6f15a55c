package org.portbouncer.io;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;
import org.portbouncer.core.sys.DatagramBatch;
import org.portbouncer.core.sys.Libc;
import org.portbouncer.core.sys.Native;

/**
 * Datagrams of one length, of which the last may be shorter, that leave with one call: the kernel
 * takes them as one and parts them as late as it can (UDP_SEGMENT). Each arrives as it came. One
 * for each io worker, used by one session after the other; copies nothing, allocates nothing.
 *
 * <pre>
 *   iovec  0 address u64 | 8 length u64
 * </pre>
 */
final class DatagramTrain {

  /** What the kernel parts, at most, and how long it may be in all. */
  private static final int MOST = 64;

  private static final int LONGEST = 65_000;

  private static final int IOVEC = 16;

  private final MemorySegment vectors = Native.allocate((long) MOST * IOVEC);
  private int count;
  private int each;

  /**
   * Takes those that can go together.
   *
   * @param from the first one
   * @param end behind the last one there is
   * @return how many, 1 where it is alone; 0 where it is empty
   */
  int gather(DatagramBatch batch, int from, int end) {
    each = batch.length(from);
    count = 0;
    int length = each;
    int total = 0;
    for (int i = from; i < end && count < MOST && length == each && length > 0; i++) {
      length = batch.length(i);
      if (length == 0 || length > each || total + length > LONGEST) {
        break;
      }
      vectors.set(JAVA_LONG, (long) count * IOVEC, batch.data().address() + batch.at(i));
      vectors.set(JAVA_LONG, (long) count * IOVEC + 8, length);
      total += length;
      count++;
    }
    return count;
  }

  int count() {
    return count;
  }

  /** How long each is, but for the last. */
  int each() {
    return each;
  }

  /**
   * Sends them.
   *
   * @return their bytes: all go or none; or the negated errno
   */
  long write(int fd) {
    return Libc.writev(fd, vectors.address(), count);
  }
}
