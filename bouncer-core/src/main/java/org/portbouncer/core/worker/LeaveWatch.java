package org.portbouncer.core.worker;

import org.portbouncer.core.loop.Timer;

/**
 * Ends a worker that a reload made superfluous once nothing is left for it to do: it holds no
 * session, has none to send, and none waits in an inbox that it alone reads.
 */
final class LeaveWatch extends Timer {

  private static final long LOOK_NANOS = 20_000_000;

  private final Worker worker;

  LeaveWatch(Worker worker) {
    this.worker = worker;
  }

  void begin() {
    worker.loop().timers().set(this, worker.loop().now());
  }

  @Override
  protected void expired(long now) {
    if (worker.heldCount() > 0 || worker.outboxWaiting() > 0 || worker.inboxWaiting()) {
      worker.loop().timers().set(this, now + LOOK_NANOS);
    } else {
      worker.stop();
    }
  }
}
