package org.portbouncer.launcher;

import org.portbouncer.core.config.LoadResult;

/** What {@code bouncer start} runs once the configuration is known to be good: the mother. */
@FunctionalInterface
public interface ServerRunner {

  /**
   * Serves until stopped.
   *
   * @param loaded the whole effective configuration, and what is doubtful in it, for the log once
   *     the server is up; the server's from now on
   * @param debug whether errors may show stack traces
   * @return the exit code of the process
   */
  int run(LoadResult loaded, boolean debug);
}
