package org.portbouncer.launcher.metrics;

import org.portbouncer.launcher.admin.SessionWatch;

/**
 * What the mother lets the metrics server read. Called on that server's threads, several at once;
 * neither method waits for her loop.
 */
public interface MetricsSource {

  /** Everything that is counted, now. */
  Figures figures();

  /** For one look at the heaviest sessions. */
  SessionWatch watch();
}
