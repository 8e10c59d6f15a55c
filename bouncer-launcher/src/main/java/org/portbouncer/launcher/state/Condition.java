package org.portbouncer.launcher.state;

import java.time.Instant;

/**
 * Why the server is not ready.
 *
 * @param what it is about, "stage acl"
 * @param sinceMs since when, wall clock
 * @param detail one line for people, its figures as they are now
 */
public record Condition(String what, long sinceMs, String detail) {

  /** Since when, as every output writes it: UTC, ISO 8601. */
  public String since() {
    return Instant.ofEpochMilli(sinceMs).toString();
  }

  /** All of it in one line. */
  public String text() {
    return what + " since " + since() + ": " + detail;
  }
}
