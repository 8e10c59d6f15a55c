package org.portbouncer.launcher.figures;

import org.portbouncer.core.shared.TargetBoard;
import org.portbouncer.launcher.state.LastError;

/**
 * One member of a group of targets, as `targets`, the status page and the metrics show it.
 *
 * @param balance of its group
 * @param maxSessions 0 for no limit
 * @param state up, down, ejected, drain or off
 * @param sinceMs since when it is in that state, wall clock
 * @param active sessions that are to it or on their way
 * @param connects by what came of them
 * @param ahead connections opened ahead, by what came of them
 * @param lastCheck null where there was none
 * @param lastError what last went wrong with it; null for nothing
 */
public record MemberView(
    String group,
    String balance,
    String name,
    String address,
    int weight,
    boolean backup,
    int maxSessions,
    String state,
    long sinceMs,
    int active,
    Counts<TargetBoard.Outcome> connects,
    long checksOk,
    long checksFailed,
    Counts<TargetBoard.Ahead> ahead,
    LastCheck lastCheck,
    LastError lastError) {

  /**
   * What the last check has come to.
   *
   * @param what why it has failed, in words; "ok" where it has not
   * @param atMs when, wall clock
   */
  public record LastCheck(boolean ok, String what, long atMs) {}

  /** Whether the operator lets it have no new sessions. */
  public boolean takenOut() {
    return state.equals(TargetBoard.Mode.DRAIN.text()) || state.equals(TargetBoard.Mode.OFF.text());
  }
}
