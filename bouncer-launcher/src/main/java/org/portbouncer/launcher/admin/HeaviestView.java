package org.portbouncer.launcher.admin;

import java.util.List;

/**
 * The answer to {@code top}, made by the mother from the session table.
 *
 * @param total live sessions
 * @param matching of these, the ones that match
 * @param sessions of these, the heaviest
 */
public record HeaviestView(int total, int matching, List<Rated> sessions) {

  /**
   * A session and what it moves.
   *
   * @param upRate bytes per second since the request before; 0 at the first
   * @param downRate likewise
   */
  public record Rated(SessionView session, long upRate, long downRate) {}
}
