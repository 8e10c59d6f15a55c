package org.portbouncer.launcher.mother.doors;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import org.portbouncer.core.config.Endpoint;
import org.portbouncer.core.config.Listener;
import org.portbouncer.core.sys.Const;
import org.portbouncer.core.sys.DatagramBatch;
import org.portbouncer.core.sys.Libc;
import org.portbouncer.core.sys.SockAddr;
import org.portbouncer.core.sys.SocketName;
import org.portbouncer.core.sys.Sockets;
import org.portbouncer.launcher.mother.handover.HandoverLink;

/**
 * One bound and listening socket of the mother. The kernel queues clients on it from the moment it
 * is made; {@link Acceptor} takes them once every stage has a worker.
 */
public final class ListenSocket {

  /** Bytes of datagrams of new clients that wait to be taken; the kernel takes twice as much. */
  private static final int QUEUE = 1 << 20;

  private final Endpoint endpoint;
  private final int fd;
  private final boolean sixOnly;
  private final String anyPort;
  private final boolean passed;
  private final boolean fresh;

  /** The file of a `unix:` socket that was bound here; null for any other. */
  private SocketName file;

  ListenSocket(
      Endpoint endpoint,
      int fd,
      boolean sixOnly,
      String anyPort,
      boolean passed,
      boolean fresh,
      SocketName file) {
    this.file = file;
    this.passed = passed;
    this.fresh = fresh;
    this.endpoint = endpoint;
    this.fd = fd;
    this.sixOnly = sixOnly;
    this.anyPort = anyPort;
  }

  int fd() {
    return fd;
  }

  /** Whether it takes datagrams, and no connections. */
  boolean udp() {
    return endpoint.udp();
  }

  /**
   * Where it listens; with the port that the kernel chose where the configuration left that open.
   */
  Endpoint endpoint() {
    return endpoint;
  }

  /** Whether an IPv6 socket leaves IPv4 clients to others. */
  boolean sixOnly() {
    return sixOnly;
  }

  /**
   * Takes over a socket that listens already.
   *
   * @param endpoint what it stands for
   * @param anyPort as for one that is bound here
   * @param kept whether it was ours before a restart, and not made by a socket unit
   */
  static ListenSocket adopt(int fd, Endpoint endpoint, String anyPort, boolean kept) {
    if (endpoint.udp()) {
      // An IPv6 socket tells of IPv4 clients too in the way of IPv6.
      takeDatagrams(fd, Sockets.option(fd, Const.SOL_SOCKET, Const.SO_DOMAIN));
    } else if (endpoint.kind() == Endpoint.Kind.INET) {
      Sockets.forForwarding(fd);
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment address = arena.allocate(SockAddr.ROOM + 8L, 8);
      boolean sixOnly = leavesV4(fd, address);
      return new ListenSocket(
          bound(endpoint, fd, address), fd, sixOnly, anyPort, !kept, false, null);
    }
  }

  /** Takes over a socket of the server before this one. */
  static ListenSocket inherit(HandoverLink.Kept kept) {
    SocketName name = null;
    if (kept.endpoint().kind() == Endpoint.Kind.UNIX && !kept.passed()) {
      try {
        name = SocketName.at(Path.of(kept.endpoint().path()));
      } catch (IOException | InvalidPathException e) {
        name = null; // it is not removed at the end, and the next start removes it
      }
    }
    boolean sixOnly;
    try (Arena arena = Arena.ofConfined()) {
      sixOnly = leavesV4(kept.fd(), arena.allocate(SockAddr.ROOM + 8L, 8));
    }
    return new ListenSocket(
        kept.endpoint(),
        kept.fd(),
        sixOnly,
        kept.anyPort().isEmpty() ? null : kept.anyPort(),
        kept.passed(),
        kept.fresh(),
        name);
  }

  /**
   * Whether a socket that is on all IPv6 addresses leaves IPv4 clients to others. One on a single
   * address has none; the kernel says of that, too, that it is for IPv6 alone, whatever was asked
   * for when it was made.
   */
  private static boolean leavesV4(int fd, MemorySegment address) {
    address.set(JAVA_INT, SockAddr.ROOM, SockAddr.ROOM);
    return Libc.getsockname(fd, address.address(), address.address() + SockAddr.ROOM) >= 0
        && SockAddr.family(address, 0) == Const.AF_INET6
        && SockAddr.isAny(address, 0)
        && Sockets.isSixOnly(fd);
  }

  /** What {@link #inherit} makes the same of. */
  HandoverLink.Kept toInherit() {
    return new HandoverLink.Kept(fd, endpoint, anyPort == null ? "" : anyPort, passed, fresh);
  }

  /** Lets go of it: another process listens on, and its file is that one's. */
  void letGo() {
    file = null;
    Libc.close(fd);
  }

  /** Where a socket listens, as an operator would write it; for a TCP socket. */
  static Endpoint written(int fd) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment address = arena.allocate(SockAddr.ROOM + 8L, 8);
      address.set(JAVA_INT, SockAddr.ROOM, SockAddr.ROOM);
      Libc.getsockname(fd, address.address(), address.address() + SockAddr.ROOM);
      String text = SockAddr.text(address, 0);
      String host = text.substring(0, text.lastIndexOf(':'));
      return new Endpoint(Endpoint.Kind.INET, text, host, SockAddr.port(address, 0), "");
    }
  }

  /** Whether a socket unit made it. */
  boolean passed() {
    return passed;
  }

  /**
   * Whether every client has the options of a forwarded connection from this socket. Where it
   * listened before it was ours, those that had connected by then have not.
   */
  boolean fresh() {
    // What a socket of Multipath TCP passes on differs between kernels.
    return fresh && !mptcp();
  }

  /**
   * The address to which every client of this socket has come, in the form that sessions keep; null
   * where each client's own socket has to be asked: on all addresses, and where somebody else made
   * it, who may have made it transparent (IP_TRANSPARENT, ip(7)).
   */
  MemorySegment local() {
    if (passed || endpoint.kind() != Endpoint.Kind.INET) {
      return null;
    }
    MemorySegment address = name();
    if (address == null) {
      return null;
    }
    SockAddr.normalize(address, 0);
    return SockAddr.isAny(address, 0) ? null : address.asSlice(0, SockAddr.BYTES);
  }

  /** Its own address, as getsockname(2) has it; null where it has none. */
  private MemorySegment name() {
    MemorySegment address = Arena.ofAuto().allocate(SockAddr.ROOM + 8L, 8);
    address.set(JAVA_INT, SockAddr.ROOM, SockAddr.ROOM);
    return Libc.getsockname(fd, address.address(), address.address() + SockAddr.ROOM) < 0
        ? null
        : address;
  }

  /** An address of the configuration, with the port that clients of this socket come to. */
  Endpoint with(Endpoint written) {
    MemorySegment address = name();
    boolean inet = address != null && SockAddr.family(address, 0) != Const.AF_UNIX;
    int port = inet ? SockAddr.port(address, 0) : written.port();
    return port == written.port()
        ? written
        : new Endpoint(
            written.kind(),
            written.text(),
            written.host(),
            port,
            written.path(),
            Endpoint.Ports.ONE,
            written.udp());
  }

  /** Whether it is on all IPv6 addresses and IPv4 clients of this port come to it as well. */
  boolean takesBoth(int port) {
    MemorySegment address = sixOnly ? null : name();
    return address != null
        && SockAddr.family(address, 0) == Const.AF_INET6
        && SockAddr.isAny(address, 0)
        && SockAddr.port(address, 0) == port;
  }

  /** Whether it is on an IPv4 address and has this port. */
  boolean takesV4(int port) {
    MemorySegment address = name();
    return address != null
        && SockAddr.family(address, 0) == Const.AF_INET
        && SockAddr.port(address, 0) == port;
  }

  /** What a reload finds it by: where it listens, and, if the kernel chose the port, for whom. */
  List<String> names() {
    return anyPort == null ? List.of(name(endpoint)) : List.of(name(endpoint), anyPort);
  }

  /** What tells addresses apart, however they are written. */
  static String name(Endpoint endpoint) {
    return endpoint.kind() == Endpoint.Kind.UNIX
        ? "unix:" + endpoint.path()
        : (endpoint.udp() ? "udp:" : "") + literal(endpoint.host()) + ' ' + endpoint.port();
  }

  /** One form of an address, with its interface where it has one. */
  static String literal(String host) {
    int percent = host.indexOf('%');
    String address = percent < 0 ? host : host.substring(0, percent);
    return InetAddress.ofLiteral(address).getHostAddress() + host.substring(address.length());
  }

  /** Stands for an address whose port is the kernel's to choose; null for any other. */
  static String anyPort(Listener listener, int address) {
    Endpoint endpoint = listener.listen().get(address);
    return endpoint.kind() == Endpoint.Kind.INET && endpoint.port() == 0
        ? listener.name() + ' ' + address + (endpoint.udp() ? " udp:" : " ") + endpoint.host()
        : null;
  }

  /** Whether it takes clients of Multipath TCP. */
  boolean mptcp() {
    return Sockets.option(fd, Const.SOL_SOCKET, Const.SO_PROTOCOL) == Const.IPPROTO_MPTCP;
  }

  /** Has clients who come from now on get packets of that class, 0 to 63. */
  void dscp(int dscp) {
    if (endpoint.kind() != Endpoint.Kind.INET) {
      return;
    }
    // IPv4 clients of an IPv6 socket have that of IPv4.
    Sockets.set(fd, Const.IPPROTO_IP, Const.IP_TOS, dscp << 2);
    if (endpoint.host().indexOf(':') >= 0) {
      Sockets.set(fd, Const.IPPROTO_IPV6, Const.IPV6_TCLASS, dscp << 2);
    }
  }

  /** From now on nobody else may have the address. */
  void keepToItself() {
    shared(false);
  }

  /**
   * Lets other sockets have its address, or not. Those of sessions of datagrams have it too; while
   * they are bound, so may be another user's.
   */
  void shared(boolean on) {
    if (on) {
      Sockets.enable(fd, Const.SOL_SOCKET, sharing(endpoint));
    } else {
      Sockets.disable(fd, Const.SOL_SOCKET, sharing(endpoint));
    }
  }

  /** By which option two sockets have one address; see {@link DatagramDoor} for datagrams. */
  static int sharing(Endpoint endpoint) {
    return endpoint.udp() ? Const.SO_REUSEADDR : Const.SO_REUSEPORT;
  }

  /** Has a socket keep what comes, and tell to which address it came. */
  static void takeDatagrams(int fd, int family) {
    Sockets.set(fd, Const.SOL_SOCKET, Const.SO_RCVBUF, QUEUE);
    DatagramBatch.tellAll(fd, family);
  }

  /** Fills in the port that the kernel chose. */
  static Endpoint bound(Endpoint endpoint, int fd, MemorySegment address) {
    if (endpoint.kind() != Endpoint.Kind.INET || endpoint.port() != 0) {
      return endpoint;
    }
    address.set(JAVA_INT, SockAddr.ROOM, SockAddr.ROOM);
    Libc.getsockname(fd, address.address(), address.address() + SockAddr.ROOM);
    return new Endpoint(
        endpoint.kind(),
        (endpoint.udp() ? "udp:" : "") + SockAddr.text(address, 0),
        endpoint.host(),
        SockAddr.port(address, 0),
        endpoint.path(),
        Endpoint.Ports.ONE,
        endpoint.udp());
  }

  /**
   * Takes no new clients, so that a moment later all who have come can be accepted and none is left
   * when it closes.
   */
  void ignoreNewClients() {
    if (passed) {
      // The service manager has it too, and serves on with it.
      return;
    }
    if (endpoint.kind() == Endpoint.Kind.UNIX) {
      removeFile();
    } else if (endpoint.udp()) {
      Sockets.ignoreAll(fd);
      // Who came is still given a socket of his own, and another may have the address by now.
      shared(true);
    } else {
      Sockets.ignoreNewClients(fd);
    }
  }

  /** Stops listening; a socket file goes too. */
  void close() {
    // Before the descriptor: with that the number of the file could become another's.
    removeFile();
    Libc.close(fd);
  }

  /** Ours alone: a socket unit's file is the unit's, and by now the name may be another's. */
  private void removeFile() {
    if (file != null) {
      // Where the folder is not ours to write to any more, the next start removes it.
      file.remove();
    }
  }
}
