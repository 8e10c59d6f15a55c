package org.portbouncer.launcher.figures;

import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.portbouncer.core.config.Configuration.StateTransfer;
import org.portbouncer.core.session.Result;
import org.portbouncer.core.session.StageId;
import org.portbouncer.core.shared.DatagramDrop;
import org.portbouncer.core.shared.ListenerCounters;
import org.portbouncer.core.shared.TargetBoard;
import org.portbouncer.core.shared.TimeBuckets;
import org.portbouncer.core.shared.TimeHistogram;
import org.portbouncer.core.shared.WorkerBoard;
import org.portbouncer.launcher.state.LastError;
import org.portbouncer.launcher.state.ServerState;
import org.portbouncer.launcher.state.Standing;

/** Figures of a server that only pretends. */
public final class SampleFigures {

  private SampleFigures() {}

  public static final Standing READY = new Standing(ServerState.READY, List.of());

  /** A listener `web` that was used, one of each of the rest. */
  public static Figures one() {
    return with(List.of(listener("web", 1000, 2000)));
  }

  public static Figures with(List<Figures.Listener> listeners) {
    return with(listeners, READY);
  }

  public static Figures standing(Standing standing) {
    return with(List.of(listener("web", 1000, 2000)), standing);
  }

  private static Figures with(List<Figures.Listener> listeners, Standing standing) {
    return with(listeners, standing, counts -> counts);
  }

  /** One whose workers have counted something so often. */
  public static Figures counting(WorkerBoard.Count what, long count) {
    return with(List.of(listener("web", 1000, 2000)), READY, counts -> counts.with(what, count));
  }

  /** The same listener, which has counted something so often. */
  public static Figures.Listener counting(
      Figures.Listener listener, ListenerCounters.Count what, long count) {
    return new Figures.Listener(
        listener.name(),
        listener.configured(),
        listener.listen(),
        listener.target(),
        listener.group(),
        listener.active(),
        listener.counts().with(what, count),
        listener.ended(),
        listener.setup(),
        listener.connect(),
        listener.lastError(),
        listener.datagrams());
  }

  private static Figures with(
      List<Figures.Listener> listeners,
      Standing standing,
      UnaryOperator<Counts<WorkerBoard.Count>> counted) {
    List<Figures.Stage> stages = new ArrayList<>();
    for (StageId stage : StageId.values()) {
      stages.add(
          new Figures.Stage(
              stage,
              1,
              1,
              stage.ordinal(),
              7,
              counted.apply(counts(40)),
              histogram(TimeBuckets.HOP)));
    }
    return new Figures(
        new Figures.Server("1.2.3", 4700, 60, 5, standing, 90_000_000),
        new Figures.Sessions(3, 10_000),
        listeners,
        stages,
        List.of(
            new Figures.Worker(
                StageId.IO, 1, 4711, "ready", 4, 3, 61_000_000, 1_500_000_000L, null, -1)),
        new Figures.Spares(
            2,
            6,
            List.of(
                new Figures.Spare(0, 4721, true, 40_000_000),
                new Figures.Spare(1, 4722, false, 20_000_000))),
        List.of(new Figures.Decision("office", "staff", "pass", 9)),
        List.of(
            new Figures.BandwidthClass(
                "slow", 1_048_576, 1_000_000, 20_971, "rule", 2, 500, 600, 2_500_000_000L)),
        List.of(member("down", null)),
        new Figures.Transfer(StateTransfer.Mode.SHM, 6, 4096, 12),
        counted.apply(counts(100)),
        Counts.read(PauseReason.values(), reason -> 12 + reason.ordinal()),
        new Figures.AccessLog("file", 11, ""),
        new Figures.ServerLog(17),
        cluster());
  }

  /** A member of a group, in a state, and what its last check has come to, if there was one. */
  public static MemberView member(String state, MemberView.LastCheck lastCheck) {
    return new MemberView(
        "app",
        "order",
        "a",
        "192.0.2.10:80",
        2,
        false,
        500,
        state,
        1_795_775_000_000L,
        3,
        Counts.read(TargetBoard.Outcome.values(), outcome -> 21 + outcome.ordinal()),
        25,
        26,
        Counts.read(TargetBoard.Ahead.values(), what -> 31 + what.ordinal()),
        lastCheck,
        null);
  }

  public static ClusterView cluster() {
    return new ClusterView(
        "edge",
        "redis://10.0.0.5:6379",
        "one:4700",
        "held",
        "",
        "local",
        1_795_775_000_000L,
        140,
        1,
        3,
        List.of(new ClusterView.Member("two:9", 90)),
        List.of(
            new ClusterView.Limit("max-sessions", "office/staff", 900, 320, 310, 890, 870),
            new ClusterView.Limit(
                "down", "slow", 3_000_000, 1_000_000, 900_000, 3_000_000, 2_000_000)));
  }

  public static Figures.Listener listener(String name, long up, long down) {
    return listener(name, List.of("127.0.0.1:80"), "192.0.2.1:80", up, down, null);
  }

  /** One of datagrams, whose target has a character in its name that is not seen. */
  public static Figures.Listener datagrams(String name) {
    return listener(
        name,
        List.of("udp:127.0.0.1:53", "udp:[::1]:53"),
        "a\u001bb",
        7,
        8,
        new Figures.Datagrams(
            41, 42, Counts.read(DatagramDrop.values(), why -> 51 + why.ordinal())));
  }

  private static Figures.Listener listener(
      String name,
      List<String> listen,
      String target,
      long up,
      long down,
      Figures.Datagrams datagrams) {
    return new Figures.Listener(
        name,
        true,
        listen,
        target,
        "app",
        3,
        Counts.read(ListenerCounters.Count.values(), what -> 60 + what.ordinal())
            .with(ListenerCounters.Count.BYTES_UP, up)
            .with(ListenerCounters.Count.BYTES_DOWN, down),
        Counts.read(Result.values(), result -> 20 - result.ordinal()),
        histogram(TimeBuckets.SETUP),
        TimeHistogram.empty(TimeBuckets.SETUP),
        new LastError("connection refused", 1_795_775_000_123L, 1_795_775_001_123L, 3),
        datagrams);
  }

  /** Each another. */
  private static Counts<WorkerBoard.Count> counts(long from) {
    return Counts.read(WorkerBoard.Count.values(), what -> from + what.ordinal());
  }

  /** One in the first bucket, two in the second, one beyond all bounds; 6.5 s together. */
  private static TimeHistogram histogram(TimeBuckets buckets) {
    long[] counts = new long[TimeBuckets.COUNT];
    counts[0] = 1;
    counts[1] = 2;
    counts[TimeBuckets.COUNT - 1] = 1;
    return new TimeHistogram(buckets, counts, 6_500_000_000L);
  }
}
