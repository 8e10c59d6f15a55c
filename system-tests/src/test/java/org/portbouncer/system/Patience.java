package org.portbouncer.system;

import java.time.Duration;

/**
 * How long tests wait for what must come: long enough for a machine that does eight other things at
 * the same time. Only a test that fails waits so long.
 */
final class Patience {

  private static final int FACTOR = 6;

  private Patience() {}

  /** For what takes less than so many seconds where nothing else runs. */
  static Duration seconds(long quiet) {
    return Duration.ofSeconds(FACTOR * quiet);
  }

  /** The same in milliseconds, for what is measured. */
  static long millis(long quiet) {
    return FACTOR * quiet;
  }
}
