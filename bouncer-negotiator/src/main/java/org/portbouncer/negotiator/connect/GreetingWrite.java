package org.portbouncer.negotiator.connect;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.portbouncer.core.loop.EventLoop;
import org.portbouncer.core.loop.Pollable;
import org.portbouncer.core.sys.Const;
import org.portbouncer.core.sys.Errno;
import org.portbouncer.core.sys.Libc;

/**
 * Sends a header to a target: in one write, which a new connection takes whole but for the very
 * long. The rest of such a one waits for room. Part of a {@link ConnectAttempt}; the descriptor is
 * not its own.
 */
abstract class GreetingWrite extends Pollable {

  private final EventLoop loop;
  private int fd = -1;
  private Arena arena;
  private MemorySegment rest = MemorySegment.NULL;

  GreetingWrite(EventLoop loop) {
    this.loop = loop;
  }

  /** The rest was sent, or could not be: 0 or the errno. */
  abstract void sent(int errno);

  /**
   * Sends.
   *
   * @return 0 where all went out; EINPROGRESS where {@link #sent} is told later; else the errno
   */
  int send(int fd, MemorySegment bytes, int length) {
    long went = write(fd, bytes.address(), length);
    if (went == length) {
      return 0;
    }
    if (went < 0 && went != -Errno.EAGAIN) {
      return (int) -went;
    }
    int done = (int) Math.max(0, went);
    int errno = loop.tryAdd(this, fd, Const.EPOLLOUT);
    if (errno != 0) {
      return errno;
    }
    this.fd = fd;
    arena = Arena.ofConfined();
    rest = arena.allocate(length - done);
    MemorySegment.copy(bytes, done, rest, 0, length - done);
    return Errno.EINPROGRESS;
  }

  private static long write(int fd, long address, long length) {
    long went;
    do {
      went = Libc.send(fd, address, length, Const.MSG_DONTWAIT | Const.MSG_NOSIGNAL);
    } while (went == -Errno.EINTR);
    return went;
  }

  @Override
  protected void ready(int events) {
    long went = write(fd, rest.address(), rest.byteSize());
    if (went == -Errno.EAGAIN) {
      return;
    }
    if (went >= 0 && went < rest.byteSize()) {
      rest = rest.asSlice(went);
      return;
    }
    clear();
    sent(went < 0 ? (int) -went : 0);
  }

  /** Forgets what is left to send. */
  void clear() {
    if (fd >= 0) {
      loop.remove(this, fd);
      fd = -1;
      arena.close();
      rest = MemorySegment.NULL;
    }
  }
}
