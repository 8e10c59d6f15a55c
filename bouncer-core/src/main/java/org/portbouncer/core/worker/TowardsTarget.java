package org.portbouncer.core.worker;

import org.portbouncer.core.config.Listener;
import org.portbouncer.core.config.SocketSettings;
import org.portbouncer.core.hop.Session;

/** Which settings the socket to a session's target has. In workers. */
public final class TowardsTarget {

  private TowardsTarget() {}

  /** Those of the member that the session is at, and behind them the listener's. */
  public static SocketSettings of(Worker worker, Session session, Listener listener) {
    if (listener.group() < 0) {
      return listener.sockets();
    }
    int member = worker.table().route().member(session.state().record());
    var members = worker.configuration(session).targets().get(listener.group()).members();
    return member < 0 || member >= members.size()
        ? listener.sockets()
        : members.get(member).sockets().over(listener.sockets());
  }

  /** Its user timeout in milliseconds, 0 for the system's; as {@link UserTimeout} where not set. */
  public static int userTimeout(SocketSettings settings, Listener listener, int fd) {
    return settings.userTimeoutMs() == SocketSettings.UNSET
        ? UserTimeout.millis(listener.keepAlive(), fd)
        : settings.userTimeoutMs();
  }
}
