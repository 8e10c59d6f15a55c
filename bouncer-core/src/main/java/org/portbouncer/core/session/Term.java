package org.portbouncer.core.session;

import org.portbouncer.core.sys.Coded;

/**
 * The termination state, two letters as in HAProxy's TCP log: who ended the session, and in which
 * phase.
 *
 * <p>Who: C client, S target, P the bouncer's policy, L local, R a resource ran out, I internal, K
 * killed by the operator, c and s the time limit of the client's or target's side, - ended well.
 * Phase: C while the target connection was being made (or before), D data, L last data (one side
 * had ended), R while the PROXY header or the first byte behind it was waited for, -.
 */
public enum Term implements Coded {
  NORMAL("--", 0),
  BLOCKED("PC", 1),
  BLOCKED_DATA("PD", 2),
  CLIENT_TIMEOUT_SETUP("cC", 3),
  TARGET_REFUSED("SC", 4),
  TARGET_TIMEOUT("sC", 5),
  RESOURCE("RC", 6),
  INTERNAL_SETUP("IC", 7),
  INTERNAL_DATA("ID", 8),
  KILLED_SETUP("KC", 9),
  KILLED_DATA("KD", 10),
  CLIENT_RESET("CD", 11),
  CLIENT_RESET_LAST("CL", 12),
  CLIENT_RESET_SETUP("CC", 13),
  TARGET_RESET("SD", 14),
  TARGET_RESET_LAST("SL", 15),
  CLIENT_IDLE("cD", 16),
  CLIENT_IDLE_LAST("cL", 17),
  TARGET_IDLE_LAST("sL", 18),
  RESOURCE_DATA("RD", 19),
  BLOCKED_HEADER("PR", 20),
  CLIENT_TIMEOUT_HEADER("cR", 21),
  CLIENT_CHECK("CR", 22);

  private static final Term[] ALL = values();

  private final String text;
  private final int code;

  Term(String text, int code) {
    this.text = text;
    this.code = code;
  }

  public String text() {
    return text;
  }

  /** As it stands in a record. */
  @Override
  public int code() {
    return code;
  }

  /** The one with this code, or null where there is none. */
  public static Term withCode(int code) {
    for (Term term : ALL) {
      if (term.code == code) {
        return term;
      }
    }
    return null;
  }
}
