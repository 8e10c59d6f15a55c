package org.portbouncer.core.hop;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;
import org.portbouncer.core.sys.Const;
import org.portbouncer.core.sys.Libc;
import org.portbouncer.core.sys.Native;

/**
 * A msghdr with room for vectors and descriptors, made once and used for every message of its
 * owner. Layouts from sendmsg(2) and cmsg(3) on 64-bit Linux:
 *
 * <pre>
 *   msghdr   0 name | 8 name length u32 | 16 iov | 24 iov count | 32 control | 40 control length | 48 flags
 *   iovec    0 base | 8 length
 *   cmsghdr  0 length u64 | 8 level u32 | 12 type u32 | 16 descriptors, u32 each
 * </pre>
 *
 * Used by the mother and the workers, each on its own thread.
 */
public final class MessageHeader {

  private static final int MSGHDR = 56;
  private static final int CMSG_DATA = 16;

  private final MemorySegment header = Native.allocate(MSGHDR);
  private final MemorySegment vectors;
  private final MemorySegment control = Native.allocate(CMSG_DATA + 4L * (Const.SCM_MAX_FD + 1));
  private final int maxVectors;

  private int vectorCount;
  private int descriptorCount;

  public MessageHeader(int maxVectors) {
    this.maxVectors = maxVectors;
    vectors = Native.allocate(16L * maxVectors);
    header.set(JAVA_LONG, 16, vectors.address());
  }

  /** Empties vectors and descriptors. */
  public void reset() {
    vectorCount = 0;
    descriptorCount = 0;
  }

  /** Adds a piece of memory to send from or to receive into. */
  public void addVector(long address, long length) {
    if (vectorCount == maxVectors) {
      throw new IllegalStateException("more than " + maxVectors + " vectors");
    }
    vectors.set(JAVA_LONG, 16L * vectorCount, address);
    vectors.set(JAVA_LONG, 16L * vectorCount + 8, length);
    vectorCount++;
  }

  public int vectorCount() {
    return vectorCount;
  }

  /** Adds a descriptor to send; it stays the caller's. */
  public void addDescriptor(int fd) {
    control.set(JAVA_INT, CMSG_DATA + 4L * descriptorCount, fd);
    descriptorCount++;
  }

  /**
   * Sends what was added, as one datagram.
   *
   * @return bytes sent, or the negated errno
   */
  public long send(int fd) {
    long length = 0;
    if (descriptorCount > 0) {
      length = CMSG_DATA + 4L * descriptorCount;
      control.set(JAVA_LONG, 0, length);
      control.set(JAVA_INT, 8, Const.SOL_SOCKET);
      control.set(JAVA_INT, 12, Const.SCM_RIGHTS);
    }
    SealedHeaders sealed = SealedHeaders.made();
    if (sealed != null) {
      return sealed.send(fd, vectors, vectorCount, control, length);
    }
    header.set(JAVA_LONG, 24, vectorCount);
    header.set(JAVA_LONG, 32, length == 0 ? 0 : control.address());
    header.set(JAVA_LONG, 40, (length + 7) & ~7L);
    return Libc.sendmsg(fd, header.address(), Const.MSG_DONTWAIT | Const.MSG_NOSIGNAL);
  }

  /**
   * Receives one datagram into the vectors that were added. Descriptors that came are close-on-exec
   * and the caller's, whatever else went wrong.
   *
   * @return bytes received, or the negated errno
   */
  public long receive(int fd) {
    return receive(fd, control.address(), control.byteSize());
  }

  /**
   * As {@link #receive}, with room for no descriptor: the kernel drops those that came, and {@link
   * #truncated} says that there were some.
   */
  public long receiveBare(int fd) {
    return receive(fd, 0, 0);
  }

  private long receive(int fd, long room, long roomLength) {
    header.set(JAVA_LONG, 24, vectorCount);
    header.set(JAVA_LONG, 32, room);
    header.set(JAVA_LONG, 40, roomLength);
    header.set(JAVA_INT, 48, 0);
    long result = Libc.recvmsg(fd, header.address(), Const.MSG_DONTWAIT | Const.MSG_CMSG_CLOEXEC);
    descriptorCount = 0;
    if (result >= 0 && header.get(JAVA_LONG, 40) >= CMSG_DATA) {
      if (control.get(JAVA_INT, 8) == Const.SOL_SOCKET
          && control.get(JAVA_INT, 12) == Const.SCM_RIGHTS) {
        descriptorCount = (int) ((control.get(JAVA_LONG, 0) - CMSG_DATA) / 4);
      }
    }
    return result;
  }

  /** Whether the message or its descriptors did not fit. Descriptors that fitted are there. */
  public boolean truncated() {
    return (header.get(JAVA_INT, 48) & (Const.MSG_TRUNC | Const.MSG_CTRUNC)) != 0;
  }

  /** Whether all of the message came, and of its descriptors only some, for want of room. */
  public boolean lacksDescriptors() {
    return (header.get(JAVA_INT, 48) & (Const.MSG_TRUNC | Const.MSG_CTRUNC)) == Const.MSG_CTRUNC;
  }

  public int descriptorCount() {
    return descriptorCount;
  }

  /** The descriptor at {@code index} of those that came. */
  public int descriptor(int index) {
    return control.get(JAVA_INT, CMSG_DATA + 4L * index);
  }

  /** Closes the descriptors that came, from {@code index} on. */
  public void closeDescriptors(int index) {
    for (int i = index; i < descriptorCount; i++) {
      Libc.close(descriptor(i));
    }
    descriptorCount = Math.min(descriptorCount, index);
  }
}
