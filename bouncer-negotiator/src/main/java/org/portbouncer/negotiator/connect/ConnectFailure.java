package org.portbouncer.negotiator.connect;

import org.portbouncer.core.session.Cause;
import org.portbouncer.core.session.Result;
import org.portbouncer.core.session.Term;
import org.portbouncer.core.sys.Errno;

/**
 * What it means for a session, and in words for the operator, that connect(2) or socket(2) towards
 * its target failed: several error numbers mean something else there than their name says. In the
 * connect worker.
 */
record ConnectFailure(Result result, Term term, Cause cause, int errno) {

  /**
   * @param errno as {@link TargetSockets} returns it, positive
   * @param unix whether the target is a Unix socket
   */
  static ConnectFailure of(int errno, boolean unix) {
    if (errno == Errno.EAGAIN && !unix) {
      return new ConnectFailure(Result.ERROR, Term.RESOURCE, Cause.NO_LOCAL_PORT, 0);
    }
    if (errno == Errno.ETIMEDOUT) {
      return new ConnectFailure(Result.TIMEOUT, Term.TARGET_TIMEOUT, cause(errno, unix), errno);
    }
    return new ConnectFailure(Result.NO_TARGET, Term.TARGET_REFUSED, cause(errno, unix), errno);
  }

  /** What an error number says of a target. */
  static Cause cause(int errno, boolean unix) {
    if (errno == Errno.EAGAIN && !unix) {
      return Cause.NO_LOCAL_PORT;
    }
    return unix ? Cause.CONNECT_UNIX : Cause.CONNECT;
  }

  /** In words. */
  String why() {
    return cause.text(errno);
  }
}
