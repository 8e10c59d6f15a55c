package org.portbouncer.core.worker;

import org.portbouncer.core.loop.Timer;

/**
 * Ends a worker whose mother has gone once the last session it holds has ended. It looks again and
 * again for a while, because sessions may still come in from the stages before it, which are
 * orphans too.
 */
final class OrphanWatch extends Timer {

  private static final long LOOK_NANOS = 100_000_000;

  /** Longer than any session stays between two stages. */
  private static final int QUIET_LOOKS = 20;

  private final Worker worker;
  private int quiet;

  OrphanWatch(Worker worker) {
    this.worker = worker;
  }

  void begin() {
    worker.loop().timers().set(this, worker.loop().now() + LOOK_NANOS);
  }

  @Override
  protected void expired(long now) {
    quiet = worker.heldCount() == 0 ? quiet + 1 : 0;
    if (quiet >= QUIET_LOOKS) {
      worker.stop();
    } else {
      worker.loop().timers().set(this, now + LOOK_NANOS);
    }
  }
}
