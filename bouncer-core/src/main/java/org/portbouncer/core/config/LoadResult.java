package org.portbouncer.core.config;

import java.util.List;
import java.util.Map;

/**
 * What came of loading a configuration.
 *
 * @param configuration the configuration; null when there are errors
 * @param problems every error and warning found, by file and line
 * @param written what was written where, by the path of the key below `bouncer`
 */
public record LoadResult(
    Configuration configuration, List<Problem> problems, Map<String, Written> written) {

  /**
   * One setting as the operator wrote it.
   *
   * @param file the file as the operator knows it
   * @param line its line there
   * @param value as HOCON
   */
  public record Written(String file, int line, String value) {}

  /** Copies list and map. */
  public LoadResult {
    problems = List.copyOf(problems);
    written = Map.copyOf(written);
  }

  /** Whether there is a configuration to use. */
  public boolean isOk() {
    return configuration != null;
  }

  /** A warning about a setting: where it was written, or about its default. */
  public Problem warning(String key, String message) {
    Written found = written.get(key);
    String file = found == null ? configuration.file() : found.file();
    String what = found == null ? key + ", left out," : key + " = " + found.value();
    return new Problem(
        file, found == null ? 0 : found.line(), what + " " + message, Problem.Severity.WARNING);
  }
}
