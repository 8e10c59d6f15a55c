package org.portbouncer.launcher.state;

import java.time.Instant;

/**
 * The last failure of a listener and its target, and how often it came without another between.
 *
 * @param what in words
 * @param sinceMs when it came first, wall clock
 * @param lastMs when it came last, wall clock
 */
public record LastError(String what, long sinceMs, long lastMs, long count) {

  /** When it came first: UTC, ISO 8601. */
  public String since() {
    return Instant.ofEpochMilli(sinceMs).toString();
  }

  /** When it came last: UTC, ISO 8601. */
  public String last() {
    return Instant.ofEpochMilli(lastMs).toString();
  }
}
