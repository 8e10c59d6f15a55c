package org.portbouncer.launcher.metrics;

import java.util.List;
import org.portbouncer.launcher.admin.SessionView;

/**
 * What the mother lets the metrics server read. Called on that server's threads, several at once;
 * neither method waits for her loop.
 */
public interface MetricsSource {

  /** Everything that is counted, now. */
  Figures figures();

  /** Every live session. */
  List<SessionView> sessions();
}
