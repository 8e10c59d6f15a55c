package org.portbouncer.core.sys;

/**
 * Error numbers of Linux (asm-generic/errno.h, the same on x86-64 and aarch64) and their words.
 * {@link Libc} returns them negated. Runs in every process.
 */
public final class Errno {

  public static final int EPERM = 1;
  public static final int ENOENT = 2;
  public static final int ESRCH = 3;
  public static final int EINTR = 4;
  public static final int EIO = 5;
  public static final int EBADF = 9;
  public static final int EAGAIN = 11;
  public static final int ENOMEM = 12;
  public static final int ENXIO = 6;
  public static final int EACCES = 13;
  public static final int EEXIST = 17;
  public static final int ENODEV = 19;
  public static final int ENOTDIR = 20;
  public static final int EINVAL = 22;
  public static final int ENFILE = 23;
  public static final int EMFILE = 24;
  public static final int ENOSPC = 28;
  public static final int EROFS = 30;
  public static final int EPIPE = 32;
  public static final int ENOSYS = 38;
  public static final int ENONET = 64;
  public static final int EPROTO = 71;
  public static final int EMSGSIZE = 90;
  public static final int EPROTOTYPE = 91;
  public static final int ENOPROTOOPT = 92;
  public static final int EPROTONOSUPPORT = 93;
  public static final int EOPNOTSUPP = 95;
  public static final int EAFNOSUPPORT = 97;
  public static final int EADDRINUSE = 98;
  public static final int EADDRNOTAVAIL = 99;
  public static final int ENETDOWN = 100;
  public static final int ENETUNREACH = 101;
  public static final int ENETRESET = 102;
  public static final int ECONNABORTED = 103;
  public static final int ECONNRESET = 104;
  public static final int ENOBUFS = 105;
  public static final int ENOTCONN = 107;
  public static final int ETOOMANYREFS = 109;
  public static final int ETIMEDOUT = 110;
  public static final int ECONNREFUSED = 111;
  public static final int EHOSTDOWN = 112;
  public static final int EHOSTUNREACH = 113;
  public static final int EALREADY = 114;
  public static final int EINPROGRESS = 115;
  public static final int EDQUOT = 122;

  private Errno() {}

  /**
   * What an operator reads for an error number: every one has words. Where a call gives a number
   * another meaning, whoever makes it says so (as connecting does).
   *
   * @param errno positive, as in the man pages
   */
  public static String text(int errno) {
    return ErrnoWords.of(errno);
  }

  /** Whether epoll_ctl(2) took a descriptor not because the user watches too many. */
  public static boolean isWatchLimit(int errno) {
    return errno == ENOSPC || errno == ENOMEM;
  }

  /** What an operator reads where a descriptor cannot be watched. */
  public static String watching(int errno) {
    return errno == ENOSPC
        ? "more descriptors are watched than fs.epoll.max_user_watches allows"
        : text(errno);
  }

  /** Whether a call that accepts or receives descriptors found the process or the system full. */
  public static boolean isDescriptorLimit(int errno) {
    return errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM;
  }

  /**
   * Whether a call on a connected socket says that the peer, or the way to it, is gone. Everything
   * else that such a call may say is about this machine or this process, and no fault of the peer.
   *
   * <p>Beside what TCP says itself these are what a router's answers become once the kernel has
   * given up (icmp_err_convert, icmpv6_err_convert; EACCES is IPv6's "prohibited").
   */
  public static boolean meansPeerGone(int errno) {
    return switch (errno) {
      case ECONNRESET,
          EPIPE,
          ETIMEDOUT,
          ECONNABORTED,
          ECONNREFUSED,
          ENETDOWN,
          ENETUNREACH,
          ENETRESET,
          EHOSTDOWN,
          EHOSTUNREACH,
          ENONET,
          EPROTO,
          ENOPROTOOPT,
          EOPNOTSUPP,
          EACCES ->
          true;
      default -> false;
    };
  }

  /** Whether a system call is refused to this process altogether, by a filter or by the kernel. */
  public static boolean meansCallRefused(int errno) {
    return errno == EPERM || errno == ENOSYS;
  }
}
