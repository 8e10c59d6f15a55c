package org.portbouncer.core.worker;

import org.portbouncer.core.loop.EventLoop;
import org.portbouncer.core.loop.Timer;

/**
 * Ends a worker that a reload made superfluous, or whose sessions are to be others', once nothing
 * is left for it to do: it has no session to send, holds none, or none that ends with it, and where
 * it drains none waits in an inbox that it alone reads.
 */
final class LeaveWatch extends Timer {

  private static final long LOOK_NANOS = 20_000_000;

  private final EventLoop loop;
  private final Duties duties;

  /** Nobody sends to its inbox any more, or to one that others read too. */
  private boolean drains;

  /** Others go on with what it holds. */
  private boolean moves;

  LeaveWatch(EventLoop loop, Duties duties) {
    this.loop = loop;
    this.duties = duties;
  }

  void drain() {
    drains = true;
    begin();
  }

  void move() {
    moves = true;
    begin();
  }

  private void begin() {
    loop.timers().set(this, loop.now());
  }

  @Override
  protected void expired(long now) {
    boolean holds = moves ? !duties.canBeFollowed() : duties.holds();
    if (holds || duties.hasToSend() || drains && duties.inboxWaiting()) {
      loop.timers().set(this, now + LOOK_NANOS);
    } else {
      duties.stop();
    }
  }
}
