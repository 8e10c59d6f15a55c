package org.portbouncer.core.session;

/**
 * The termination state, two letters as in HAProxy's TCP log: who ended the session, and in which
 * phase.
 *
 * <p>Who: C client, S target, P the bouncer's policy, L local, R a resource ran out, I internal, K
 * killed by the operator, c and s the time limit of the client's or target's side, - ended well.
 * Phase: C while the target connection was being made (or before), D data, L last data (one side
 * had ended), R while the PROXY header or the first byte behind it was waited for, -.
 */
public enum Term {
  NORMAL("--"),
  BLOCKED("PC"),
  BLOCKED_DATA("PD"),
  CLIENT_TIMEOUT_SETUP("cC"),
  TARGET_REFUSED("SC"),
  TARGET_TIMEOUT("sC"),
  RESOURCE("RC"),
  INTERNAL_SETUP("IC"),
  INTERNAL_DATA("ID"),
  KILLED_SETUP("KC"),
  KILLED_DATA("KD"),
  CLIENT_RESET("CD"),
  CLIENT_RESET_LAST("CL"),
  CLIENT_RESET_SETUP("CC"),
  TARGET_RESET("SD"),
  TARGET_RESET_LAST("SL"),
  CLIENT_IDLE("cD"),
  CLIENT_IDLE_LAST("cL"),
  TARGET_IDLE_LAST("sL"),
  RESOURCE_DATA("RD"),
  BLOCKED_HEADER("PR"),
  CLIENT_TIMEOUT_HEADER("cR"),
  CLIENT_CHECK("CR");

  private static final Term[] ALL = values();

  private final String text;

  Term(String text) {
    this.text = text;
  }

  public String text() {
    return text;
  }

  public static int count() {
    return ALL.length;
  }

  public static Term of(int ordinal) {
    return ALL[ordinal];
  }
}
