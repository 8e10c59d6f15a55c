package org.portbouncer.launcher;

import java.util.List;
import org.portbouncer.core.config.Configuration;
import org.portbouncer.core.config.Problem;

/** What {@code bouncer start} runs once the configuration is known to be good: the mother. */
@FunctionalInterface
public interface ServerRunner {

  /**
   * Serves until stopped.
   *
   * @param configuration the whole effective configuration
   * @param warnings what is doubtful in it, for the log once the server is up
   * @param debug whether errors may show stack traces
   * @return the exit code of the process
   */
  int run(Configuration configuration, List<Problem> warnings, boolean debug);
}
