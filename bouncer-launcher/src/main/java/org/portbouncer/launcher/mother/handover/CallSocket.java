package org.portbouncer.launcher.mother.handover;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.portbouncer.core.sys.Const;
import org.portbouncer.core.sys.Errno;
import org.portbouncer.core.sys.Libc;
import org.portbouncer.core.sys.LibcIdentity;
import org.portbouncer.core.sys.SockAddr;
import org.portbouncer.core.sys.SocketName;
import org.portbouncer.core.sys.Sockets;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where the io workers of this server can be asked for their sessions once their mother has gone: a
 * socket of datagrams beside the admin socket, for the server's user alone. All of them get it;
 * while the mother lives nobody reads it. In the mother, on her main thread.
 */
public final class CallSocket {

  private static final Logger LOG = LoggerFactory.getLogger(CallSocket.class);

  /** Between the admin socket's name and the mother's process id. */
  static final String INFIX = ".orphans-";

  private static final int OWNER_ALONE = 0600;

  private int fd = -1;
  private SocketName name;

  /** For workers; -1 where there is none. */
  public int fd() {
    return fd;
  }

  /**
   * Makes it, as the user that the server runs as. A server without one serves as well.
   *
   * @param admin the admin socket's path
   * @param pid the mother's
   */
  public void open(Path admin, int pid) {
    Path path = Path.of(admin + INFIX + pid);
    try {
      bind(path);
    } catch (IOException e) {
      close();
      LOG.warn(
          "no next server can take over live sessions, should this one die: {}: {}",
          path,
          e.getMessage());
    }
  }

  private void bind(Path path) throws IOException {
    if (path.toString().getBytes(StandardCharsets.UTF_8).length > SockAddr.MOST_PATH) {
      throw new IOException("the path is too long; " + SockAddr.MOST_PATH + " bytes fit");
    }
    int type = Const.SOCK_DGRAM | Const.SOCK_CLOEXEC | Const.SOCK_NONBLOCK;
    fd = Libc.socket(Const.AF_UNIX, type, 0);
    int result = fd < 0 ? fd : LibcIdentity.fchmod(fd, OWNER_ALONE);
    if (result == 0) {
      // Of a process that had the same number.
      SocketName.at(path).remove();
      result = Sockets.bind(fd, path.toString());
    }
    if (result < 0) {
      throw new IOException(Errno.text(-result));
    }
    name = SocketName.at(path);
  }

  /** Removes it: no worker is left to itself. */
  public void close() {
    if (name != null) {
      name.remove();
      name = null;
    }
    if (fd >= 0) {
      Libc.close(fd);
      fd = -1;
    }
  }
}
