package org.portbouncer.launcher.mother.handover;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.MemorySegment;
import org.portbouncer.core.sys.Const;
import org.portbouncer.core.sys.Libc;
import org.portbouncer.core.sys.Native;
import org.portbouncer.core.sys.SockAddr;
import org.portbouncer.core.sys.Sockets;

/**
 * Looks whether a descriptor is what a worker says that it is, by what the kernel says. In the
 * mother, on her loop's thread.
 */
final class ClaimedSocket {

  private final MemorySegment address = Native.allocate(SockAddr.ROOM + 8L);
  private final MemorySegment value = Native.allocate(8);

  /**
   * Whether it is a connected stream that does not wait.
   *
   * @param unix whether of this machine's own, or else of the Internet
   */
  boolean isStream(int fd, boolean unix) {
    int domain = Sockets.option(fd, Const.SOL_SOCKET, Const.SO_DOMAIN);
    boolean fits =
        unix ? domain == Const.AF_UNIX : domain == Const.AF_INET || domain == Const.AF_INET6;
    return fits
        && Sockets.option(fd, Const.SOL_SOCKET, Const.SO_TYPE) == Const.SOCK_STREAM
        && Sockets.option(fd, Const.SOL_SOCKET, Const.SO_ACCEPTCONN) == 0
        && doesNotWait(fd)
        && (unix || peer(fd));
  }

  private static boolean doesNotWait(int fd) {
    int flags = Libc.fcntl(fd, Const.F_GETFL, 0);
    return flags >= 0 && (flags & Const.O_NONBLOCK) != 0;
  }

  /** Whether it is a pipe that does not wait, with so many bytes in it. */
  boolean isPipe(int fd, int bytes) {
    return Libc.fcntl(fd, Const.F_GETPIPE_SZ, 0) > 0
        && doesNotWait(fd)
        && Libc.ioctl(fd, Const.FIONREAD, value.address()) >= 0
        && value.get(JAVA_INT, 0) == bytes;
  }

  /** Whether its peer is at that address, port included. */
  boolean isTo(int fd, MemorySegment claimed) {
    return peer(fd) && same(claimed);
  }

  /** Whether its own address is that one, port included. */
  boolean isAt(int fd, MemorySegment claimed) {
    address.set(JAVA_INT, SockAddr.ROOM, SockAddr.ROOM);
    return Libc.getsockname(fd, address.address(), address.address() + SockAddr.ROOM) == 0
        && same(claimed);
  }

  /** Whether its own port is that one; 0 for any. */
  boolean isAtPort(int fd, int port) {
    address.set(JAVA_INT, SockAddr.ROOM, SockAddr.ROOM);
    return Libc.getsockname(fd, address.address(), address.address() + SockAddr.ROOM) == 0
        && (port == 0 || SockAddr.port(address, 0) == port);
  }

  private boolean peer(int fd) {
    address.set(JAVA_INT, SockAddr.ROOM, SockAddr.ROOM);
    int result = Libc.getpeername(fd, address.address(), address.address() + SockAddr.ROOM);
    return result == 0;
  }

  private boolean same(MemorySegment claimed) {
    SockAddr.normalize(address, 0);
    int family = SockAddr.family(address, 0);
    if (family != SockAddr.family(claimed, 0)) {
      return false;
    }
    if (family == Const.AF_UNIX) {
      return true;
    }
    return SockAddr.port(address, 0) == SockAddr.port(claimed, 0)
        && (family == Const.AF_INET
            ? SockAddr.v4(address, 0) == SockAddr.v4(claimed, 0)
            : SockAddr.v6High(address, 0) == SockAddr.v6High(claimed, 0)
                && SockAddr.v6Low(address, 0) == SockAddr.v6Low(claimed, 0));
  }
}
