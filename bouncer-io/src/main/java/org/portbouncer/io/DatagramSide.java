package org.portbouncer.io;

import org.portbouncer.core.loop.EventLoop;
import org.portbouncer.core.loop.Pollable;
import org.portbouncer.core.sys.Const;
import org.portbouncer.core.sys.Errno;
import org.portbouncer.core.sys.Libc;
import org.portbouncer.core.sys.Sockets;

/**
 * One socket of a session of datagrams in the io worker: bound, and connected to its peer. Watched
 * edge-triggered, as a {@link Side} is. The descriptor belongs to the session; this class never
 * closes it.
 */
final class DatagramSide extends Pollable {

  private static final int WATCHED = Const.EPOLLIN | Const.EPOLLET;

  /** Datagrams for which the length of a train is changed. */
  private static final int WORTH_IT = 4;

  private final EventLoop loop;
  private final DatagramFlow flow;
  private int fd = -1;
  private boolean readable;
  private boolean writable;
  private boolean watchesRoom;

  /** Something has come: before that the kernel drops nothing, for one has always room. */
  private boolean used;

  /** Where the kernel parts what is sent: what is longer would become several; 0 for nowhere. */
  private int segment;

  /** The way there takes no trains: its packets are too short for them, or are encrypted. */
  private boolean singly;

  DatagramSide(EventLoop loop, DatagramFlow flow) {
    this.loop = loop;
    this.flow = flow;
  }

  /**
   * Begins to watch {@code fd}. It has come through other processes, and may be anything: what is
   * no socket of datagrams is refused, and so is one that the loop would wait for in a call.
   *
   * @return 0 or the errno
   */
  int open(int fd) {
    this.fd = fd;
    // What came before it is watched is told by the first event.
    readable = false;
    writable = true;
    watchesRoom = false;
    used = false;
    segment = 0;
    singly = false;
    int flags = Libc.fcntl(fd, Const.F_GETFL, 0);
    if (flags < 0) {
      return -flags;
    }
    boolean fit =
        (flags & Const.O_NONBLOCK) != 0
            && Sockets.option(fd, Const.SOL_SOCKET, Const.SO_TYPE) == Const.SOCK_DGRAM;
    return fit ? loop.tryAdd(this, fd, WATCHED) : Errno.EINVAL;
  }

  /** Stops watching; the session closes the descriptor next. */
  void close() {
    loop.forget(this);
    fd = -1;
  }

  /**
   * Prepares for a train.
   *
   * @param each the length of its datagrams
   * @return whether it may be sent; else they go one by one
   */
  boolean forTrain(int count, int each) {
    // Below, more calls would be made than are spared.
    if (singly || count < (segment == each ? 2 : WORTH_IT)) {
      return false;
    }
    if (segment != each) {
      segment(each);
    }
    return !singly;
  }

  /** Prepares for one datagram, which is not to be parted. */
  void forOne(int length) {
    if (segment > 0 && length > segment) {
      segment(0);
    }
  }

  /**
   * What was to be sent was refused, for a reason that the parting may be.
   *
   * @return whether it was on, and is off from now on
   */
  boolean partNothing() {
    singly = true;
    boolean was = segment > 0;
    if (was) {
      segment(0);
    }
    return was;
  }

  private void segment(int length) {
    if (Sockets.set(fd, Const.IPPROTO_UDP, Const.UDP_SEGMENT, length) < 0) {
      singly = true;
    } else {
      segment = length;
    }
  }

  int fd() {
    return fd;
  }

  @Override
  protected void ready(int events) {
    if ((events & (Const.EPOLLIN | Const.EPOLLERR | Const.EPOLLHUP)) != 0) {
      readable = true;
      used = true;
    }
    if ((events & (Const.EPOLLOUT | Const.EPOLLERR)) != 0) {
      writable = true;
    }
    flow.pump();
  }

  boolean readable() {
    return readable;
  }

  boolean writable() {
    return writable;
  }

  /** Datagrams that had no room until now. */
  long lost() {
    return used ? Sockets.dropped(fd) : 0;
  }

  /** A read gave less than it could. */
  void readAll() {
    readable = false;
  }

  /** A write found no room: the loop tells when there is some. */
  void full() {
    writable = false;
    if (!watchesRoom) {
      watchesRoom = true;
      loop.change(this, fd, WATCHED | Const.EPOLLOUT);
    }
  }
}
