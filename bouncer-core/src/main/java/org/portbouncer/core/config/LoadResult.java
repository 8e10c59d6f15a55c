package org.portbouncer.core.config;

import java.util.List;

/**
 * What came of loading a configuration.
 *
 * @param configuration the configuration; null when there are errors
 * @param problems every error and warning found, by file and line
 */
public record LoadResult(Configuration configuration, List<Problem> problems) {

  /** Copies the list. */
  public LoadResult {
    problems = List.copyOf(problems);
  }

  /** Whether there is a configuration to use. */
  public boolean isOk() {
    return configuration != null;
  }
}
