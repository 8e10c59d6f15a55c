package org.portbouncer.core.worker;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.portbouncer.core.hop.HopSender;
import org.portbouncer.core.hop.Session;
import org.portbouncer.core.loop.EventLoop;
import org.portbouncer.core.loop.Pollable;
import org.portbouncer.core.loop.Timer;
import org.portbouncer.core.sys.Const;
import org.portbouncer.core.sys.Errno;
import org.portbouncer.core.sys.Libc;
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
  private final int batch;
  private final HopSender.Sent sent;
  private Lane[] lanes;

  /** Lanes whose reader goes: what was offered to them is still sent, nothing is added. */
  private final List<Lane> leaving = new ArrayList<>();

  /** Lanes that were let go, to be used again: what they hold natively is never freed. */
  private final Deque<Lane> spare = new ArrayDeque<>();

  /** Why something could not be sent since {@link #takeShortage} was called; 0 for nothing. */
  private int shortage;

  private boolean settling;
  private int next;

  /**
   * @param inboxes writing ends; they stay open as long as the process
   * @param batch most sessions in one datagram
   */
  public Outbox(EventLoop loop, int[] inboxes, int batch, HopSender.Sent sent) {
    this.loop = loop;
    this.batch = batch;
    this.sent = sent;
    this.lanes = new Lane[inboxes.length];
    for (int i = 0; i < inboxes.length; i++) {
      lanes[i] = lane(i, inboxes[i]);
    }
  }

  private Lane lane(int id, int inbox) {
    Lane lane = spare.poll();
    if (lane == null) {
      lane = new Lane(new HopSender(inbox, batch, sent));
    } else {
      lane.sender.leadTo(inbox);
    }
    lane.id = id;
    return lane;
  }

  /**
   * Leads to other inboxes from now on. Those that stay go on; one that goes gets what was offered
   * to it, and is closed then.
   *
   * @param ids their numbers
   * @param inboxes writing ends, which belong to this outbox now
   */
  public void lead(int[] ids, int[] inboxes) {
    Lane[] before = lanes;
    Lane[] after = new Lane[ids.length];
    for (int i = 0; i < ids.length; i++) {
      for (int j = 0; j < before.length && after[i] == null; j++) {
        if (before[j] != null && before[j].id == ids[i]) {
          after[i] = before[j];
          before[j] = null;
          Libc.close(inboxes[i]);
        }
      }
      if (after[i] == null) {
        after[i] = lane(ids[i], inboxes[i]);
      }
    }
    for (Lane lane : before) {
      if (lane != null) {
        leaving.add(lane);
      }
    }
    lanes = after;
    next = 0;
    settling = true;
  }

  /** Closes the inboxes. */
  void close() {
    for (Lane lane : lanes) {
      lane.close();
    }
  }

  /** Whether the last of the inboxes that go has been closed since the last call. */
  public boolean takeSettled() {
    if (!settling) {
      return false;
    }
    letGo();
    settling = !leaving.isEmpty();
    return !settling;
  }

  /** Closes those that go and have got all that was offered to them. */
  private void letGo() {
    for (int i = leaving.size() - 1; i >= 0; i--) {
      Lane lane = leaving.get(i);
      if (lane.sender.waiting() == 0) {
        lane.close();
        leaving.remove(i);
        spare.push(lane);
      }
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
    for (int i = 0; i < leaving.size(); i++) {
      Lane lane = leaving.get(i);
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

  /**
   * What the kernel had too little of since the last call, as an errno; 0 for nothing. It is tried
   * again, and nothing is lost; but the operator should know.
   */
  public int takeShortage() {
    int errno = shortage;
    shortage = 0;
    return errno;
  }

  /** Sessions that were offered and not sent yet. */
  public int waiting() {
    int waiting = 0;
    for (Lane lane : lanes) {
      waiting += lane.sender.waiting();
    }
    for (int i = 0; i < leaving.size(); i++) {
      waiting += leaving.get(i).sender.waiting();
    }
    return waiting;
  }

  /** How many states were too large for a datagram since the last call. */
  public int takeSpilled() {
    int spilled = 0;
    for (Lane lane : lanes) {
      spilled += lane.sender.takeSpilled();
    }
    for (int i = 0; i < leaving.size(); i++) {
      spilled += leaving.get(i).sender.takeSpilled();
    }
    return spilled;
  }

  private final class Lane extends Pollable {

    private final HopSender sender;
    private int id;
    private boolean waits;

    /** All who had the inbox have died, the mother too: it has no reader and gets none. */
    private boolean deserted;

    private final Timer retry =
        new Timer() {
          @Override
          protected void expired(long now) {
            again();
          }
        };

    Lane(HopSender sender) {
      this.sender = sender;
    }

    /** Lets go of the inbox; nothing waits for it. */
    void close() {
      loop.remove(this, sender.fd());
      loop.timers().clear(retry);
      Libc.close(sender.fd());
      waits = false;
      deserted = false;
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
          int watching = loop.tryAdd(this, sender.fd(), Const.EPOLLOUT);
          if (watching != 0) {
            shortage = watching;
            loop.timers().set(retry, loop.now() + RETRY_NANOS);
          }
        }
        case Errno.ETOOMANYREFS, Errno.ENOBUFS, Errno.ENOMEM, Errno.EMFILE, Errno.ENFILE -> {
          waits = true;
          shortage = errno;
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
      again();
    }

    /** Sends what had to wait; the owner of one that goes may not ask for a long time. */
    private void again() {
      waits = false;
      flush();
      letGo();
    }
  }
}
