package org.portbouncer.core.loop;

import java.lang.foreign.Arena;
import org.portbouncer.core.sys.Const;
import org.portbouncer.core.sys.Libc;

/** How the kernel schedules a loop's thread. In every process of the server. */
public final class BatchScheduling {

  private BatchScheduling() {}

  /**
   * Puts the calling thread under SCHED_BATCH (sched(7)): woken, it no longer pre-empts the one
   * that woke it. A stage that sends a session on then goes on with the next, and what it has sent
   * gathers in one wake-up of the stage behind it; see docs/performance.md. Its share of the
   * processors stays the same. Needs no privilege; where it is refused nothing is lost but speed.
   */
  public static void begin() {
    try (Arena arena = Arena.ofConfined()) {
      Libc.schedSetscheduler(0, Const.SCHED_BATCH, arena.allocate(4).address());
    }
  }
}
