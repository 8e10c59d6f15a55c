package org.portbouncer.acl.acl;

import java.util.function.LongConsumer;
import org.portbouncer.core.loop.Timer;
import org.portbouncer.core.loop.Timers;

/**
 * Lets through so many `connect` lines of blocked clients a second, and tells how many it did not.
 * A flood of such clients would write two lines for each, and the second one, at the end, says the
 * same and is always written. On the thread of the acl worker's loop.
 */
final class ConnectLines {

  static final int PER_SECOND = 100;

  private static final long SECOND_NANOS = 1_000_000_000;

  private final Timers timers;
  private final LongConsumer leftOut;
  private int written;
  private long missing;

  /** Ends a second that began with its first line. */
  private final Timer second =
      new Timer() {
        @Override
        protected void expired(long now) {
          written = 0;
          if (missing > 0) {
            leftOut.accept(missing);
            missing = 0;
          }
        }
      };

  /**
   * @param leftOut told once a second how many lines were left out, if any were
   */
  ConnectLines(Timers timers, LongConsumer leftOut) {
    this.timers = timers;
    this.leftOut = leftOut;
  }

  /** Whether one more may be written. */
  boolean mayWrite(long now) {
    if (!second.isSet()) {
      timers.set(second, now + SECOND_NANOS);
    }
    if (written < PER_SECOND) {
      written++;
      return true;
    }
    missing++;
    return false;
  }
}
