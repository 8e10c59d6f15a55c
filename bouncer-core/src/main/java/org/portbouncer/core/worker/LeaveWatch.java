package org.portbouncer.core.worker;

import org.portbouncer.core.loop.Timer;

/**
 * Ends a worker that a reload made superfluous, or whose sessions are to be others', once nothing
 * is left for it to do: it has no session to send, holds none, or none that ends with it, and where
 * it drains none waits in an inbox that it alone reads.
 */
final class LeaveWatch extends Timer {

  private static final long LOOK_NANOS = 20_000_000;

  private final Worker worker;

  /** Nobody sends to its inbox any more, or to one that others read too. */
  private boolean drains;

  /** Others go on with what it holds. */
  private boolean moves;

  LeaveWatch(Worker worker) {
    this.worker = worker;
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
    worker.loop().timers().set(this, worker.loop().now());
  }

  @Override
  protected void expired(long now) {
    boolean holds = moves ? !worker.canBeFollowed() : worker.heldCount() > 0;
    if (holds || worker.outboxWaiting() > 0 || drains && worker.inboxWaiting()) {
      worker.loop().timers().set(this, now + LOOK_NANOS);
    } else {
      worker.stop();
    }
  }
}
