package org.portbouncer.config;

import org.portbouncer.core.sys.Printable;

/**
 * One thing that is wrong with a configuration. Made in the mother and in commands.
 *
 * @param file the file as the operator knows it
 * @param line its line, from 1; 0 where the file as a whole is meant
 * @param message what is wrong, and what would be right
 * @param severity whether the configuration can be used all the same
 */
public record Problem(String file, int line, String message, Severity severity) {

  /** How bad a problem is. */
  public enum Severity {
    /** The configuration is refused. */
    ERROR,
    /** The configuration is used; the operator should know. */
    WARNING
  }

  /** Whether the configuration is refused because of it. */
  public boolean isError() {
    return severity == Severity.ERROR;
  }

  /** {@code FILE:LINE: message}, or {@code FILE:LINE: warning: message}. */
  @Override
  public String toString() {
    String place = line > 0 ? file + ":" + line : file;
    return Printable.of(place + (isError() ? ": " : ": warning: ") + message);
  }
}
