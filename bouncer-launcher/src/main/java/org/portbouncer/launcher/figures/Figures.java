package org.portbouncer.launcher.figures;

import java.util.List;
import org.portbouncer.core.config.Configuration.StateTransfer;
import org.portbouncer.core.session.Result;
import org.portbouncer.core.session.StageId;
import org.portbouncer.core.shared.DatagramDrop;
import org.portbouncer.core.shared.ListenerCounters;
import org.portbouncer.core.shared.TimeHistogram;
import org.portbouncer.core.shared.WorkerBoard;
import org.portbouncer.launcher.state.LastError;
import org.portbouncer.launcher.state.Standing;

/**
 * Everything that the server counts, as it was at one moment. Made by the mother from shared
 * memory; what `status`, the metrics and the status page show is taken from it, as {@link
 * FigureTables} say, so that they agree. A count never falls while the mother lives, whatever
 * becomes of workers.
 *
 * @param server who it is
 * @param sessions all sessions together
 * @param listeners those configured and those that a reload took away, which still count
 * @param stages the five, in order
 * @param workers by stage, then index
 * @param spares those that wait to become one
 * @param decisions one for each rule, those included that a reload took away
 * @param classes the bandwidth classes
 * @param members of the groups of targets, in the order of the file
 * @param transfer how session state travels
 * @param counts what workers have counted, all of them together, dead ones included
 * @param pauses how often accepting paused
 * @param accessLog where its lines go, and whether all do
 * @param serverLog whether all of its lines were taken
 * @param cluster how the cluster looks; null without one
 */
public record Figures(
    Server server,
    Sessions sessions,
    List<Listener> listeners,
    List<Stage> stages,
    List<Worker> workers,
    Spares spares,
    List<Decision> decisions,
    List<BandwidthClass> classes,
    List<MemberView> members,
    Transfer transfer,
    Counts<WorkerBoard.Count> counts,
    Counts<PauseReason> pauses,
    AccessLog accessLog,
    ServerLog serverLog,
    ClusterView cluster) {

  /**
   * The mother herself.
   *
   * @param version of the program
   * @param uptimeS seconds since the start
   * @param epoch the configuration's number
   * @param standing how it is, and why
   * @param rssBytes her resident memory
   */
  public record Server(
      String version, long pid, long uptimeS, int epoch, Standing standing, long rssBytes) {}

  /**
   * All sessions together.
   *
   * @param active between accept and end
   * @param limit the most at once
   */
  public record Sessions(int active, int limit) {}

  /**
   * One listener.
   *
   * @param configured whether it is in the configuration in force
   * @param listen its addresses; none for one that a reload took away
   * @param target where its sessions go; empty for one that a reload took away
   * @param group of targets; "" for a single server, or one that is configured no more
   * @param active of those that were accepted, the ones that have not ended
   * @param counts what was counted; bytes with those of live sessions
   * @param ended how many ended, by how
   * @param setup from accept to forwarding
   * @param connect from the connect stage to the target's answer
   * @param lastError the last failure; null where there was none
   * @param datagrams null where its clients connect
   */
  public record Listener(
      String name,
      boolean configured,
      List<String> listen,
      String target,
      String group,
      int active,
      Counts<ListenerCounters.Count> counts,
      Counts<Result> ended,
      TimeHistogram setup,
      TimeHistogram connect,
      LastError lastError,
      Datagrams datagrams) {

    /** What was counted. */
    public long count(ListenerCounters.Count what) {
      return counts.of(what);
    }

    /** How many ended so. */
    public long ended(Result result) {
      return ended.of(result);
    }
  }

  /**
   * What a listener's clients sent and got, where these are datagrams.
   *
   * @param up passed on to targets
   * @param down passed on to clients
   * @param dropped not passed on, by why
   */
  public record Datagrams(long up, long down, Counts<DatagramDrop> dropped) {}

  /**
   * One stage, all its workers together.
   *
   * @param configured how many workers it is to have
   * @param ready how many serve
   * @param restarts how often one had to be started again
   * @param queued sessions in its inbox, or on the way into it
   * @param counts what its workers have counted, those included that a reload took away
   * @param hops how long sessions took from the stage before
   */
  public record Stage(
      StageId id,
      int configured,
      int ready,
      long restarts,
      int queued,
      Counts<WorkerBoard.Count> counts,
      TimeHistogram hops) {

    /** What its workers have counted. */
    public long count(WorkerBoard.Count what) {
      return counts.of(what);
    }
  }

  /**
   * One worker.
   *
   * @param state starting, ready, draining or throttled
   * @param sessions what it holds
   * @param rssBytes its resident memory, 0 while it does not run
   * @param cpuNanos user and system time, its predecessors' included
   * @param lastEnd why it had to be started again the last time; null where it never had
   * @param nextStartMs how long until it is started again; -1 where it runs
   */
  public record Worker(
      StageId stage,
      int index,
      int pid,
      String state,
      int restarts,
      int sessions,
      long rssBytes,
      long cpuNanos,
      String lastEnd,
      long nextStartMs) {}

  /**
   * Processes that wait to become a worker of any stage.
   *
   * @param configured how many there are to be
   * @param taken how often one has become a worker
   * @param all those that run
   */
  public record Spares(int configured, long taken, List<Spare> all) {

    /** How many could take over at once. */
    public long ready() {
      return all.stream().filter(Spare::ready).count();
    }
  }

  /**
   * One of them.
   *
   * @param ready whether it waits, and does not start any more
   * @param rssBytes its resident memory
   */
  public record Spare(int index, int pid, boolean ready, long rssBytes) {}

  /**
   * What one rule of an ACL decided.
   *
   * @param acl its name; "-" for listeners without one
   * @param rule its name; "-" where none matched
   * @param action pass, block or limited
   * @param count how often
   */
  public record Decision(String acl, String rule, String action, long count) {}

  /**
   * One bandwidth class.
   *
   * @param up bytes per second now, 0 for no limit
   * @param down likewise
   * @param burst bytes that may pass at once after a pause, of the faster way
   * @param sharedBy whose sessions share the rate
   * @param sessions live ones that have it
   * @param bytesUp that its sessions have moved, ended ones included; never falls
   * @param bytesDown likewise
   * @param throttledNanos how long sessions waited for it, summed over them
   */
  public record BandwidthClass(
      String name,
      long up,
      long down,
      long burst,
      String sharedBy,
      int sessions,
      long bytesUp,
      long bytesDown,
      long throttledNanos) {}

  /**
   * How session state travels.
   *
   * @param spilled hops whose state went another way than configured
   * @param slots how many there are; 0 where the mode has none
   * @param slotsUsed of these, the ones taken
   */
  public record Transfer(StateTransfer.Mode mode, long spilled, int slots, int slotsUsed) {}

  /**
   * The access log.
   *
   * @param to stdout, file, syslog or none
   * @param linesLeftOut since the start, by all processes
   * @param trouble why lines cannot be written now; empty where they can
   */
  public record AccessLog(String to, long linesLeftOut, String trouble) {}

  /**
   * The server's log.
   *
   * @param linesLeftOut since the start
   */
  public record ServerLog(long linesLeftOut) {}
}
