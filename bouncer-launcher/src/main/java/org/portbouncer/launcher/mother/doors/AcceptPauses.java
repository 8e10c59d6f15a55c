package org.portbouncer.launcher.mother.doors;

import java.util.concurrent.atomic.AtomicLongArray;
import org.portbouncer.launcher.figures.Counts;
import org.portbouncer.launcher.figures.PauseReason;

/** How often accepting paused. Counted on the mother's loop, read from any thread. */
public final class AcceptPauses {

  private final AtomicLongArray counts = new AtomicLongArray(PauseReason.values().length);

  void count(PauseReason reason) {
    counts.incrementAndGet(reason.ordinal());
  }

  /** How often, by what there was none of. */
  public Counts<PauseReason> counts() {
    return Counts.read(PauseReason.values(), reason -> counts.get(reason.ordinal()));
  }
}
