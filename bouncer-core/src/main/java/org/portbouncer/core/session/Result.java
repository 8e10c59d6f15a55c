package org.portbouncer.core.session;

/** How a session ended: `result` in the access log, and the label of `bouncer_sessions_total`. */
public enum Result {
  OK("ok"),
  BLOCKED("blocked"),
  LIMITED("limited"),
  NO_TARGET("no-target"),
  TIMEOUT("timeout"),
  RESET("reset"),
  KILLED("killed"),
  DRAINED("drained"),
  ERROR("error");

  private static final Result[] ALL = values();

  private final String text;

  Result(String text) {
    this.text = text;
  }

  public String text() {
    return text;
  }

  public static int count() {
    return ALL.length;
  }

  public static Result of(int ordinal) {
    return ALL[ordinal];
  }
}
