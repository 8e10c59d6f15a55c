package org.portbouncer.launcher.mother.doors;

import java.util.concurrent.atomic.AtomicLongArray;

/** How often accepting paused. Counted on the mother's loop, read from any thread. */
public final class AcceptPauses {

  /** What there was none of. */
  public enum Reason {
    /** Descriptors, of the mother or of the system. */
    DESCRIPTORS,
    /** Records in the session table. */
    RECORDS,
    /** Room in the first stage's inbox. */
    QUEUE
  }

  private final AtomicLongArray counts = new AtomicLongArray(Reason.values().length);

  void count(Reason reason) {
    counts.incrementAndGet(reason.ordinal());
  }

  public long of(Reason reason) {
    return counts.get(reason.ordinal());
  }
}
