package org.portbouncer.launcher.importer;

import java.util.List;

/** Gives a listener its target. */
final class Targets {

  private Targets() {}

  /**
   * A listener has one target: the first member that is no backup is taken.
   *
   * @param origin the line that sends sessions to these members
   * @return false where there is none, which has been said
   */
  static boolean set(Draft draft, ListenerPart part, Origin origin, List<Member> members) {
    Member first =
        members.stream()
            .filter(member -> !member.backup())
            .findFirst()
            .orElse(members.isEmpty() ? null : members.getFirst());
    if (first == null) {
      draft.left(origin, "left out: no server is there to send sessions to");
      return false;
    }
    part.entry(first.origin(), "target", Hocon.text(first.address()));
    for (Member other : members) {
      if (!other.equals(first)) {
        draft.left(
            other.origin(),
            other.address()
                + (other.backup() ? " does not stand in when " : " gets no share of what goes to ")
                + first.address()
                + (other.backup() ? " is down" : ", the only target here"));
      }
    }
    return true;
  }
}
