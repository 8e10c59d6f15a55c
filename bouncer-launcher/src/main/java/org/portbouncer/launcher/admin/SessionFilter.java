package org.portbouncer.launcher.admin;

import java.util.List;

/**
 * Chooses sessions; a condition that is null holds for all. Applied by the mother, before an answer
 * is written.
 *
 * @param listener the listener's name
 * @param from the network that the client comes from
 */
record SessionFilter(String listener, Cidr from) {

  List<SessionView> apply(List<SessionView> sessions) {
    return sessions.stream().filter(this::accepts).toList();
  }

  private boolean accepts(SessionView session) {
    return (listener == null || listener.equals(session.listener()))
        && (from == null || from.containsEndpoint(session.client()));
  }
}
