package org.portbouncer.launcher.mother.upkeep;

import org.portbouncer.core.sys.Const;
import org.portbouncer.core.sys.Libc;
import org.portbouncer.core.sys.Sockets;

/**
 * The socket on which all processes write to a syslog daemon. Workers may not make sockets nor
 * connect them; but a socket that the mother connects is connected for all who share it, and is
 * connected again for all when she does it again.
 */
final class SyslogSocket {

  private SyslogSocket() {}

  /**
   * Makes one, connected to nobody.
   *
   * @return the descriptor, or an errno negated
   */
  static int make() {
    return Libc.socket(Const.AF_UNIX, Const.SOCK_DGRAM | Const.SOCK_CLOEXEC, 0);
  }

  /**
   * Connects it, or connects it anew; where that fails it stays as it was.
   *
   * @return 0 or the errno
   */
  static int connect(int fd, String path) {
    return -Sockets.connect(fd, path);
  }
}
