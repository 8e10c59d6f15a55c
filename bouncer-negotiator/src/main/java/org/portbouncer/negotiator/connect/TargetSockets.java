package org.portbouncer.negotiator.connect;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.portbouncer.core.config.Endpoint;
import org.portbouncer.core.shared.SessionRoute;
import org.portbouncer.core.sys.Const;
import org.portbouncer.core.sys.EphemeralPorts;
import org.portbouncer.core.sys.Errno;
import org.portbouncer.core.sys.Libc;
import org.portbouncer.core.sys.Native;
import org.portbouncer.core.sys.SockAddr;
import org.portbouncer.core.sys.Sockets;

/**
 * Makes sockets towards targets. The addresses of fixed targets are written once. On the thread of
 * the connect worker's loop.
 */
final class TargetSockets {

  private static final int STREAM = Const.SOCK_STREAM | Const.SOCK_NONBLOCK | Const.SOCK_CLOEXEC;
  private static final int DATAGRAM = Const.SOCK_DGRAM | Const.SOCK_NONBLOCK | Const.SOCK_CLOEXEC;

  /** By listener: the target last asked for, and its address. */
  private Endpoint[] targets = new Endpoint[16];

  /** More than any configuration has; those of older ones go then. */
  private static final int MOST_MEMBERS = 4096;

  private final Map<Endpoint, Address> members = new HashMap<>();

  private Address[] addresses = new Address[targets.length];
  private final MemorySegment pair = Native.allocate(8);

  /** A socket address ready for connect(2); it never changes. */
  static final class Address {

    private final MemorySegment memory = Arena.ofAuto().allocate(SockAddr.ROOM, 8);
    private final int length;

    /** Whether the kernel may give a connection to this address the same port for its own. */
    private final boolean mayMeetItself;

    /** Whether it is of an interface, which may go and come back as another. */
    private final boolean scoped;

    /** Whether it is reached by datagrams. */
    private final boolean udp;

    Address(InetAddress address, int port, boolean udp) {
      this.udp = udp;
      length = SockAddr.put(memory, 0, address, port);
      scoped = false;
      mayMeetItself = EphemeralPorts.ofThisMachine().contain(port);
    }

    Address(String host, int port, boolean udp) {
      this.udp = udp;
      length = SockAddr.put(memory, 0, host, port);
      scoped = host.indexOf('%') >= 0;
      mayMeetItself = EphemeralPorts.ofThisMachine().contain(port);
    }

    Address(String path) {
      udp = false;
      scoped = false;
      length = SockAddr.putUnix(memory, 0, path);
      mayMeetItself = false;
    }

    /**
     * As connect(2). A connection from the very address that it goes to is one with itself
     * (simultaneous open, RFC 9293 3.5): nobody listens there, the client would get its own bytes
     * back, and the target could not listen either. It counts as refused, and leaves nothing behind
     * on the port.
     *
     * @return 0 or the negated errno; EAGAIN of a TCP target where no local port is free, and
     *     EADDRNOTAVAIL where there is no local address, which the kernel does not tell apart
     */
    int connect(int fd) {
      int result = Libc.connect(fd, memory.address(), length);
      if (result == -Errno.EADDRNOTAVAIL) {
        return hasSource() ? -Errno.EAGAIN : result;
      }
      if (result == 0 && mayMeetItself && SockAddr.isOwn(fd, memory)) {
        Sockets.disconnect(fd);
        return -Errno.ECONNREFUSED;
      }
      return result;
    }

    /** Datagrams go out from the same address, and have ports of their own. */
    private boolean hasSource() {
      int datagram = Libc.socket(family(), Const.SOCK_DGRAM | Const.SOCK_CLOEXEC, 0);
      if (datagram < 0) {
        return true;
      }
      int result = Libc.connect(datagram, memory.address(), length);
      Libc.close(datagram);
      return result != -Errno.EADDRNOTAVAIL;
    }

    /** Notes in a session's record that this is where it goes. */
    void note(SessionRoute route, int record) {
      route.server(record, memory, 0);
    }

    int family() {
      return SockAddr.family(memory, 0);
    }

    /** Whether it is reached by datagrams. */
    boolean udp() {
      return udp;
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof Address address
          && udp == address.udp
          && memory.mismatch(address.memory) < 0;
    }

    @Override
    public int hashCode() {
      return Arrays.hashCode(memory.toArray(JAVA_BYTE));
    }
  }

  /**
   * The address of a listener's target that needs no look-up.
   *
   * @param listener index into the session's configuration; another one's may have another target
   */
  Address fixed(int listener, Endpoint target) {
    if (listener >= targets.length) {
      int room = Integer.highestOneBit(listener) * 2;
      targets = Arrays.copyOf(targets, room);
      addresses = Arrays.copyOf(addresses, room);
    }
    if (!target.equals(targets[listener]) || addresses[listener].scoped) {
      addresses[listener] = address(target);
    }
    // The same object is the quicker to compare with.
    targets[listener] = target;
    return addresses[listener];
  }

  /** The address of a group's member that needs no look-up. */
  Address member(Endpoint member) {
    Address known = members.get(member);
    if (known == null || known.scoped) {
      if (members.size() == MOST_MEMBERS) {
        members.clear();
      }
      known = address(member);
      members.put(member, known);
    }
    return known;
  }

  private static Address address(Endpoint target) {
    return target.kind() == Endpoint.Kind.UNIX
        ? new Address(target.path())
        : new Address(target.host(), target.port(), target.udp());
  }

  /**
   * A non-blocking socket towards an address.
   *
   * @return the descriptor or the negated errno
   */
  int open(Address address) {
    return Libc.socket(address.family(), address.udp ? DATAGRAM : STREAM, 0);
  }

  /**
   * Two connected ends for an internal target; {@link #end} gives them.
   *
   * @return 0 or the negated errno
   */
  int openPair() {
    return Libc.socketpair(Const.AF_UNIX, STREAM, 0, pair.address());
  }

  int end(int index) {
    return pair.get(JAVA_INT, 4L * index);
  }
}
