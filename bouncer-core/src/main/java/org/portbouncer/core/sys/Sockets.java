package org.portbouncer.core.sys;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Socket options, one call each. An option that a kind of socket does not have (TCP_NODELAY of a
 * Unix socket) is refused by the kernel without harm, so nothing is returned. Runs in every
 * process.
 */
public final class Sockets {

  /** One, then zero. */
  private static final MemorySegment ON = Native.allocate(8);

  private static final MemorySegment VALUE = Native.allocate(4);

  /** A sockaddr of the family AF_UNSPEC, which is 0. */
  private static final MemorySegment NOWHERE = Native.allocate(16);

  /** Holds struct linger: on u32, seconds u32. */
  private static final MemorySegment LINGER_ZERO = Native.allocate(8);

  static {
    ON.set(JAVA_INT, 0, 1);
    LINGER_ZERO.set(JAVA_INT, 0, 1);
  }

  private Sockets() {}

  /**
   * Two connected Unix sockets, close-on-exec, that never wait.
   *
   * @param type SOCK_DGRAM, SOCK_SEQPACKET or SOCK_STREAM
   * @throws SystemCallException where the process or the system has no descriptors left
   */
  public static int[] pair(int type) {
    MemorySegment pair = Native.allocate(8);
    int full = type | Const.SOCK_CLOEXEC | Const.SOCK_NONBLOCK;
    SystemCallException.check(
        "socketpair", Libc.socketpair(Const.AF_UNIX, full, 0, pair.address()));
    return new int[] {pair.get(JAVA_INT, 0), pair.get(JAVA_INT, 4)};
  }

  /** Turns a yes-or-no option on. */
  public static void enable(int fd, int level, int option) {
    Libc.setsockopt(fd, level, option, ON.address(), 4);
  }

  /** Turns a yes-or-no option off. */
  public static void disable(int fd, int level, int option) {
    Libc.setsockopt(fd, level, option, ON.address() + 4, 4);
  }

  /**
   * What every TCP connection that is forwarded has, and a listening socket passes on to those it
   * accepts. What was read in one piece is sent in one piece: Nagle's delay would only hold back
   * what the sender meant to go. Keep-alive finds peers that died without a word. Urgent bytes stay
   * in their place in the stream, which is the only one a forwarder can give them.
   */
  public static void forForwarding(int fd) {
    enable(fd, Const.IPPROTO_TCP, Const.TCP_NODELAY);
    enable(fd, Const.SOL_SOCKET, Const.SO_KEEPALIVE);
    enable(fd, Const.SOL_SOCKET, Const.SO_OOBINLINE);
  }

  /**
   * Sets an option that has a number; on one thread of a process alone.
   *
   * @return 0 or the negated errno
   */
  public static int set(int fd, int level, int option, int value) {
    VALUE.set(JAVA_INT, 0, value);
    return Libc.setsockopt(fd, level, option, VALUE.address(), 4);
  }

  /** Bytes that may wait in a socket's sending side, as the kernel counts them. */
  public static int sendBuffer(int fd) {
    int size = option(fd, Const.SO_SNDBUF);
    return size < 0 ? 4096 : size;
  }

  /**
   * Makes the sending side hold more: as much as asked for with privilege, else what the system
   * allows.
   */
  public static void growSendBuffer(int fd, int bytes) {
    MemorySegment value = Native.allocate(4);
    value.set(JAVA_INT, 0, bytes);
    if (Libc.setsockopt(fd, Const.SOL_SOCKET, Const.SO_SNDBUFFORCE, value.address(), 4) < 0) {
      Libc.setsockopt(fd, Const.SOL_SOCKET, Const.SO_SNDBUF, value.address(), 4);
    }
  }

  /**
   * Has a TCP socket hold at least so many received bytes before it holds its peer back, within
   * {@code tcp_rmem}. The kernel makes that room for a low-water mark, which is taken back at once
   * (tcp_set_rcvlowat); other than SO_RCVBUF that lets it go on adjusting the room by itself.
   */
  public static void growReceiveRoom(int fd, int bytes) {
    set(fd, Const.SOL_SOCKET, Const.SO_RCVLOWAT, bytes);
    set(fd, Const.SOL_SOCKET, Const.SO_RCVLOWAT, 1);
  }

  /**
   * Connects to a Unix stream socket and hangs up, to see whether anybody listens there; does not
   * wait.
   *
   * @param path of at most {@link SockAddr#MOST_PATH} bytes
   * @return 0 where somebody does; the negated errno: ECONNREFUSED where nobody does, EAGAIN where
   *     the queue of whoever does is full
   */
  public static int probe(String path) {
    int type = Const.SOCK_STREAM | Const.SOCK_CLOEXEC | Const.SOCK_NONBLOCK;
    int fd = Libc.socket(Const.AF_UNIX, type, 0);
    if (fd < 0) {
      return fd;
    }
    try {
      return connect(fd, path);
    } finally {
      Libc.close(fd);
    }
  }

  /**
   * Connects a Unix socket.
   *
   * @param path of at most {@link SockAddr#MOST_PATH} bytes
   * @return 0 or the negated errno
   */
  public static int connect(int fd, String path) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment address = arena.allocate(SockAddr.ROOM, 8);
      return Libc.connect(fd, address.address(), SockAddr.putUnix(address, 0, path));
    }
  }

  /** Binds a Unix socket; as {@link #connect}. */
  public static int bind(int fd, String path) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment address = arena.allocate(SockAddr.ROOM, 8);
      return Libc.bind(fd, address.address(), SockAddr.putUnix(address, 0, path));
    }
  }

  /** Whether a descriptor is a socket. */
  public static boolean isSocket(int fd) {
    return option(fd, Const.SO_TYPE) >= 0;
  }

  /** Whether a descriptor is a stream socket that accepts. */
  public static boolean listens(int fd) {
    return option(fd, Const.SO_ACCEPTCONN) == 1 && option(fd, Const.SO_TYPE) == Const.SOCK_STREAM;
  }

  /** Whether a socket has a peer. */
  public static boolean isConnected(int fd) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment address = arena.allocate(SockAddr.ROOM + 8L, 8);
      address.set(JAVA_INT, SockAddr.ROOM, SockAddr.ROOM);
      return Libc.getpeername(fd, address.address(), address.address() + SockAddr.ROOM) == 0;
    }
  }

  /** Has a socket of datagrams take no more; what has come can still be read. */
  public static void ignoreAll(int fd) {
    attach(fd, new long[] {instruction(0x06, 0, 0, 0)}); // ret 0: drop it
  }

  /** Takes back {@link #ignoreAll}. */
  public static void ignoreNone(int fd) {
    disable(fd, Const.SOL_SOCKET, Const.SO_DETACH_FILTER);
  }

  /** What {@link #dropped} reads: SO_MEMINFO of socket(7), the last of nine u32 is the number. */
  private static final MemorySegment MEMORY_INFO = Native.allocate(48);

  /** Datagrams that a socket had no room for; on one thread of a process alone. */
  public static long dropped(int fd) {
    MEMORY_INFO.set(JAVA_INT, 40, 36);
    int result =
        Libc.getsockopt(
            fd,
            Const.SOL_SOCKET,
            Const.SO_MEMINFO,
            MEMORY_INFO.address(),
            MEMORY_INFO.address() + 40);
    return result < 0 ? 0 : MEMORY_INFO.get(JAVA_INT, 32) & 0xffff_ffffL;
  }

  /**
   * Has a listening TCP socket ignore new clients: their first packet is dropped, as if it had been
   * lost, and they send it again after a second. Those who have connected, or are about to, are not
   * affected.
   *
   * <pre>
   *   socket(7), SO_ATTACH_FILTER: sock_fprog  0 count u16 | 8 instructions
   *   each instruction  0 code u16 | 2 jump if true u8 | 3 if false u8 | 4 operand u32
   * </pre>
   */
  public static void ignoreNewClients(int fd) {
    long[] program = {
      instruction(0x30, 0, 0, 13), // ldb [13]: the flags, counted from the TCP header
      instruction(0x54, 0, 0, 0x12), // and SYN | ACK
      instruction(0x15, 0, 1, 0x02), // jeq SYN: a first packet
      instruction(0x06, 0, 0, 0), // ret 0: drop it
      instruction(0x06, 0, 0, 0xffff_ffffL) // ret all: take it
    };
    attach(fd, program);
  }

  private static void attach(int fd, long[] program) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment instructions = arena.allocate(8L * program.length, 8);
      for (int i = 0; i < program.length; i++) {
        instructions.set(JAVA_LONG, 8L * i, program[i]);
      }
      MemorySegment filter = arena.allocate(16, 8);
      filter.set(JAVA_SHORT, 0, (short) program.length);
      filter.set(JAVA_LONG, 8, instructions.address());
      Libc.setsockopt(fd, Const.SOL_SOCKET, Const.SO_ATTACH_FILTER, filter.address(), 16);
    }
  }

  /** A struct sock_filter; little-endian, as all machines are that this runs on. */
  private static long instruction(int code, int ifTrue, int ifFalse, long operand) {
    return operand << 32 | (long) ifFalse << 24 | (long) ifTrue << 16 | code;
  }

  /** Whether something can be read at once. */
  public static boolean isReadable(int fd) {
    try (Arena arena = Arena.ofConfined()) {
      // struct pollfd: 0 fd | 4 events u16 | 6 returned events u16
      MemorySegment poll = arena.allocate(8, 8);
      poll.set(JAVA_INT, 0, fd);
      poll.set(JAVA_SHORT, 4, (short) Const.EPOLLIN);
      return Libc.poll(poll.address(), 1, 0) > 0;
    }
  }

  /**
   * The supplementary groups that the peer of a Unix socket had when it connected; none where the
   * kernel is older than 4.13 and does not tell.
   */
  public static int[] peerGroups(int fd) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment length = arena.allocate(4, 4);
      // With no room at all, the kernel says how much it takes (ERANGE).
      Libc.getsockopt(
          fd, Const.SOL_SOCKET, Const.SO_PEERGROUPS, length.address(), length.address());
      MemorySegment groups = arena.allocate(Math.max(4, length.get(JAVA_INT, 0)), 4);
      int result =
          Libc.getsockopt(
              fd, Const.SOL_SOCKET, Const.SO_PEERGROUPS, groups.address(), length.address());
      return result < 0 ? new int[0] : groups.asSlice(0, length.get(JAVA_INT, 0)).toArray(JAVA_INT);
    }
  }

  /** The user who made the other end of a Unix socket; -1 where there is no other end. */
  public static int peerUser(int fd) {
    // struct ucred: 0 pid | 4 uid | 8 gid
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment peer = arena.allocate(16, 8);
      peer.set(JAVA_INT, 12, 12);
      int result =
          Libc.getsockopt(
              fd, Const.SOL_SOCKET, Const.SO_PEERCRED, peer.address(), peer.address() + 12);
      return result < 0 ? -1 : peer.get(JAVA_INT, 4);
    }
  }

  /** The kernel's number of a socket, which no other one has had; 0 for what is none. */
  public static long cookie(int fd) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment value = arena.allocate(16, 8);
      value.set(JAVA_INT, 8, 8);
      int result =
          Libc.getsockopt(
              fd, Const.SOL_SOCKET, Const.SO_COOKIE, value.address(), value.address() + 8);
      return result < 0 ? 0 : value.get(JAVA_LONG, 0);
    }
  }

  /** Whether an IPv6 socket leaves IPv4 clients to others; false for any other socket. */
  public static boolean isSixOnly(int fd) {
    return option(fd, Const.IPPROTO_IPV6, Const.IPV6_V6ONLY) == 1;
  }

  private static int option(int fd, int option) {
    return option(fd, Const.SOL_SOCKET, option);
  }

  /** The value of an option that has a number; the negated errno where the socket has none. */
  public static int option(int fd, int level, int option) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment value = arena.allocate(16, 8);
      value.set(JAVA_INT, 8, 4);
      int result = Libc.getsockopt(fd, level, option, value.address(), value.address() + 8);
      return result < 0 ? result : value.get(JAVA_INT, 0);
    }
  }

  /** Ends a TCP connection with a reset, now, and gives its port back (connect(2), AF_UNSPEC). */
  public static void disconnect(int fd) {
    Libc.connect(fd, NOWHERE.address(), 16);
  }

  /** Makes the close of {@code fd} a reset: what still waits to be sent is thrown away. */
  public static void resetOnClose(int fd) {
    Libc.setsockopt(fd, Const.SOL_SOCKET, Const.SO_LINGER, LINGER_ZERO.address(), 8);
  }
}
