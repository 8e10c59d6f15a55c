package org.portbouncer.io;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.util.Random;
import org.portbouncer.core.sys.Const;
import org.portbouncer.core.sys.Errno;
import org.portbouncer.core.sys.Libc;
import org.portbouncer.core.sys.SockAddr;
import org.portbouncer.core.sys.Sockets;
import org.portbouncer.core.sys.SystemCallException;

/**
 * The outer end of a connection, blocking, driven by the test's threads. It sends and checks a
 * pattern in which every byte depends on its place, so that lost, doubled and moved bytes show.
 */
final class Peer {

  /** TCP over loopback, or a Unix stream pair. */
  enum Kind {
    TCP,
    UNIX
  }

  /** A prime, so that no buffer's size is a multiple of the period. */
  private static final int PERIOD = 65_521;

  private static final int ROOM = 4 * PERIOD;

  private final Arena arena = Arena.ofShared();
  private final MemorySegment pattern = arena.allocate(ROOM + PERIOD);
  private final MemorySegment buffer = arena.allocate(ROOM);
  private final int inner;
  private int fd;

  /** What the last {@link #receive} has read so far. */
  private long received;

  private Peer(int outer, int inner, long seed) {
    this.fd = outer;
    this.inner = inner;
    byte[] bytes = new byte[PERIOD];
    new Random(seed).nextBytes(bytes);
    for (long at = 0; at + PERIOD <= pattern.byteSize(); at += PERIOD) {
      MemorySegment.copy(bytes, 0, pattern, JAVA_BYTE, at, PERIOD);
    }
  }

  /** A connection whose inner end is non-blocking and the flow's to use. */
  static Peer connect(Kind kind, long seed) throws Exception {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment memory = arena.allocate(64);
      int outer;
      int inner;
      if (kind == Kind.UNIX) {
        check(
            Libc.socketpair(
                Const.AF_UNIX, Const.SOCK_STREAM | Const.SOCK_CLOEXEC, 0, memory.address()));
        outer = memory.get(JAVA_INT, 0);
        inner = memory.get(JAVA_INT, 4);
        check(Libc.fcntl(inner, Const.F_SETFL, Const.O_NONBLOCK));
      } else {
        int type = Const.SOCK_STREAM | Const.SOCK_CLOEXEC;
        int listener = check(Libc.socket(Const.AF_INET, type, 0));
        int length = SockAddr.put(memory, 0, InetAddress.getLoopbackAddress(), 0);
        check(Libc.bind(listener, memory.address(), length));
        check(Libc.listen(listener, 1));
        memory.set(JAVA_INT, 32, length);
        check(Libc.getsockname(listener, memory.address(), memory.address() + 32));
        outer = check(Libc.socket(Const.AF_INET, type, 0));
        check(Libc.connect(outer, memory.address(), length));
        inner = check(Libc.accept4(listener, 0, 0, Const.SOCK_NONBLOCK | Const.SOCK_CLOEXEC));
        Libc.close(listener);
        Sockets.enable(inner, Const.SOL_SOCKET, Const.SO_OOBINLINE);
      }
      // A hung test must say where: no read or write waits for ever.
      memory.set(JAVA_LONG, 0, 20);
      memory.set(JAVA_LONG, 8, 0);
      check(Libc.setsockopt(outer, Const.SOL_SOCKET, Const.SO_RCVTIMEO, memory.address(), 16));
      check(Libc.setsockopt(outer, Const.SOL_SOCKET, Const.SO_SNDTIMEO, memory.address(), 16));
      return new Peer(outer, inner, seed);
    }
  }

  private static int check(int result) {
    return SystemCallException.check("socket", result);
  }

  int inner() {
    return inner;
  }

  int fd() {
    return fd;
  }

  /** Sends the bytes of {@code of}'s pattern from {@code at} on, in chunks of random size. */
  void send(Peer of, long at, long length, int mostChunk, Random random) {
    long end = at + length;
    while (at < end) {
      long chunk = Math.min(end - at, 1 + random.nextInt(Math.min(mostChunk, ROOM)));
      long sent = Libc.write(fd, of.pattern.address() + at % PERIOD, chunk);
      if (sent < 0) {
        throw new SystemCallException("write at " + at, (int) -sent);
      }
      at += sent;
    }
  }

  /** One byte of urgent data: the next of the pattern. */
  void sendUrgent(Peer of, long at) {
    long sent = Libc.send(fd, of.pattern.address() + at % PERIOD, 1, Const.MSG_OOB);
    if (sent != 1) {
      throw new SystemCallException("send", (int) -sent);
    }
  }

  /** Sends without waiting, until the connection takes no more. */
  long stuff(Peer of, long at) {
    long begun = at;
    long sent;
    while ((sent = Libc.send(fd, of.pattern.address() + at % PERIOD, 16_384, Const.MSG_DONTWAIT))
        > 0) {
      at += sent;
    }
    return at - begun;
  }

  /**
   * Reads and checks up to {@code most} bytes of {@code of}'s pattern.
   *
   * @return how many came before the end of stream, or before {@code most}
   * @throws SystemCallException where the connection was reset or nothing came in time
   */
  long receive(Peer of, long at, long most, int mostChunk, Random random) {
    long begun = at;
    received = 0;
    while (at - begun < most) {
      long chunk = Math.min(most - (at - begun), 1 + random.nextInt(Math.min(mostChunk, ROOM)));
      long read = Libc.read(fd, buffer.address(), chunk);
      if (read < 0) {
        throw new SystemCallException("read after " + (at - begun), (int) -read);
      }
      if (read == 0) {
        break;
      }
      long wrong =
          MemorySegment.mismatch(buffer, 0, read, of.pattern, at % PERIOD, at % PERIOD + read);
      if (wrong >= 0) {
        throw new AssertionError("byte " + (at + wrong) + " is another's");
      }
      at += read;
      received += read;
    }
    return at - begun;
  }

  /** Reads until a reset; the bytes that came before it, or -1 where the stream ended well. */
  long receiveUntilReset(Peer of, long at) {
    try {
      receive(of, at, Long.MAX_VALUE, ROOM, new Random(1));
      return -1;
    } catch (SystemCallException e) {
      if (e.errno() == Errno.ECONNRESET) {
        return received;
      }
      throw e;
    }
  }

  void end() {
    Libc.shutdown(fd, Const.SHUT_WR);
  }

  /** Waits until the other end's kernel has all that was sent: a reset throws the rest away. */
  void awaitAcknowledged() throws InterruptedException {
    try (Arena value = Arena.ofConfined()) {
      MemorySegment left = value.allocate(4);
      for (int looks = 0; looks < 10_000; looks++) {
        check(Libc.ioctl(fd, Const.SIOCOUTQ, left.address()));
        if (left.get(JAVA_INT, 0) == 0) {
          return;
        }
        Thread.sleep(1);
      }
    }
    throw new AssertionError("not acknowledged");
  }

  void reset() {
    Sockets.resetOnClose(fd);
    close();
  }

  void close() {
    if (fd >= 0) {
      Libc.close(fd);
      fd = -1;
    }
  }
}
