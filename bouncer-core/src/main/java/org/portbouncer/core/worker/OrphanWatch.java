package org.portbouncer.core.worker;

import org.portbouncer.core.loop.Timer;
import org.portbouncer.core.session.Result;

/**
 * Ends a worker whose mother has gone once nothing is left for it to do: it holds no session, has
 * none to send, and no worker of a stage before it lives, who might still send it one. After
 * `timeouts.orphan` it ends what is left.
 */
final class OrphanWatch extends Timer {

  private static final long LOOK_NANOS = 100_000_000;

  /** A worker that was silent for as long does not send any more. */
  private static final long SILENT_NANOS = 6 * Worker.HEARTBEAT_NANOS;

  /** Looks at which nothing was to be done; what waited in the inbox has been read by then. */
  private static final int QUIET_LOOKS = 5;

  private final Worker worker;
  private final Duties duties;
  private final long orphanNanos;
  private final long begun;
  private int quiet;

  /**
   * @param orphanMs as configured, 0 for ever
   */
  OrphanWatch(Worker worker, Duties duties, long orphanMs) {
    this.worker = worker;
    this.duties = duties;
    this.begun = worker.loop().now();
    this.orphanNanos = orphanMs == 0 ? Long.MAX_VALUE : orphanMs * 1_000_000;
  }

  void begin() {
    worker.loop().timers().set(this, worker.loop().now() + LOOK_NANOS);
  }

  @Override
  protected void expired(long now) {
    boolean over = worker.loop().turned(begun) >= orphanNanos;
    if (over) {
      duties.endAll(Result.DRAINED);
    }
    boolean busy = duties.holds() || duties.hasToSend() || !over && mayBeSentMore(now);
    quiet = busy ? 0 : quiet + 1;
    if (quiet >= QUIET_LOOKS) {
      duties.stop();
    } else {
      worker.loop().timers().set(this, now + LOOK_NANOS);
    }
  }

  /** While this process was stopped others may have been, and they are silent for that alone. */
  private boolean mayBeSentMore(long now) {
    long from = now - SILENT_NANOS;
    return worker.loop().stalls().since(from) > SILENT_NANOS / 2
        || worker.area().workers().anyBefore(duties.stageId(), from);
  }
}
