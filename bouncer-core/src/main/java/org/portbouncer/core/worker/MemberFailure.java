package org.portbouncer.core.worker;

import org.portbouncer.core.config.TargetGroup;
import org.portbouncer.core.session.Cause;
import org.portbouncer.core.shared.TargetBoard;
import org.portbouncer.core.shared.TargetBoard.Outcome;
import org.portbouncer.core.sys.Errno;

/**
 * Counts a session that a member of a group could not be given, and says so where that ejects it.
 * In a connect worker, and in an io worker where the member is reached by datagrams; on the thread
 * of its loop.
 */
public final class MemberFailure {

  private MemberFailure() {}

  /**
   * Counts it.
   *
   * @param member index in the group
   * @param place of the member on the {@link TargetBoard}
   * @param errno what the system said; 0 for nothing
   */
  public static void note(
      Worker worker, TargetGroup group, int member, int place, Cause cause, int errno) {
    TargetGroup.Eject eject = group.eject();
    boolean ejected =
        worker
            .area()
            .targets()
            .failed(
                place,
                outcome(cause, errno),
                cause,
                errno,
                eject.failures(),
                eject.withinMs() * 1_000_000,
                eject.forMs() * 1_000_000,
                worker.loop().now());
    if (ejected) {
      worker
          .log()
          .warn(
              worker.loop().now(),
              group.named(group.members().get(member))
                  + " gets no session for "
                  + eject.forMs()
                  + " ms: "
                  + eject.failures()
                  + " in a row could not be connected, the last: "
                  + cause.text(errno));
    }
  }

  private static Outcome outcome(Cause cause, int errno) {
    if (cause == Cause.NO_ANSWER
        || cause == Cause.PROXY_LATE
        || cause == Cause.NAME_LATE
        || errno == Errno.ETIMEDOUT) {
      return Outcome.TIMEOUT;
    }
    return errno == Errno.ECONNREFUSED ? Outcome.REFUSED : Outcome.ERROR;
  }
}
