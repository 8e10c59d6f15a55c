package org.portbouncer.core.sys;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.MemorySegment;

/**
 * Many datagrams with one call, recvmmsg(2): room for each is that of the longest there is, so none
 * is cut; pages that none reaches stay untouched. In the mother and in io workers, on the thread of
 * their loop; allocates nothing once it is made.
 *
 * <pre>
 *   mmsghdr  0 name u64 | 8 name's length u32 | 16 vectors u64 | 24 their count u64
 *           32 control u64 | 40 its length u64 | 48 flags u32 | 56 the datagram's length u32
 *   cmsghdr  0 length u64 | 8 level u32 | 12 type u32 | 16 data
 *   in_pktinfo   0 interface u32 | 4 local address | 8 address in the header
 *   in6_pktinfo  0 address in the header, 16 bytes | 16 interface u32
 * </pre>
 */
public final class DatagramBatch {

  /** Room for each datagram. */
  public static final int ROOM = 65_536;

  private static final int MMSGHDR = 64;
  private static final int NAME_LENGTH = 8;
  private static final int CONTROL_LENGTH = 40;
  private static final int LENGTH = 56;
  private static final int IOVEC = 16;
  private static final int NAME = 32;
  private static final int CONTROL = 128;
  private static final int CMSG_DATA = 16;

  private final int most;
  private final boolean addressed;
  private final MemorySegment headers;
  private final MemorySegment data;
  private final MemorySegment names;
  private final MemorySegment controls;
  private int used;

  /**
   * Makes room.
   *
   * @param most datagrams in one call
   * @param addressed whether it is asked who sent each, and to which address
   */
  public DatagramBatch(int most, boolean addressed) {
    this.most = most;
    this.addressed = addressed;
    headers = Native.allocate((long) most * (MMSGHDR + IOVEC));
    data = Native.allocate((long) most * ROOM);
    names = addressed ? Native.allocate((long) most * NAME) : MemorySegment.NULL;
    controls = addressed ? Native.allocate((long) most * CONTROL) : MemorySegment.NULL;
    for (int i = 0; i < most; i++) {
      long header = (long) i * MMSGHDR;
      long vector = (long) most * MMSGHDR + (long) i * IOVEC;
      headers.set(JAVA_LONG, vector, data.address() + at(i));
      headers.set(JAVA_LONG, vector + 8, ROOM);
      headers.set(JAVA_LONG, header + 16, headers.address() + vector);
      headers.set(JAVA_LONG, header + 24, 1);
      if (addressed) {
        headers.set(JAVA_LONG, header, names.address() + (long) i * NAME);
        headers.set(JAVA_LONG, header + 32, controls.address() + (long) i * CONTROL);
      }
    }
    used = most;
  }

  /**
   * Has a socket tell of each datagram to which address of this machine it came.
   *
   * @param family AF_INET or AF_INET6, the socket's
   */
  public static void tellAll(int fd, int family) {
    boolean four = family == Const.AF_INET;
    Sockets.enable(
        fd,
        four ? Const.IPPROTO_IP : Const.IPPROTO_IPV6,
        four ? Const.IP_PKTINFO : Const.IPV6_RECVPKTINFO);
  }

  public int most() {
    return most;
  }

  /**
   * Takes what has come, without waiting; it lies here until the next call.
   *
   * @return how many; the negated errno where there is none
   */
  public int receive(int fd) {
    return receive(fd, most);
  }

  /** The same, so many at most. */
  public int receive(int fd, int count) {
    if (addressed) {
      for (int i = 0; i < used; i++) {
        headers.set(JAVA_INT, (long) i * MMSGHDR + NAME_LENGTH, SockAddr.BYTES);
        headers.set(JAVA_LONG, (long) i * MMSGHDR + CONTROL_LENGTH, CONTROL);
      }
    }
    int received = Libc.recvmmsg(fd, headers.address(), count, Const.MSG_DONTWAIT);
    used = Math.max(0, received);
    return received;
  }

  /** Where the datagrams lie. */
  public MemorySegment data() {
    return data;
  }

  /** Where one begins in {@link #data}. */
  public long at(int index) {
    return (long) index * ROOM;
  }

  public int length(int index) {
    return headers.get(JAVA_INT, (long) index * MMSGHDR + LENGTH);
  }

  // Whom it came from, and to which address.

  /** Where the senders' addresses lie. */
  public MemorySegment names() {
    return names;
  }

  /** Where that of one begins in {@link #names}. */
  public long nameAt(int index) {
    return (long) index * NAME;
  }

  private long control(int index, int level, int type) {
    long at = (long) index * CONTROL;
    long end = at + Math.min(CONTROL, headers.get(JAVA_LONG, (long) index * MMSGHDR + 40));
    while (at + CMSG_DATA <= end) {
      long length = controls.get(JAVA_LONG, at);
      if (controls.get(JAVA_INT, at + 8) == level && controls.get(JAVA_INT, at + 12) == type) {
        return at + CMSG_DATA;
      }
      if (length < CMSG_DATA) {
        return -1;
      }
      at += length + 7 & ~7L;
    }
    return -1;
  }

  /**
   * Writes the address of this machine to which one came, the one that its answer is to come from.
   *
   * @param port of the socket, in network order as it lies in an address
   * @return false where it was not told
   */
  public boolean local(int index, MemorySegment to, long at, short port) {
    to.asSlice(at, SockAddr.BYTES).fill((byte) 0);
    to.set(JAVA_SHORT, at + 2, port);
    long four = control(index, Const.IPPROTO_IP, Const.IP_PKTINFO);
    if (four >= 0) {
      to.set(JAVA_SHORT, at, (short) Const.AF_INET);
      MemorySegment.copy(controls, four + 4, to, at + 4, 4);
      return true;
    }
    long six = control(index, Const.IPPROTO_IPV6, Const.IPV6_PKTINFO);
    if (six < 0) {
      return false;
    }
    to.set(JAVA_SHORT, at, (short) Const.AF_INET6);
    MemorySegment.copy(controls, six, to, at + 8, 16);
    if (SockAddr.isLinkLocal(to, at)) {
      to.set(JAVA_INT, at + 24, controls.get(JAVA_INT, six + 16));
    }
    SockAddr.normalize(to, at);
    return true;
  }
}
