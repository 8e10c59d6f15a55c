package org.portbouncer.negotiator.connect;

import org.portbouncer.core.loop.EventLoop;
import org.portbouncer.core.loop.Pollable;
import org.portbouncer.core.sys.Const;
import org.portbouncer.core.sys.Errno;
import org.portbouncer.core.sys.Libc;
import org.portbouncer.core.worker.SocketSetup;
import org.portbouncer.negotiator.connect.TargetSockets.Address;

/**
 * One socket on its way to one address; part of an {@link AddressRace}. It owns the descriptor
 * until that is taken. On the thread of the connect worker's loop.
 */
final class Connecting extends Pollable {

  private final AddressRace race;
  private EventLoop loop;
  private Address address;
  private int fd = -1;
  private boolean asked;

  Connecting(AddressRace race) {
    this.race = race;
  }

  /**
   * Begins.
   *
   * @param setup how the socket is made; null for no settings
   * @return 0 where the connection is made; EINPROGRESS where {@link AddressRace#ended} is called
   *     later; else the errno, and nothing is left open
   */
  int begin(EventLoop loop, TargetSockets sockets, SocketSetup setup, Address address) {
    this.loop = loop;
    this.address = address;
    fd = setup == null ? sockets.open(address) : setup.open(address.family(), address.udp());
    // A source or an interface that is not there any more is the member's, as one that refuses.
    asked = fd >= 0 || setup != null && !Errno.isDescriptorLimit(-fd);
    if (fd < 0) {
      return -fd;
    }
    int errno = connect();
    if (errno == Errno.EINPROGRESS) {
      // A target on this machine has answered by now, and asking is cheaper than waiting for it.
      errno = connect();
    }
    if (errno == Errno.EINPROGRESS || errno == Errno.EALREADY) {
      errno = watch();
    }
    if (errno != 0 && errno != Errno.EINPROGRESS) {
      close();
    }
    return errno;
  }

  private int connect() {
    return -address.connect(fd);
  }

  private int watch() {
    int errno = loop.tryAdd(this, fd, Const.EPOLLOUT);
    return errno == 0 ? Errno.EINPROGRESS : errno;
  }

  /** Whether an errno of {@link #begin} means that something of this machine has run out. */
  static boolean isShortage(int errno, Address address) {
    // A Unix target whose backlog is full says EAGAIN; for TCP it means that no local port is free.
    return Errno.isDescriptorLimit(errno)
        || errno == Errno.EAGAIN && address.family() == Const.AF_UNIX;
  }

  /** Whether the last {@link #begin} came as far as connect(2). */
  boolean asked() {
    return asked;
  }

  Address address() {
    return address;
  }

  /** Moves the descriptor out, unwatched; it is the caller's from here on. */
  int take() {
    int taken = fd;
    loop.remove(this, fd);
    fd = -1;
    return taken;
  }

  void close() {
    if (fd >= 0) {
      loop.remove(this, fd);
      Libc.close(fd);
    }
    fd = -1;
    address = null;
  }

  @Override
  protected void ready(int events) {
    int errno = connect();
    if (errno != Errno.EALREADY && errno != Errno.EINPROGRESS) {
      race.ended(this, errno);
    }
  }
}
