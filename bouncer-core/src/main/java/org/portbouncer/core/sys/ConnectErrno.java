package org.portbouncer.core.sys;

/**
 * What connect(2) and socket(2) towards a target mean, in words for the operator: several error
 * numbers mean something else there than their name says. In every process.
 */
public final class ConnectErrno {

  private ConnectErrno() {}

  /** What an error number says of a target that is a Unix socket. */
  public static String unix(int errno) {
    return switch (errno) {
      case Errno.EPROTOTYPE -> "the socket there is a datagram socket, and no stream";
      default -> Errno.text(errno);
    };
  }

  /** What an error number says of a target that has an IP address. */
  public static String inet(int errno) {
    return switch (errno) {
      case Errno.EADDRNOTAVAIL -> "no address of this machine can reach it (is IPv6 off?)";
      case Errno.EAFNOSUPPORT -> "this machine has no IPv6";
      case Errno.EPERM -> "a firewall of this machine forbids it";
      case Errno.EACCES -> "this machine forbids it: a route, a firewall, or a broadcast address";
      case Errno.EINVAL -> "this machine's routes throw it away, or it has no interface (%scope)";
      default -> Errno.text(errno);
    };
  }
}
