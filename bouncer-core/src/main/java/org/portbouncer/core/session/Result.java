package org.portbouncer.core.session;

import org.portbouncer.core.sys.Coded;

/** How a session ended: `result` in the access log, and the label of `bouncer_sessions_total`. */
public enum Result implements Coded {
  OK("ok", 1),
  BLOCKED("blocked", 2),
  LIMITED("limited", 3),
  NO_TARGET("no-target", 4),
  TIMEOUT("timeout", 5),
  RESET("reset", 6),
  KILLED("killed", 7),
  DRAINED("drained", 8),
  ERROR("error", 9),
  /** Somebody whose connections begin with a PROXY header looked whether the port is open. */
  CHECK("check", 10);

  private static final Result[] ALL = values();

  private final String text;
  private final int code;

  Result(String text, int code) {
    this.text = text;
    this.code = code;
  }

  public String text() {
    return text;
  }

  /** As it travels on a control link and stands in a record. */
  @Override
  public int code() {
    return code;
  }

  /** The result with this code, or null where there is none. */
  public static Result withCode(int code) {
    for (Result result : ALL) {
      if (result.code == code) {
        return result;
      }
    }
    return null;
  }

  public static int count() {
    return ALL.length;
  }
}
