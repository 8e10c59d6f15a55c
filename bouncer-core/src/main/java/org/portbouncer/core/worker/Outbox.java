package org.portbouncer.core.worker;

import org.portbouncer.core.hop.HopSender;
import org.portbouncer.core.hop.Session;
import org.portbouncer.core.loop.EventLoop;
import org.portbouncer.core.loop.Pollable;
import org.portbouncer.core.loop.Timer;
import org.portbouncer.core.sys.Const;
import org.portbouncer.core.sys.Errno;
import org.portbouncer.core.sys.SystemCallException;

/**
 * The way to the next stage: one inbox, or, before io, one for each of its workers, taken in turn
 * so that sessions spread evenly. In the mother and in every stage but io, on the thread of its
 * loop.
 *
 * <p>A full inbox is no error: what was offered waits here, the loop is told when the inbox has
 * room, and until then {@link #blocked} says that its owner must take in nothing more. So pressure
 * goes back, stage by stage, to the mother, who stops accepting.
 */
public final class Outbox {

  /** Where the kernel gives no event for the end of the shortage, it is tried again after this. */
  private static final long RETRY_NANOS = 5_000_000;

  private final EventLoop loop;
  private final Lane[] lanes;
  private int next;

  /**
   * @param inboxes writing ends; they stay open as long as the process
   * @param batch most sessions in one datagram
   */
  public Outbox(EventLoop loop, int[] inboxes, int batch, HopSender.Sent sent) {
    this.loop = loop;
    this.lanes = new Lane[inboxes.length];
    for (int i = 0; i < inboxes.length; i++) {
      lanes[i] = new Lane(new HopSender(inboxes[i], batch, sent));
    }
  }

  /** Takes a session over; it leaves at the next {@link #flush}. */
  public void offer(Session session) {
    Lane lane = lanes[next];
    for (int i = 1; i < lanes.length && !lane.usable(); i++) {
      lane = lanes[(next + i) % lanes.length];
    }
    next = next + 1 == lanes.length ? 0 : next + 1;
    lane.sender.offer(session);
  }

  /** Sends what was offered. */
  public void flush() {
    for (Lane lane : lanes) {
      if (lane.sender.waiting() > 0 && !lane.waits) {
        lane.flush();
      }
    }
  }

  /** Whether every inbox is full. */
  public boolean blocked() {
    boolean anyReader = false;
    for (Lane lane : lanes) {
      if (lane.usable()) {
        return false;
      }
      anyReader |= !lane.deserted;
    }
    return anyReader;
  }

  /** Sessions that were offered and not sent yet. */
  public int waiting() {
    int waiting = 0;
    for (Lane lane : lanes) {
      waiting += lane.sender.waiting();
    }
    return waiting;
  }

  /** How many states were too large for a datagram since the last call. */
  public int takeSpilled() {
    int spilled = 0;
    for (Lane lane : lanes) {
      spilled += lane.sender.takeSpilled();
    }
    return spilled;
  }

  private final class Lane extends Pollable {

    private final HopSender sender;
    private boolean waits;

    /** All who had the inbox have died, the mother too: it has no reader and gets none. */
    private boolean deserted;

    private final Timer retry =
        new Timer() {
          @Override
          protected void expired(long now) {
            waits = false;
            flush();
          }
        };

    Lane(HopSender sender) {
      this.sender = sender;
    }

    boolean usable() {
      return !waits && !deserted;
    }

    void flush() {
      if (deserted) {
        sender.giveUp();
        return;
      }
      int errno = sender.flush();
      if (errno != 0) {
        sender.keepStates();
      }
      switch (errno) {
        case 0 -> {}
        case Errno.EAGAIN -> {
          waits = true;
          loop.add(this, sender.fd(), Const.EPOLLOUT);
        }
        case Errno.ETOOMANYREFS, Errno.ENOBUFS, Errno.ENOMEM, Errno.EMFILE, Errno.ENFILE -> {
          waits = true;
          loop.timers().set(retry, loop.now() + RETRY_NANOS);
        }
        case Errno.ECONNREFUSED, Errno.ECONNRESET, Errno.ENOTCONN, Errno.EPIPE -> {
          deserted = true;
          sender.giveUp();
        }
        default -> throw new SystemCallException("sendmsg", errno);
      }
    }

    @Override
    protected void ready(int events) {
      loop.remove(this, sender.fd());
      waits = false;
      flush();
    }
  }
}
