package org.portbouncer.launcher.mother.doors;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Collection;
import org.portbouncer.core.config.Endpoint;
import org.portbouncer.core.config.ListenOptions;
import org.portbouncer.core.sys.Const;
import org.portbouncer.core.sys.Errno;
import org.portbouncer.core.sys.Libc;
import org.portbouncer.core.sys.SockAddr;
import org.portbouncer.core.sys.Sockets;
import org.portbouncer.launcher.mother.ground.StartException;
import org.portbouncer.launcher.privilege.RunAs;

/**
 * How one listening socket is made: bound, and listening from then on. In the mother, at a start or
 * a reload, on the thread that does it.
 *
 * @param options how it is made
 * @param mptcp whether it takes clients of Multipath TCP
 * @param sixOnly for an IPv6 address: leave IPv4 clients to another listener on the same port
 * @param runAs who makes a socket file
 */
record Binding(
    Endpoint endpoint, ListenOptions options, boolean mptcp, boolean sixOnly, RunAs runAs) {

  private static final int BACKLOG = 4096;

  private static final int FIRST_FREE_PORT = 1024;

  /**
   * Binds and listens.
   *
   * @param anyPort what {@link ListenSocket#anyPort} says of it
   * @param leaving sockets of ours that will be closed: they may have the address still, or one
   *     that overlaps it
   * @throws StartException with one line that names the address and the reason
   */
  ListenSocket open(String anyPort, Collection<ListenSocket> leaving) throws StartException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment address = arena.allocate(SockAddr.ROOM + 8L, 8);
      if (isFile()) {
        FileSocket.removeStale(endpoint, runAs);
      }
      int fd = bind(address, false);
      if (fd == -Errno.EADDRINUSE
          && (share(leaving) || endpoint.udp() && !UdpSockets.isTaken(address))) {
        fd = bind(address, true);
      }
      if (fd == -Errno.ENOPROTOOPT || fd == -Errno.EPROTONOSUPPORT) {
        throw new StartException(
            "cannot listen on "
                + endpoint.text()
                + " with mptcp = true: this kernel has no Multipath TCP, or has it switched off"
                + " (net.mptcp.enabled)");
      }
      if (fd < 0) {
        throw failure(endpoint, -fd);
      }
      return new ListenSocket(
          ListenSocket.bound(endpoint, fd, address),
          fd,
          sixOnly,
          anyPort,
          false,
          true,
          isFile() ? FileSocket.made(endpoint, fd) : null);
    }
  }

  private boolean isFile() {
    return endpoint.kind() == Endpoint.Kind.UNIX;
  }

  private boolean isInet() {
    return endpoint.kind() == Endpoint.Kind.INET;
  }

  /**
   * Lets another socket have the same port beside these, until they are closed.
   *
   * @return false where none of them has the port
   */
  private boolean share(Collection<ListenSocket> leaving) {
    boolean any = false;
    for (ListenSocket other : leaving) {
      if (other.endpoint().kind() == Endpoint.Kind.INET
          && endpoint.kind() == Endpoint.Kind.INET
          && other.endpoint().udp() == endpoint.udp()
          && other.endpoint().port() == endpoint.port()) {
        Sockets.enable(other.fd(), Const.SOL_SOCKET, ListenSocket.sharing(endpoint));
        any = true;
      }
    }
    return any;
  }

  /**
   * @param address where the address is put
   * @param beside whether other sockets may have it, too
   * @return the descriptor, or the negated errno
   */
  private int bind(MemorySegment address, boolean beside) throws StartException {
    int length =
        isFile()
            ? SockAddr.putUnix(address, 0, endpoint.path())
            : SockAddr.put(address, 0, endpoint.host(), endpoint.port());
    int family = SockAddr.family(address, 0);
    int fd =
        Libc.socket(
            family,
            (endpoint.udp() ? Const.SOCK_DGRAM : Const.SOCK_STREAM)
                | Const.SOCK_NONBLOCK
                | Const.SOCK_CLOEXEC,
            mptcp && isInet() && !endpoint.udp() ? Const.IPPROTO_MPTCP : 0);
    if (fd < 0) {
      return fd;
    }
    prepare(fd, family, beside);
    int result =
        isFile()
            ? FileSocket.bind(fd, endpoint, options, address.address(), length, runAs)
            : Libc.bind(fd, address.address(), length);
    if (endpoint.udp()) {
      ListenSocket.takeDatagrams(fd, family);
    } else {
      if (isInet()) {
        Sockets.forForwarding(fd);
      }
      if (result == 0) {
        result = Libc.listen(fd, BACKLOG);
      }
    }
    if (result < 0) {
      Libc.close(fd);
      return result;
    }
    return fd;
  }

  /** Sets what has to be set before a socket is bound. */
  private void prepare(int fd, int family, boolean beside) {
    if (!endpoint.udp()) {
      Sockets.enable(fd, Const.SOL_SOCKET, Const.SO_REUSEADDR);
    }
    if (beside) {
      Sockets.enable(fd, Const.SOL_SOCKET, ListenSocket.sharing(endpoint));
    }
    if (sixOnly) {
      Sockets.enable(fd, Const.IPPROTO_IPV6, Const.IPV6_V6ONLY);
    } else {
      // Whatever the system's standard is (net.ipv6.bindv6only): what was checked is what is bound.
      Sockets.disable(fd, Const.IPPROTO_IPV6, Const.IPV6_V6ONLY);
    }
    if (options.freeBind() && isInet()) {
      boolean four = family == Const.AF_INET;
      Sockets.enable(
          fd,
          four ? Const.IPPROTO_IP : Const.IPPROTO_IPV6,
          four ? Const.IP_FREEBIND : Const.IPV6_FREEBIND);
    }
  }

  /** One line that names the address and the reason. */
  static StartException failure(Endpoint endpoint, int errno) {
    String hint = "";
    if (errno == Errno.EACCES
        && endpoint.kind() == Endpoint.Kind.INET
        && endpoint.port() < FIRST_FREE_PORT) {
      hint = " (a port below 1024 needs root or CAP_NET_BIND_SERVICE)";
    } else if (errno == Errno.EADDRNOTAVAIL) {
      hint = " (no interface of this machine has it)";
    } else if (endpoint.host().indexOf('%') >= 0
        && (errno == Errno.EINVAL || errno == Errno.ENODEV)) {
      return new StartException(
          "cannot listen on " + endpoint.text() + ": this machine has no such interface");
    }
    return new StartException(
        "cannot listen on " + endpoint.text() + ": " + Errno.text(errno) + hint);
  }
}
