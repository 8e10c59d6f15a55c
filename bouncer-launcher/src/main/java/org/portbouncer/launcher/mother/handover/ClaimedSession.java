package org.portbouncer.launcher.mother.handover;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.portbouncer.core.config.Endpoint;
import org.portbouncer.core.config.Listener;
import org.portbouncer.core.config.NetworkSet;
import org.portbouncer.core.control.OrphanSession;
import org.portbouncer.core.session.Descriptors;
import org.portbouncer.core.shared.SessionFlow;
import org.portbouncer.core.shared.Way;
import org.portbouncer.core.sys.Const;
import org.portbouncer.core.sys.SockAddr;

/**
 * Looks whether what a worker says of a session can be so, and whether its descriptors are what
 * they are said to be: the kernel knows whom a socket is connected to. In the mother, on her loop's
 * thread.
 */
final class ClaimedSession {

  private static final long MOST_BYTES = 1L << 61;

  private final ClaimedSocket sockets = new ClaimedSocket();

  /**
   * Whether it is.
   *
   * @param endpoint where it says that its client came in
   * @param target where it says that it goes
   */
  boolean isTrue(
      OrphanSession said,
      Descriptors descriptors,
      Listener listener,
      Endpoint endpoint,
      Endpoint target) {
    return times(said.times())
        && position(said.position(), descriptors)
        && client(said, descriptors.peek(Descriptors.CLIENT), listener, endpoint)
        && target(said, descriptors.peek(Descriptors.TARGET), target);
  }

  private static boolean times(OrphanSession.Times times) {
    long now = System.nanoTime();
    return times.accepted() > 0
        && times.accepted() <= times.activity()
        && times.activity() <= now
        && times.acceptedWallMs() >= 0
        && times.setupMicros() > 0
        && times.throttled() >= 0
        && times.paused() >= times.accepted()
        && times.paused() <= now;
  }

  private boolean position(OrphanSession.Position position, Descriptors descriptors) {
    if ((position.flags() & ~SessionFlow.LASTING) != 0
        || isNoCount(position.up())
        || isNoCount(position.down())) {
      return false;
    }
    for (int way = 0; way < Way.COUNT; way++) {
      int carried = position.carried(way);
      boolean fits =
          position.inPipe(way)
              ? carried > 0 && sockets.isPipe(descriptors.peek(Descriptors.CARRIED + way), carried)
              : carried <= SessionFlow.MOST_HELD;
      if (!fits) {
        return false;
      }
    }
    return true;
  }

  private static boolean isNoCount(long bytes) {
    return bytes < 0 || bytes > MOST_BYTES;
  }

  /** A header may say who the client is and where it came to: then who really connected is told. */
  private boolean client(OrphanSession said, int fd, Listener listener, Endpoint endpoint) {
    boolean unix = endpoint.kind() == Endpoint.Kind.UNIX;
    OrphanSession.Addresses addresses = said.addresses();
    boolean relayed = (said.position().flags() & SessionFlow.RELAYED) != 0;
    if (!isAddress(addresses.client())
        || addresses.local().length != SockAddr.BYTES
        || !sockets.isStream(fd, unix)) {
      return false;
    }
    if (relayed ? !isRelay(addresses.peer(), listener) : addresses.peer().length > 0) {
      return false;
    }
    // The addresses of a Unix socket say nothing.
    return unix
        ? family(addresses.client()) == Const.AF_UNIX
        : isFrom(fd, addresses, relayed) && sockets.isAtPort(fd, endpoint.port());
  }

  private boolean isFrom(int fd, OrphanSession.Addresses addresses, boolean relayed) {
    byte[] peer = relayed ? addresses.peer() : addresses.client();
    return sockets.isTo(fd, MemorySegment.ofArray(peer))
        && isAddress(addresses.local())
        && (relayed || sockets.isAt(fd, MemorySegment.ofArray(addresses.local())));
  }

  /** Whether its connections begin with a header, which says who the client is. */
  private static boolean isRelay(byte[] peer, Listener listener) {
    if (!isAddress(peer)) {
      return false;
    }
    MemorySegment at = MemorySegment.ofArray(peer);
    NetworkSet peers = listener.proxy().peers();
    return switch (SockAddr.family(at, 0)) {
      case Const.AF_INET -> peers.containsV4(SockAddr.v4(at, 0));
      case Const.AF_INET6 -> peers.containsV6(SockAddr.v6High(at, 0), SockAddr.v6Low(at, 0));
      default -> false;
    };
  }

  private boolean target(OrphanSession said, int fd, Endpoint target) {
    boolean proxied = !said.names().chain().isEmpty();
    byte[] server = said.addresses().server();
    if (!sockets.isStream(fd, !proxied && target.kind() == Endpoint.Kind.UNIX)) {
      return false;
    }
    if (server.length > 0) {
      return isAddress(server) && sockets.isTo(fd, MemorySegment.ofArray(server));
    }
    boolean whole = target.kind() == Endpoint.Kind.INET && !target.isRelative();
    return proxied || !whole || isTo(fd, target);
  }

  private boolean isTo(int fd, Endpoint target) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment address = arena.allocate(SockAddr.ROOM, 8);
      SockAddr.put(address, 0, target.host(), target.port());
      return sockets.isTo(fd, address);
    }
  }

  private static boolean isAddress(byte[] address) {
    if (address.length != SockAddr.BYTES) {
      return false;
    }
    int family = family(address);
    return family == Const.AF_INET || family == Const.AF_INET6 || family == Const.AF_UNIX;
  }

  private static int family(byte[] address) {
    return SockAddr.family(MemorySegment.ofArray(address), 0);
  }
}
