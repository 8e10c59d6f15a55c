package org.portbouncer.launcher.top;

import java.util.List;
import org.portbouncer.launcher.view.MemberText;

/**
 * All that {@code top} shows at a moment.
 *
 * @param server the line at the top
 * @param all all listeners together
 * @param listeners those that fail first, then the busiest
 * @param members of groups of targets, those first that somebody has to look after
 * @param workers by stage, then index
 * @param classes bandwidth classes, those first that sessions wait for most
 * @param sessions heaviest first
 * @param total live sessions
 * @param matching of these, the ones that the filter lets through
 */
record Model(
    Server server,
    Traffic all,
    List<ListenerRow> listeners,
    List<MemberRow> members,
    List<WorkerRow> workers,
    List<ClassRow> classes,
    List<SessionRow> sessions,
    long total,
    long matching) {

  /**
   * The server itself.
   *
   * @param state in one word
   * @param reasons why it is not ready, a line each
   */
  record Server(
      String version,
      long pid,
      String state,
      List<String> reasons,
      long uptimeMs,
      long epoch,
      long active,
      long mostSessions) {}

  /**
   * What moves now, and in each second of the last minute.
   *
   * @param sessions new ones, in each second
   * @param up bytes to targets, in each second
   * @param down bytes to clients, in each second
   */
  record Traffic(PerSecond now, double[] sessions, double[] up, double[] down) {

    /** Bytes of both ways, in each second. */
    double[] bytes() {
      double[] both = up.clone();
      for (int i = 0; i < both.length; i++) {
        both[i] += down[i];
      }
      return both;
    }
  }

  /**
   * One listener.
   *
   * @param failed sessions that failed since the start
   * @param failing whether one has in the last minutes
   * @param lastError the last failure, in words; empty where there was none
   * @param lastFailed when that was: UTC, ISO 8601; empty likewise
   */
  record ListenerRow(
      String name,
      long active,
      long failed,
      boolean failing,
      String lastError,
      String lastFailed,
      Traffic traffic) {}

  /**
   * One member of a group of targets.
   *
   * @param trouble what is the matter with it
   * @param inStateMs how long it is in its state
   * @param sessions how many it has, and of how many
   * @param rate connections for sessions in a second
   * @param failed connections that were not made since the start
   * @param lastCheck in words
   * @param lastError likewise
   */
  record MemberRow(
      String group,
      String name,
      String address,
      String state,
      MemberText.Trouble trouble,
      long inStateMs,
      String weight,
      String sessions,
      double rate,
      long failed,
      String lastCheck,
      String lastError) {}

  /**
   * One worker.
   *
   * @param cpu parts of one core
   */
  record WorkerRow(String name, String state, long sessions, double cpu, long rssBytes) {}

  /**
   * One bandwidth class.
   *
   * @param upRate bytes a second that its sessions moved since the last look
   * @param downRate likewise
   * @param waiting how many sessions waited for it, on average since the last look
   */
  record ClassRow(
      String name,
      long up,
      long down,
      String sharedBy,
      long sessions,
      double upRate,
      double downRate,
      double waiting) {}

  record SessionRow(
      long id,
      String listener,
      String client,
      String target,
      String rule,
      String state,
      long ageMs,
      long idleMs,
      long upRate,
      long downRate,
      long bytesUp,
      long bytesDown) {}
}
