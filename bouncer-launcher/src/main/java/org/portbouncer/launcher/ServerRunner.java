package org.portbouncer.launcher;

import org.portbouncer.core.config.Configuration;

/** What {@code bouncer start} runs once the configuration is known to be good: the mother. */
@FunctionalInterface
public interface ServerRunner {

  /**
   * Serves until stopped.
   *
   * @param configuration the whole effective configuration
   * @param debug whether errors may show stack traces
   * @return the exit code of the process
   */
  int run(Configuration configuration, boolean debug);
}
