package org.portbouncer.launcher.view;

import java.time.Instant;
import java.time.format.DateTimeParseException;

/**
 * A member of a group of targets, as the server's answer to {@code targets} tells of it, in the
 * words that people read.
 *
 * @param answer what the server says of it
 * @param nowMs the clock that the server writes times by
 */
public record MemberText(Answer answer, long nowMs) {

  /** One that failed within it is looked at, as on the status page. */
  private static final long LATELY_MS = 300_000;

  /** What is the matter with it; the first first. */
  public enum Trouble {
    /** It should have sessions and gets none. */
    LOST,
    /** It gets sessions, and failed in the last minutes. */
    FAILING,
    /** The operator has taken it out. */
    TAKEN_OUT,
    NONE
  }

  /** What is the matter with it. */
  public Trouble trouble() {
    return switch (answer.text("state")) {
      case "down", "ejected" -> Trouble.LOST;
      case "drain", "off" -> Trouble.TAKEN_OUT;
      default -> lately() ? Trouble.FAILING : Trouble.NONE;
    };
  }

  private boolean lately() {
    return has("last_error") && agoMs(answer.object("last_error").text("last")) < LATELY_MS;
  }

  private boolean has(String key) {
    return answer.values().get(key) != null;
  }

  /** How long ago that was; as good as never where it is no time. */
  private long agoMs(String iso) {
    try {
      return Math.max(0, nowMs - Instant.parse(iso).toEpochMilli());
    } catch (DateTimeParseException e) { // of another version's server
      return Long.MAX_VALUE;
    }
  }

  /** Its name, and whether it is a backup. */
  public String name() {
    return answer.text("member")
        + (Boolean.TRUE.equals(answer.values().get("backup")) ? " (backup)" : "");
  }

  /** How long it is in its state. */
  public long inStateMs() {
    long ago = agoMs(answer.text("since"));
    return ago == Long.MAX_VALUE ? 0 : ago;
  }

  /** How many it has, and of how many. */
  public String sessions() {
    long most = answer.number("max_sessions");
    return answer.text("sessions") + (most > 0 ? "/" + most : "");
  }

  /** Connections for sessions that were made. */
  public long connected() {
    return answer.object("connects").number("ok");
  }

  /** Connections for sessions that were not made. */
  public long failed() {
    Answer connects = answer.object("connects");
    return connects.number("refused") + connects.number("timeout") + connects.number("error");
  }

  /** What the last check came to, and when; "-" where there was none. */
  public String lastCheck() {
    if (!has("last_check")) {
      return "-";
    }
    Answer check = answer.object("last_check");
    return check.text("what") + ago(check.text("at"));
  }

  /** What last went wrong, how often in a row, and when; "-" for nothing. */
  public String lastError() {
    if (!has("last_error")) {
      return "-";
    }
    Answer error = answer.object("last_error");
    long count = error.number("count");
    return error.text("what")
        + (count > 1 ? ", " + count + " times" : "")
        + ago(error.text("last"));
  }

  private String ago(String iso) {
    long ago = agoMs(iso);
    return ago == Long.MAX_VALUE ? "" : ", " + Units.millis(ago) + " ago";
  }
}
