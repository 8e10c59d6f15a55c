package org.portbouncer.launcher.admin;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.portbouncer.core.config.Configuration.StateTransfer;
import org.portbouncer.core.session.Result;
import org.portbouncer.core.session.StageId;
import org.portbouncer.core.shared.ListenerCounters;
import org.portbouncer.core.shared.TargetBoard;
import org.portbouncer.core.shared.TimeBuckets;
import org.portbouncer.core.shared.TimeHistogram;
import org.portbouncer.core.shared.WorkerBoard;
import org.portbouncer.launcher.figures.ClusterView;
import org.portbouncer.launcher.figures.Counts;
import org.portbouncer.launcher.figures.Figures;
import org.portbouncer.launcher.figures.MemberView;
import org.portbouncer.launcher.figures.PauseReason;
import org.portbouncer.launcher.figures.SampleFigures;
import org.portbouncer.launcher.state.Condition;
import org.portbouncer.launcher.state.LastError;
import org.portbouncer.launcher.state.ServerState;
import org.portbouncer.launcher.state.Standing;

/**
 * A server that only pretends, for tests of the protocol and of the commands. Its sessions are 17,
 * 18 and 19.
 */
public final class FakeOperations implements Operations {

  /** What {@code stop} was asked for. */
  public final CompletableFuture<Boolean> stopped = new CompletableFuture<>();

  private final List<SessionView> sessions =
      new ArrayList<>(
          List.of(
              session(17, "web", "10.1.2.3:40000"),
              session(18, "web", "[2001:db8::1]:40001"),
              session(19, "mail", "192.0.2.7:40002")));

  private static SessionView session(long id, String listener, String client) {
    boolean ruled = listener.equals("web");
    return new SessionView(
        id,
        listener,
        client,
        "127.0.0.1:8080",
        "192.0.2.10:80",
        ruled ? "office" : null,
        ruled ? "staff" : null,
        null,
        "forward",
        4711,
        "inline",
        312,
        61_500,
        250,
        1536,
        5,
        0,
        null,
        null,
        "192.0.2.10:80",
        1,
        null,
        List.of(new HopView("negotiate", 4707, 120), new HopView("acl", 4708, 233)));
  }

  @Override
  public ClusterView cluster() throws RefusedException {
    throw new RefusedException("no cluster is configured");
  }

  @Override
  public List<MemberView> members() {
    return List.of(
        SampleFigures.member(
            "up", new MemberView.LastCheck(false, "connection refused", 1_795_775_001_000L)));
  }

  @Override
  public int target(TargetBoard.Mode mode, String which) throws RefusedException {
    if (!which.startsWith("app")) {
      throw new RefusedException("no group '" + which + "'");
    }
    return 2;
  }

  @Override
  public int move(String worker) throws RefusedException {
    if (!worker.equals("io/0")) {
      throw new RefusedException("no worker '" + worker + "'");
    }
    return 4;
  }

  @Override
  public void upgrade(String to, boolean ifChanged, Upgraded told)
      throws RefusedException, IOException {
    if (!to.startsWith("/opt")) {
      throw new RefusedException(to + " is not there");
    }
    told.progress("starting " + to);
    told.done(
        ifChanged
            ? UpgradeView.same("1.2.3")
            : new UpgradeView(
                "1.2.3", "1.2.4", 4999, 7, 0, 1, "why", UpgradeView.StoodStill.of(900, 1500)));
  }

  @Override
  public Figures figures() {
    return new Figures(
        new Figures.Server(
            "1.2.3",
            4700,
            3725,
            1,
            new Standing(
                ServerState.DEGRADED,
                List.of(new Condition("stage acl", 1_795_775_000_123L, "no worker serves"))),
            90_000_000),
        new Figures.Sessions(active(), 10_000),
        List.of(
            listener(
                "web",
                true,
                List.of("0.0.0.0:8080"),
                "192.0.2.10:80",
                2,
                new long[] {9, 7, 2, 1536, 5},
                1,
                new LastError("connection refused", 1_795_775_000_123L, 1_795_775_001_123L, 3)),
            listener(
                "mail",
                true,
                List.of("0.0.0.0:25", "[::]:25"),
                "unix:/m",
                1,
                new long[] {1, 1, 0, 0, 0},
                0,
                null),
            listener("gone", false, List.of(), "", 0, new long[] {4, 4, 4, 4, 4}, 0, null)),
        List.of(),
        List.of(
            new Figures.Worker(
                StageId.ACL, 0, 4708, "ready", 0, 0, 67_108_864, 1_250_999_999, null, -1),
            new Figures.Worker(
                StageId.IO, 1, 4711, "throttled", 3, 3, 1000, 7_000_000, "exit code 1", 2300)),
        new Figures.Spares(
            2,
            0,
            List.of(
                new Figures.Spare(0, 4720, true, 41_943_040),
                new Figures.Spare(1, 4721, false, 1000))),
        List.of(),
        List.of(slow(1 << 20, 0)),
        members(),
        new Figures.Transfer(StateTransfer.Mode.INLINE, 0, 0, 0),
        Counts.read(WorkerBoard.Count.values(), _ -> 0),
        Counts.read(PauseReason.values(), _ -> 0),
        new Figures.AccessLog("file", 7, "/var/log/b.log: no space left on device"),
        new Figures.ServerLog(9),
        null);
  }

  /**
   * @param counted by the ordinal of what it is
   * @param turnedAway as many were blocked, and as many limited
   */
  private static Figures.Listener listener(
      String name,
      boolean configured,
      List<String> listen,
      String target,
      int active,
      long[] counted,
      long turnedAway,
      LastError error) {
    return new Figures.Listener(
        name,
        configured,
        listen,
        target,
        "",
        active,
        Counts.read(ListenerCounters.Count.values(), what -> counted[what.ordinal()]),
        Counts.read(
            Result.values(),
            result -> result == Result.BLOCKED || result == Result.LIMITED ? turnedAway : 0),
        TimeHistogram.empty(TimeBuckets.SETUP),
        TimeHistogram.empty(TimeBuckets.SETUP),
        error,
        null);
  }

  private static Figures.BandwidthClass slow(long up, long down) {
    return new Figures.BandwidthClass(
        "slow", up, down, 20_971, "rule", 2, 4000, 5000, 61_500_000_000L);
  }

  @Override
  public Figures.BandwidthClass limit(String name, Long up, Long down) throws RefusedException {
    if (!name.equals("slow")) {
      throw new RefusedException("no bandwidth class '" + name + "', did you mean 'slow'?");
    }
    return slow(up == null ? 1 << 20 : up, down == null ? 0 : down);
  }

  @Override
  public synchronized List<SessionView> sessions() {
    return List.copyOf(sessions);
  }

  /** The order they have, each with its number for a rate. */
  @Override
  public SessionWatch watch() {
    return (order, most, match) -> {
      List<HeaviestView.Rated> heaviest =
          sessions().stream()
              .filter(s -> s.mentions(match))
              .limit(most)
              .map(s -> new HeaviestView.Rated(s, s.id(), 1000 * s.id()))
              .toList();
      return new HeaviestView(sessions().size(), heaviest.size(), heaviest);
    };
  }

  @Override
  public synchronized int kill(long[] ids) {
    if (Arrays.stream(ids).anyMatch(id -> id == 666)) {
      throw new IllegalStateException("broken on purpose");
    }
    int before = sessions.size();
    sessions.removeIf(session -> Arrays.stream(ids).anyMatch(id -> id == session.id()));
    return before - sessions.size();
  }

  @Override
  public ReloadView reload(boolean recheck) {
    return recheck
        ? new ReloadView(
            true,
            "reloaded: epoch 2, all is well",
            List.of("b.conf:3: warning: odd"),
            2,
            List.of("new"),
            List.of("old", "older"),
            5)
        : ReloadView.refused("not reloaded: 1 error", List.of("b.conf:4: wrong"), 1);
  }

  @Override
  public void stop(boolean now) {
    stopped.complete(now);
  }

  @Override
  public synchronized int active() {
    return sessions.size();
  }
}
