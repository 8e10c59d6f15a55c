package org.portbouncer.config;

import java.util.List;
import java.util.Map;
import org.portbouncer.core.config.Configuration;
import org.portbouncer.core.config.RuleMemory;

/**
 * What came of loading a configuration. Who has loaded one that is good owns the memory of its
 * rules; a command that ends need not close it.
 *
 * @param configuration the configuration; null when there are errors
 * @param rules where the networks of its rules lie; null when there are errors
 * @param problems every error and warning found, by file and line
 * @param written what was written where, by the path of the key below `bouncer`
 */
public record LoadResult(
    Configuration configuration,
    RuleMemory rules,
    List<Problem> problems,
    Map<String, Written> written)
    implements AutoCloseable {

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

  /** Gives back the memory of the rules; nothing can be looked up in them any more. */
  @Override
  public void close() {
    if (rules != null) {
      rules.close();
    }
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
