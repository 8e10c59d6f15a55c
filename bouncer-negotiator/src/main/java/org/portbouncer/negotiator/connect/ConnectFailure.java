package org.portbouncer.negotiator.connect;

import org.portbouncer.core.session.Result;
import org.portbouncer.core.session.Term;
import org.portbouncer.core.sys.Errno;

/**
 * What it means for a session, and in words for the operator, that connect(2) or socket(2) towards
 * its target failed: several error numbers mean something else there than their name says. In the
 * connect worker.
 */
record ConnectFailure(Result result, Term term, String why) {

  /**
   * @param errno as {@link TargetSockets} returns it, positive
   * @param unix whether the target is a Unix socket
   */
  static ConnectFailure of(int errno, boolean unix) {
    if (errno == Errno.EAGAIN && !unix) {
      return new ConnectFailure(Result.ERROR, Term.RESOURCE, "no local port is free towards it");
    }
    if (errno == Errno.ETIMEDOUT) {
      return new ConnectFailure(Result.TIMEOUT, Term.TARGET_TIMEOUT, Errno.text(errno));
    }
    return new ConnectFailure(Result.NO_TARGET, Term.TARGET_REFUSED, words(errno, unix));
  }

  /** What an error number says of a target. */
  static String words(int errno, boolean unix) {
    return unix ? unix(errno) : inet(errno);
  }

  private static String unix(int errno) {
    return switch (errno) {
      case Errno.EPROTOTYPE -> "the socket there is a datagram socket, and no stream";
      default -> Errno.text(errno);
    };
  }

  private static String inet(int errno) {
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
