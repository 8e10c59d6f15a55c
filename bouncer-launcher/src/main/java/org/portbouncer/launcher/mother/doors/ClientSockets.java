package org.portbouncer.launcher.mother.doors;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.MemorySegment;
import org.portbouncer.core.sys.Const;
import org.portbouncer.core.sys.Errno;
import org.portbouncer.core.sys.Libc;
import org.portbouncer.core.sys.Native;
import org.portbouncer.core.sys.SockAddr;
import org.portbouncer.core.sys.Sockets;

/**
 * Makes the sockets of single clients. A socket is bound first, and connected then; in between it
 * is one of two that anybody's datagram may go to. Which one is the kernel's choice, and it is made
 * so that it always falls on the one that was there (decision 038):
 *
 * <ul>
 *   <li>an IPv4 client gets an IPv6 socket with an IPv4-mapped address: where one of IPv4 is as
 *       good, that is preferred (compute_score of net/ipv4/udp.c);
 *   <li>an IPv6 client's has SO_REUSEPORT while it is bound, which puts it behind the other in the
 *       list, of which the first that is as good as any is taken (udp_lib_get_port); it has that
 *       alone and no longer, so that it forms no group with anybody;
 *   <li>the other is bound to the same single address, for that is preferred to all addresses.
 * </ul>
 *
 * In the mother, on her loop's thread.
 */
final class ClientSockets {

  private static final int TYPE = Const.SOCK_DGRAM | Const.SOCK_NONBLOCK | Const.SOCK_CLOEXEC;
  private static final MemorySegment MAPPED = Native.allocate(2L * SockAddr.BYTES + 8);

  private ClientSockets() {}

  /**
   * Makes a client's socket.
   *
   * @param addresses the client's, then its own
   * @return the descriptor or the negated errno
   */
  static int open(MemorySegment addresses) {
    boolean six = SockAddr.family(addresses, 0) == Const.AF_INET6;
    int fd = Libc.socket(Const.AF_INET6, TYPE, 0);
    if (fd == -Errno.EAFNOSUPPORT) {
      return openAlone(addresses);
    }
    if (fd < 0) {
      return fd;
    }
    Sockets.enable(fd, Const.SOL_SOCKET, Const.SO_REUSEADDR);
    int result;
    if (six) {
      Sockets.enable(fd, Const.SOL_SOCKET, Const.SO_REUSEPORT);
      result = bindAndConnect(fd, addresses.address() + SockAddr.BYTES, addresses.address());
      Sockets.disable(fd, Const.SOL_SOCKET, Const.SO_REUSEPORT);
    } else {
      Sockets.disable(fd, Const.IPPROTO_IPV6, Const.IPV6_V6ONLY);
      map(addresses, 0);
      map(addresses, SockAddr.BYTES);
      result = bindAndConnect(fd, MAPPED.address() + SockAddr.BYTES, MAPPED.address());
    }
    if (result < 0) {
      Libc.close(fd);
      return result;
    }
    return fd;
  }

  /**
   * Where there is no IPv6: what others send while it is bound and not connected is dropped, for it
   * may not become this client's.
   */
  private static int openAlone(MemorySegment addresses) {
    int fd = Libc.socket(Const.AF_INET, TYPE, 0);
    if (fd < 0) {
      return fd;
    }
    Sockets.enable(fd, Const.SOL_SOCKET, Const.SO_REUSEADDR);
    Sockets.ignoreAll(fd);
    int result = bindAndConnect(fd, addresses.address() + SockAddr.BYTES, addresses.address());
    if (result == 0) {
      Sockets.ignoreNone(fd);
      return fd;
    }
    Libc.close(fd);
    return result;
  }

  private static int bindAndConnect(int fd, long own, long peer) {
    int result = Libc.bind(fd, own, SockAddr.BYTES);
    return result < 0 ? result : Libc.connect(fd, peer, SockAddr.BYTES);
  }

  private static void map(MemorySegment from, long at) {
    MAPPED.asSlice(at, SockAddr.BYTES).fill((byte) 0);
    MAPPED.set(JAVA_SHORT, at, (short) Const.AF_INET6);
    MAPPED.set(JAVA_SHORT, at + 2, from.get(JAVA_SHORT, at + 2));
    MAPPED.set(JAVA_SHORT, at + 18, (short) -1);
    MAPPED.set(JAVA_INT, at + 20, from.get(JAVA_INT, at + 4));
  }

  /**
   * Makes a socket for the datagrams of all clients of one address.
   *
   * @param addresses the second of them is its own
   * @return the descriptor or the negated errno
   */
  static int openSource(MemorySegment addresses) {
    int family = SockAddr.family(addresses, SockAddr.BYTES);
    int fd = Libc.socket(family, TYPE, 0);
    if (fd < 0) {
      return fd;
    }
    Sockets.enable(fd, Const.SOL_SOCKET, Const.SO_REUSEADDR);
    ListenSocket.takeDatagrams(fd, family);
    long own = addresses.address() + SockAddr.BYTES;
    int result = Libc.bind(fd, own, SockAddr.length(addresses, SockAddr.BYTES));
    if (result < 0) {
      Libc.close(fd);
      return result;
    }
    return fd;
  }
}
