package org.portbouncer.launcher.mother.ground;

import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What fails on the mother's loop by a fault of ours: it is said, and costs what it was about, not
 * the service. In the mother, on her loop's thread.
 */
public final class LoopFailures implements Consumer<RuntimeException> {

  private static final Logger LOG = LoggerFactory.getLogger(LoopFailures.class);

  /** What fails again and again is said once in so long. */
  private static final long PACE_NANOS = 1_000_000_000;

  private boolean said;
  private long saidAt;
  private long unsaid;

  @Override
  public void accept(RuntimeException failure) {
    long now = System.nanoTime();
    if (said && now - saidAt < PACE_NANOS) {
      unsaid++;
      return;
    }
    LOG.error(
        "internal error, the server goes on; more of them since the last line: {}",
        unsaid,
        failure);
    said = true;
    saidAt = now;
    unsaid = 0;
  }
}
