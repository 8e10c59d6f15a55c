package org.portbouncer.core.worker;

import org.portbouncer.core.config.KeepAlive;
import org.portbouncer.core.sys.Const;
import org.portbouncer.core.sys.Sockets;

/**
 * How long a connection may go without any answer to what was sent (TCP_USER_TIMEOUT): as the
 * listener says, or as long as its keep-alive takes. The bandwidth worker sets it, the io worker
 * watches over it.
 */
public final class UserTimeout {

  /**
   * The kernel gives a peer up by itself after some 15 minutes (924 s by the standard
   * tcp_retries2); a keep-alive that takes longer is no reason to try for longer.
   */
  private static final int MOST_FOLLOWED_MS = 900_000;

  private UserTimeout() {}

  /**
   * In milliseconds; 0 for the system's.
   *
   * @param fd a TCP socket that has the listener's keep-alive; asked only for what the listener
   *     leaves to the system
   */
  public static int millis(KeepAlive keepAlive, int fd) {
    if (keepAlive.userTimeoutMs() != KeepAlive.FOLLOWS) {
      return keepAlive.userTimeoutMs();
    }
    if (keepAlive.isSystems()) {
      return 0;
    }
    long idle = part(keepAlive.idleS(), fd, Const.TCP_KEEPIDLE);
    long interval = part(keepAlive.intervalS(), fd, Const.TCP_KEEPINTVL);
    long count = part(keepAlive.count(), fd, Const.TCP_KEEPCNT);
    if (idle < 0 || interval < 0 || count < 0) {
      return 0;
    }
    long ms = 1000 * (idle + interval * count);
    return ms > MOST_FOLLOWED_MS ? 0 : (int) ms;
  }

  private static int part(int set, int fd, int option) {
    return set > 0 ? set : Sockets.option(fd, Const.IPPROTO_TCP, option);
  }
}
