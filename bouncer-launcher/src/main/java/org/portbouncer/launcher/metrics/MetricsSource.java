package org.portbouncer.launcher.metrics;

import org.portbouncer.launcher.admin.SessionWatch;
import org.portbouncer.launcher.figures.Figures;
import org.portbouncer.launcher.state.Standing;

/**
 * What the mother lets the metrics server read. Called on that server's threads, several at once;
 * none but {@link #turns} waits for her loop.
 */
public interface MetricsSource {

  /** Everything that is counted, now. */
  Figures figures();

  /** How the server is, and why. */
  Standing standing();

  /** Whether the mother's loop turns: waits for it, for a moment. */
  boolean turns();

  /** For one look at the heaviest sessions. */
  SessionWatch watch();
}
