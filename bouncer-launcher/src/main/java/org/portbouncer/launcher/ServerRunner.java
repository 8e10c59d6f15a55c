package org.portbouncer.launcher;

import java.nio.file.Path;
import org.portbouncer.config.LoadResult;

/** What {@code bouncer start} runs once the configuration is known to be good: the mother. */
@FunctionalInterface
public interface ServerRunner {

  /**
   * Begins what a start takes whatever the configuration says, while that is read. {@link #run} or
   * {@link #abandon} follows.
   *
   * @param configuration the file
   */
  default void prepare(Path configuration) {}

  /** Takes that back: the configuration is none to start with. */
  default void abandon() {}

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
