package org.portbouncer.io;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.MemorySegment;
import org.portbouncer.core.loop.EventLoop;
import org.portbouncer.core.loop.Pollable;
import org.portbouncer.core.sys.Const;
import org.portbouncer.core.sys.Errno;
import org.portbouncer.core.sys.Libc;
import org.portbouncer.core.sys.Native;
import org.portbouncer.core.sys.Sockets;

/**
 * One socket of a session in the io worker. Watched edge-triggered, so that a session costs one
 * registration and no change of it while data flows: what the last event said is remembered here
 * until a call says otherwise. Room to write is assumed until a write finds none.
 *
 * <p>The descriptor belongs to the session; this class never closes it.
 */
final class Side extends Pollable {

  private static final int WATCHED =
      Const.EPOLLIN | Const.EPOLLPRI | Const.EPOLLRDHUP | Const.EPOLLET;

  /** What a socket is taken to hold of what comes in before anybody asks for more. */
  private static final int ROOM = 64 * 1024;

  private static final MemorySegment VALUE = Native.allocate(4);

  /** Who acts on what a side reports. */
  interface Owner {
    void sideReady(Side side);
  }

  private final EventLoop loop;
  private final Owner owner;
  private int fd = -1;
  private boolean readable;
  private boolean writable;
  private boolean watchesRoom;
  private long room;

  /** End of stream or an error is on its way, or urgent data is: read on until a call says so. */
  private boolean readToEnd;

  private boolean urgent;
  private boolean reset;

  Side(EventLoop loop, Owner owner) {
    this.loop = loop;
    this.owner = owner;
  }

  /**
   * Begins to watch {@code fd}.
   *
   * @return 0 or the errno, as {@link #openUnwatched} and {@link #watch}
   */
  int open(int fd) {
    int errno = openUnwatched(fd, false);
    return errno != 0 ? errno : watch();
  }

  /**
   * Takes a socket that {@link #watch} is called for later. It has come through other processes,
   * and may be anything: a descriptor that would have the loop wait in a call is refused. What is
   * left may be no socket; its calls may fail, but hold up nobody else's.
   *
   * @param readable whether it is worth a read before anything was said of it
   * @return 0 or the errno, EINVAL for one that would wait
   */
  int openUnwatched(int fd, boolean readable) {
    this.fd = fd;
    this.readable = readable;
    writable = true;
    watchesRoom = false;
    room = ROOM;
    readToEnd = false;
    urgent = false;
    reset = false;
    int flags = Libc.fcntl(fd, Const.F_GETFL, 0);
    if (flags < 0) {
      return -flags;
    }
    return (flags & Const.O_NONBLOCK) == 0 ? Errno.EINVAL : 0;
  }

  /**
   * Begins to watch; what can be read by now is told as well.
   *
   * @return 0 or the errno, as {@link EventLoop#tryAdd}
   */
  int watch() {
    return loop.tryAdd(this, fd, WATCHED);
  }

  /**
   * Stops watching; the session closes the descriptor next. Where another process still holds a
   * copy (the sender of the hop, for a moment) epoll keeps it that long, and its events reach
   * nobody.
   */
  void close() {
    loop.forget(this);
    fd = -1;
  }

  /** Stops watching a socket that another process goes on with, for as long as that may be. */
  void leave() {
    loop.remove(this, fd);
    fd = -1;
  }

  int fd() {
    return fd;
  }

  @Override
  protected void ready(int events) {
    if ((events & (Const.EPOLLRDHUP | Const.EPOLLHUP | Const.EPOLLERR | Const.EPOLLPRI)) != 0) {
      readToEnd = true;
      readable = true;
    }
    if ((events & Const.EPOLLIN) != 0) {
      readable = true;
    }
    if ((events & Const.EPOLLPRI) != 0) {
      urgent = true;
    }
    if ((events & (Const.EPOLLOUT | Const.EPOLLERR)) != 0) {
      writable = true;
    }
    owner.sideReady(this);
  }

  boolean readable() {
    return readable;
  }

  boolean writable() {
    return writable;
  }

  /** Whether urgent data has ever come: not a socket for splice(2). */
  boolean urgent() {
    return urgent;
  }

  /** A read gave less than it could: the socket is empty, unless its end is near. */
  void readShort() {
    if (!readToEnd) {
      readable = false;
    }
  }

  /** As a read of one byte would return, which stays where it is; the errno negated. */
  int peek() {
    return (int) Libc.recv(fd, VALUE.address(), 1, Const.MSG_PEEK | Const.MSG_DONTWAIT);
  }

  /** Has the kernel keep so many bytes for a read that comes later, as far as it will. */
  void hold(long bytes) {
    if (bytes > room) {
      room = bytes;
      Sockets.growReceiveRoom(fd, (int) bytes);
    }
  }

  /** A read found nothing. */
  void readNothing() {
    readable = false;
  }

  /**
   * Reads what has come and forgets it, up to {@code most} bytes. A peer that is stuck writing may
   * never read what it is still to get; and a kernel whose receive queue is more than full drops
   * the acknowledgements that come behind it, that of an end of stream too (seen on Linux 6.18).
   */
  void throwAway(MemorySegment room, long most) {
    long read = 1;
    for (long sum = 0; sum < most && read > 0; sum += read) {
      read = Libc.read(fd, room.address(), room.byteSize());
    }
    if (read < 0 && read != -Errno.EAGAIN && read != -Errno.EINTR) {
      markReset();
    }
  }

  /** A write found no room: the loop tells when there is some. */
  void full() {
    writable = false;
    if (!watchesRoom) {
      watchesRoom = true;
      loop.change(this, fd, WATCHED | Const.EPOLLOUT);
    }
  }

  /** The peer is gone for good. A later read may still give what it sent before, then an end. */
  void markReset() {
    reset = true;
    readToEnd = true;
    readable = true;
  }

  boolean wasReset() {
    return reset;
  }

  /** Bytes written that the peer's kernel has not acknowledged; 0 where that cannot be told. */
  int unacknowledged() {
    int result = Libc.ioctl(fd, Const.SIOCOUTQ, VALUE.address());
    return result < 0 ? 0 : VALUE.get(JAVA_INT, 0);
  }

  /** Makes the close that follows a reset. */
  void resetOnClose() {
    Sockets.resetOnClose(fd);
  }

  void shutdownWrite() {
    Libc.shutdown(fd, Const.SHUT_WR);
  }
}
