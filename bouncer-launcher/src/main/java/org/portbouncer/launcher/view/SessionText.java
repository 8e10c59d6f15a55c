package org.portbouncer.launcher.view;

/** What tables say of a session in one cell. In the commands, from an answer of the server. */
public final class SessionText {

  private SessionText() {}

  /** The rule that decided, as {@code ACL/RULE}; "-" where no access list was asked. */
  public static String rule(Answer session) {
    return isKnown(session, "acl") ? session.text("acl") + "/" + session.text("rule") : "-";
  }

  /**
   * Where it goes: with its member in a group, as {@code group:GROUP/MEMBER}, with the address that
   * was chosen of a list, and with the chain that leads there.
   */
  public static String target(Answer session) {
    String target = session.text("target");
    if (isKnown(session, "member")) {
      boolean named = target.startsWith("group:");
      target = named ? target + "/" + session.text("member") : session.text("server");
    }
    return isKnown(session, "via") ? target + " via " + session.text("via") : target;
  }

  private static boolean isKnown(Answer session, String key) {
    return session.values().get(key) != null;
  }
}
