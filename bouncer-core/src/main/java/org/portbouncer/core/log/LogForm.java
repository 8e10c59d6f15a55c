package org.portbouncer.core.log;

/**
 * How access log lines look. Made in the mother, told to workers as a number.
 *
 * @param json one JSON object a line; logfmt otherwise
 * @param syslog a datagram for each line, with the head that syslog daemons want; a stream of lines
 *     otherwise
 */
public record LogForm(boolean json, boolean syslog) {

  /** logfmt, as a stream of lines. */
  public static final LogForm PLAIN = new LogForm(false, false);

  private static final int JSON = 1;
  private static final int SYSLOG = 2;

  /** As it travels. */
  public byte code() {
    return (byte) ((json ? JSON : 0) | (syslog ? SYSLOG : 0));
  }

  /** The form with that code, or null where there is none. */
  public static LogForm of(int code) {
    return (code & ~(JSON | SYSLOG)) != 0
        ? null
        : new LogForm((code & JSON) != 0, (code & SYSLOG) != 0);
  }
}
