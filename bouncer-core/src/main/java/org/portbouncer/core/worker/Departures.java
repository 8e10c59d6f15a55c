package org.portbouncer.core.worker;

import org.portbouncer.core.hop.Session;
import org.portbouncer.core.shared.WorkerBoard;
import org.portbouncer.core.sys.Errno;

/**
 * How sessions leave a worker for the next stage: its {@link Outbox}, and what is counted and said
 * of it. A worker of the last stage has none. On the thread of the worker's loop.
 */
final class Departures {

  private static final long SHORTAGE_LOG_NANOS = 1_000_000_000;

  private final Worker worker;

  /** Null behind the last stage. */
  private final Outbox outbox;

  private long shortageLogged;

  /** Which set of next inboxes the outbox has. */
  private int lanesVersion;

  /**
   * @param outbox null where no stage follows
   */
  Departures(Worker worker, Outbox outbox) {
    this.worker = worker;
    this.outbox = outbox;
    this.shortageLogged = worker.loop().now() - SHORTAGE_LOG_NANOS;
  }

  /** Whether a stage follows. */
  boolean exist() {
    return outbox != null;
  }

  /** Takes a session; it is the outbox's from here on. */
  void offer(Session session) {
    outbox.offer(session);
  }

  /** Sends what was offered, as far as there is room; only where a stage follows. */
  void flush() {
    outbox.flush();
    int spilled = outbox.takeSpilled();
    if (spilled > 0) {
      worker.count(WorkerBoard.Count.SPILLED, spilled);
    }
    int errno = outbox.takeShortage();
    long now = worker.loop().now();
    if (errno != 0 && now - shortageLogged >= SHORTAGE_LOG_NANOS) {
      shortageLogged = now;
      worker.log().warn(now, "sessions wait to be passed on: " + Errno.watching(errno));
    }
    if (outbox.takeSettled()) {
      worker.lanesSettled(lanesVersion);
    }
  }

  /** Sessions that wait to be sent. */
  int waiting() {
    return outbox == null ? 0 : outbox.waiting();
  }

  /** Whether the way on is full. */
  boolean blocked() {
    return outbox != null && outbox.blocked();
  }

  /** The next stage has other inboxes from now on. */
  void lead(int version, int[] ids, int[] inboxes) {
    lanesVersion = version;
    outbox.lead(ids, inboxes);
  }

  void close() {
    if (outbox != null) {
      outbox.close();
    }
  }
}
