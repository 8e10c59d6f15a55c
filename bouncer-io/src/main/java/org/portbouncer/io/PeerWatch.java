package org.portbouncer.io;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;
import org.portbouncer.core.loop.EventLoop;
import org.portbouncer.core.loop.Timer;
import org.portbouncer.core.sys.Const;
import org.portbouncer.core.sys.Libc;
import org.portbouncer.core.sys.Native;
import org.portbouncer.core.sys.Sockets;

/**
 * Keeps TCP_USER_TIMEOUT from hitting peers that live. The kernel counts the time in which a peer
 * answers but takes nothing, too: one whose program reads nothing for a while would be given up
 * although its kernel answers each question (tcp_probe_timer, tcp_write_timeout). So while nothing
 * is taken and answers come, the time is moved on; when they stop, the kernel's clock runs out.
 *
 * <p>Looks four times in the user timeout, at sessions that have one and whose bytes move or wait
 * to be taken; at rest it costs nothing. The kernel asks after 0.2 s, then at doubled distances, so
 * that an answer falls between two looks before its clock runs out. One for a flow, in the io
 * worker, on its loop's thread.
 */
final class PeerWatch {

  private static final int LOOKS = 4;
  private static final long MILLI = 1_000_000;

  /**
   * As far as it is read, of struct tcp_info (linux/tcp.h):
   *
   * <pre>
   *   24 unacked u32: segments on their way
   *   56 last_ack_recv u32: milliseconds since the last answer
   *   120 bytes_acked u64: what was taken, in all
   *   144 notsent u32: bytes that wait to be sent
   * </pre>
   */
  private static final int INFO_BYTES = 148;

  private static final MemorySegment INFO = Native.allocate(INFO_BYTES);
  private static final MemorySegment LENGTH = Native.allocate(4);

  private final EventLoop loop;
  private final Watched client = new Watched();
  private final Watched target = new Watched();
  private int shorterMs;
  private boolean moved;

  private final Timer look =
      new Timer() {
        @Override
        protected void expired(long now) {
          boolean clientWaits = client.look(now);
          boolean targetWaits = target.look(now);
          if (moved || clientWaits || targetWaits) {
            moved = false;
            arm(now);
          }
        }
      };

  PeerWatch(EventLoop loop) {
    this.loop = loop;
  }

  /**
   * Begins with a session.
   *
   * @param clientMs the user timeout of its client's socket, 0 for none
   * @param targetMs and of its target's; not both are 0
   */
  void open(int client, int clientMs, int target, int targetMs) {
    this.shorterMs = clientMs == 0 || targetMs != 0 && targetMs < clientMs ? targetMs : clientMs;
    this.client.open(client, clientMs, loop.now());
    this.target.open(target, targetMs, loop.now());
    moved = false;
  }

  /** Bytes have moved: there may be some on their way to a peer. */
  void moved(long now) {
    moved = true;
    if (!look.isSet()) {
      arm(now);
    }
  }

  private void arm(long now) {
    loop.timers().set(look, now + shorterMs * MILLI / LOOKS);
  }

  void close() {
    loop.timers().clear(look);
  }

  /** One of the two sockets. */
  private static final class Watched {

    private int fd;
    private int timeoutMs;
    private long taken;

    /** When more had been taken than at the look before. */
    private long takenAt;

    private boolean extended;

    void open(int fd, int timeoutMs, long now) {
      this.fd = fd;
      this.timeoutMs = timeoutMs;
      taken = 0;
      takenAt = now;
      extended = false;
    }

    /** Whether bytes wait to be taken by the peer. */
    boolean look(long now) {
      if (timeoutMs == 0) {
        return false;
      }
      LENGTH.set(JAVA_INT, 0, INFO_BYTES);
      int result =
          Libc.getsockopt(fd, Const.IPPROTO_TCP, Const.TCP_INFO, INFO.address(), LENGTH.address());
      if (result < 0) {
        // A Unix socket; those have no network to vanish in.
        return false;
      }
      boolean waits = INFO.get(JAVA_INT, 24) != 0 || INFO.get(JAVA_INT, 144) != 0;
      long takenNow = INFO.get(JAVA_LONG, 120);
      if (!waits || takenNow != taken) {
        taken = takenNow;
        takenAt = now;
        if (extended) {
          extended = false;
          set(timeoutMs);
        }
        return waits;
      }
      long answeredMs = INFO.get(JAVA_INT, 56) & 0xffff_ffffL;
      long waitingMs = (now - takenAt) / MILLI;
      if (answeredMs < waitingMs && answeredMs < timeoutMs) {
        extended = true;
        // The kernel may have begun to count up to one look before.
        set(waitingMs + timeoutMs + timeoutMs / LOOKS);
      }
      return true;
    }

    private void set(long ms) {
      Sockets.set(
          fd, Const.IPPROTO_TCP, Const.TCP_USER_TIMEOUT, (int) Math.min(ms, Integer.MAX_VALUE));
    }
  }
}
