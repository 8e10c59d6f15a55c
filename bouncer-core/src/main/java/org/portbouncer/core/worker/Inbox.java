package org.portbouncer.core.worker;

import org.portbouncer.core.hop.HopReceiver;
import org.portbouncer.core.loop.Pollable;
import org.portbouncer.core.loop.Timer;
import org.portbouncer.core.shared.WorkerBoard;
import org.portbouncer.core.sys.Const;
import org.portbouncer.core.sys.Errno;
import org.portbouncer.core.sys.Sockets;
import org.portbouncer.core.sys.SystemCallException;

/**
 * The worker's reading end of its stage's inbox. It is not read while the way on is full or while
 * the process has no descriptors to spare: what waits there is safe, and the wait reaches the
 * mother.
 */
final class Inbox extends Pollable {

  /** Messages taken in one turn, so that held sessions, timers and the mother get theirs too. */
  private static final int PER_TURN = 16;

  private static final long SHORTAGE_PAUSE_NANOS = 50_000_000;

  private final Worker worker;
  private final Arrivals arrivals;
  private final Held held;
  private final Departures departures;
  private final HopReceiver receiver;
  private final int fd;
  private final int perMessage;
  private boolean opened;

  /** Descriptors could not be opened, or the inbox not be watched; there may still be no room. */
  private boolean shortage;

  private final Timer shortageOver =
      new Timer() {
        @Override
        protected void expired(long now) {
          if (DescriptorLimit.hasRoom(perMessage)) {
            shortage = false;
            adjust();
            if (!shortage) {
              worker.log().info(now, "descriptors may be opened again");
            }
          } else {
            worker.loop().timers().set(this, now + SHORTAGE_PAUSE_NANOS);
          }
        }
      };

  /**
   * @param perMessage the most descriptors that a message brings
   */
  Inbox(
      Worker worker,
      Arrivals arrivals,
      Held held,
      Departures departures,
      HopReceiver receiver,
      int fd,
      int perMessage) {
    this.worker = worker;
    this.arrivals = arrivals;
    this.held = held;
    this.departures = departures;
    this.receiver = receiver;
    this.fd = fd;
    this.perMessage = perMessage;
  }

  /** Begins to read. */
  void open() {
    opened = true;
    adjust();
  }

  /** Ends reading for good. */
  void close() {
    opened = false;
    adjust();
  }

  /** Whether a message waits, read or not read now. */
  boolean hasMessage() {
    return Sockets.isReadable(fd);
  }

  /** Reads or pauses, as the worker's state asks for. */
  void adjust() {
    boolean wanted = opened && mayReceive();
    if (wanted && !registered()) {
      watch();
    } else if (!wanted && registered()) {
      worker.loop().remove(this, fd);
      if (opened && !held.hasRoomForSession()) {
        worker.count(WorkerBoard.Count.DESCRIPTOR_PAUSES, 1);
      }
    }
  }

  private void watch() {
    int errno = worker.loop().tryAdd(this, fd, Const.EPOLLIN);
    if (errno != 0) {
      long now = worker.loop().now();
      worker.log().warn(now, "sessions wait in the inbox: " + Errno.watching(errno));
      shortage = true;
      worker.loop().timers().set(shortageOver, now + SHORTAGE_PAUSE_NANOS);
    }
  }

  private boolean mayReceive() {
    return !departures.blocked() && !shortage && held.hasRoomForSession() && held.hasMemory();
  }

  /**
   * Ends the sessions of a message whose descriptors did not come: the limit was lowered while the
   * process ran, or something else in it has taken them. What still waits in the inbox stays there
   * until there is room.
   */
  private void endLacking(int from, int count) {
    long now = worker.loop().now();
    for (int i = from; i < count; i++) {
      arrivals.endLacking(receiver.take(i));
    }
    worker
        .log()
        .error(
            now,
            "sessions ended because this process may open no more descriptors: "
                + (count - from)
                + "; others wait");
    worker.count(WorkerBoard.Count.DESCRIPTOR_PAUSES, 1);
    shortage = true;
    worker.loop().timers().set(shortageOver, now + SHORTAGE_PAUSE_NANOS);
    adjust();
  }

  /** Says what was refused of a message that was otherwise good. */
  private void refusals() {
    int refused = receiver.takeRefusals();
    if (refused > 0) {
      worker.count(WorkerBoard.Count.REFUSED, refused);
      worker.log().error(worker.loop().now(), refused + " sessions refused: " + receiver.refusal());
    }
  }

  @Override
  protected void ready(int events) {
    boolean more = true;
    for (int turn = 0; more && turn < PER_TURN && registered(); turn++) {
      more = receive();
    }
  }

  /** Takes one message; whether there was one. */
  private boolean receive() {
    int count = receiver.receive();
    if (count == HopReceiver.MARK) {
      worker.marked(receiver.mark());
    } else if (count == HopReceiver.REFUSED) {
      worker.count(WorkerBoard.Count.REFUSED, 1);
      worker.log().error(worker.loop().now(), "hop message refused: " + receiver.refusal());
    } else if (count >= 0) {
      arrived(count);
    } else if (count == -Errno.EAGAIN || count == -Errno.EINTR) {
      return false;
    } else {
      throw new SystemCallException("recvmsg", -count);
    }
    return true;
  }

  private void arrived(int count) {
    worker.count(WorkerBoard.Count.RECEIVED, count);
    refusals();
    int whole = Math.min(count, receiver.lackingFrom());
    for (int i = 0; i < whole; i++) {
      arrivals.arrived(receiver.take(i));
    }
    if (whole < count) {
      endLacking(whole, count);
    }
    worker.passOn();
  }
}
