package org.portbouncer.launcher.mother.doors;

import java.lang.foreign.MemorySegment;
import org.portbouncer.core.loop.EventLoop;
import org.portbouncer.core.loop.Pollable;
import org.portbouncer.core.sys.Const;
import org.portbouncer.core.sys.Libc;
import org.portbouncer.core.sys.SockAddr;
import org.portbouncer.core.sys.Sockets;

/**
 * A socket that datagrams of new clients come to: a door's own, or, where that is on all addresses,
 * one more on a single one of them. On the thread of the mother's loop.
 */
final class DatagramSource extends Pollable {

  /** So many addresses of one door. */
  static final int MOST = 256;

  /** The least that the kernel counts for a datagram in a queue, and less. */
  private static final int LEAST_IN_QUEUE = 512;

  private final DatagramDoor door;
  private final int fd;
  private final MemorySegment address;

  /** No more can be in its queue. */
  private final int queue;

  private long read;
  private long lost;

  /**
   * Takes a socket.
   *
   * @param address what it is bound to; null for the door's own, which stays the door's
   */
  DatagramSource(DatagramDoor door, int fd, MemorySegment address) {
    this.door = door;
    this.fd = fd;
    this.address = address;
    queue = Sockets.option(fd, Const.SOL_SOCKET, Const.SO_RCVBUF) / LEAST_IN_QUEUE + 1;
  }

  int fd() {
    return fd;
  }

  /** One more datagram was read. */
  void counted() {
    read++;
  }

  long read() {
    return read;
  }

  /** Whether all is read that can have been in the queue when so many had been read. */
  boolean hasPassed(long since) {
    return read - since >= queue;
  }

  boolean isOf(MemorySegment m, long at) {
    return MemorySegment.mismatch(address, 0, SockAddr.BYTES, m, at, at + SockAddr.BYTES) < 0;
  }

  void shared(boolean on) {
    if (on) {
      Sockets.enable(fd, Const.SOL_SOCKET, Const.SO_REUSEADDR);
    } else {
      Sockets.disable(fd, Const.SOL_SOCKET, Const.SO_REUSEADDR);
    }
  }

  /** Datagrams that had no room since the last call. */
  long takeLost() {
    long all = Sockets.dropped(fd);
    long more = all - lost & 0xffff_ffffL;
    lost = all;
    return more;
  }

  int watch(EventLoop loop) {
    return registered() ? 0 : loop.tryAdd(this, fd, Const.EPOLLIN);
  }

  void unwatch(EventLoop loop) {
    loop.remove(this, fd);
  }

  void close(EventLoop loop) {
    loop.remove(this, fd);
    Libc.close(fd);
  }

  @Override
  protected void ready(int events) {
    door.ready(events);
  }
}
