package org.portbouncer.launcher.mother.sight;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.portbouncer.config.PortRanges;
import org.portbouncer.core.config.Configuration;
import org.portbouncer.core.config.Listener;
import org.portbouncer.core.session.Result;
import org.portbouncer.core.session.StageId;
import org.portbouncer.core.shared.ClassTerms;
import org.portbouncer.core.shared.DatagramDrop;
import org.portbouncer.core.shared.ListenerCounters;
import org.portbouncer.core.shared.ListenerErrors;
import org.portbouncer.core.shared.ListenerTimes;
import org.portbouncer.core.shared.StateSlots;
import org.portbouncer.core.shared.TimeBuckets;
import org.portbouncer.core.shared.TimeHistogram;
import org.portbouncer.core.shared.Way;
import org.portbouncer.core.shared.WorkerBoard;
import org.portbouncer.core.worker.Epoch;
import org.portbouncer.launcher.Version;
import org.portbouncer.launcher.figures.Counts;
import org.portbouncer.launcher.figures.Figures;
import org.portbouncer.launcher.log.StandardStreams;
import org.portbouncer.launcher.mother.books.CounterPlaces;
import org.portbouncer.launcher.mother.cluster.ClusterKeeper;
import org.portbouncer.launcher.mother.doors.AcceptPauses;
import org.portbouncer.launcher.mother.doors.InForce;
import org.portbouncer.launcher.mother.ground.Ground;
import org.portbouncer.launcher.mother.ground.LiveSessions;
import org.portbouncer.launcher.mother.machine.ProcessUsage;
import org.portbouncer.launcher.mother.spares.Spares;
import org.portbouncer.launcher.mother.staff.Staff;
import org.portbouncer.launcher.mother.staff.Supervisor;
import org.portbouncer.launcher.mother.staff.WorkerProcess;
import org.portbouncer.launcher.mother.staff.WorkerState;
import org.portbouncer.launcher.mother.tuning.Targets;
import org.portbouncer.launcher.mother.upkeep.LeftOutLines;
import org.portbouncer.launcher.state.LastError;

/**
 * Reads {@link Figures} from shared memory and /proc. In the mother, on the threads of who asks:
 * her loop is not waited for.
 */
public final class FiguresReader {

  private static final long NANOS_PER_MS = 1_000_000;
  private static final long NANOS_PER_SECOND = 1_000_000_000;

  private final Ground ground;
  private final InForce inForce;
  private final CounterPlaces places;
  private final Supervisor supervisor;
  private final StateWatch stateWatch;
  private final LeftOutLines leftOut;
  private final StandardStreams streams;
  private final AcceptPauses pauses;
  private final long startedAt;
  private final PolicyFigures policy;
  private final Targets targets;
  private final ClusterKeeper cluster;
  private final WorkerTimes times = new WorkerTimes();
  private final String version = Version.text();

  /**
   * What a listener has counted, without what its live sessions add.
   *
   * @param configured null where a reload took it away
   * @param slot where it counts
   */
  private record Counted(
      String name,
      Listener configured,
      int slot,
      Counts<ListenerCounters.Count> counts,
      Counts<Result> ended) {}

  private final Told<String> told = new Told<>();

  /**
   * @param startedAt when the server was started, on the clock of System.nanoTime
   */
  public FiguresReader(
      Ground ground,
      InForce inForce,
      CounterPlaces places,
      Supervisor supervisor,
      Targets targets,
      StateWatch stateWatch,
      LeftOutLines leftOut,
      StandardStreams streams,
      AcceptPauses pauses,
      ClusterKeeper cluster,
      long startedAt) {
    this.ground = ground;
    this.inForce = inForce;
    this.places = places;
    this.policy = new PolicyFigures(ground.area(), places);
    this.supervisor = supervisor;
    this.targets = targets;
    this.cluster = cluster;
    this.stateWatch = stateWatch;
    this.leftOut = leftOut;
    this.streams = streams;
    this.pauses = pauses;
    this.startedAt = startedAt;
  }

  /**
   * A class of the configuration in force, now, with what it allowed at a moment before.
   *
   * @return empty where there is none of that name
   */
  public Optional<Figures.BandwidthClass> classUnder(String name, ClassTerms terms) {
    return read().classes().stream()
        .filter(one -> one.name().equals(name))
        .findFirst()
        .map(one -> PolicyFigures.under(terms, one));
  }

  /** Everything, now. */
  public Figures read() {
    Epoch epoch = inForce.epoch();
    List<Counted> counted = counted(epoch);
    PolicyFigures.Moved moved = policy.moved(epoch);
    LiveSessions live = new LiveSessions(ground.table(), ground.live(), ground.epochs());
    return new Figures(
        server(epoch),
        new Figures.Sessions(live.total(), epoch.configuration().maxSessions()),
        counted.stream().map(each -> listener(each, live)).toList(),
        stages(epoch, live),
        workers(),
        spares(),
        policy.decisions(epoch.configuration()),
        policy.classes(epoch, moved, live),
        targets.members(),
        transfer(epoch.configuration()),
        allWorkers(),
        pauses.counts(),
        new Figures.AccessLog(
            epoch.configuration().log().access().to().text(), leftOut.lines(), leftOut.trouble()),
        new Figures.ServerLog(streams.leftOut()),
        cluster.view());
  }

  private Figures.Server server(Epoch epoch) {
    return new Figures.Server(
        version,
        ground.pid(),
        (System.nanoTime() - startedAt) / NANOS_PER_SECOND,
        epoch.number(),
        stateWatch.now(),
        ProcessUsage.residentBytes(ground.pid()));
  }

  // Listeners.

  /**
   * Those of the configuration in its order, then those that a reload took away, by name; to be
   * read before the live sessions, so that one which ends meanwhile is not missed by both.
   */
  private List<Counted> counted(Epoch epoch) {
    List<Counted> all = new ArrayList<>();
    List<Listener> configured = epoch.configuration().listeners();
    Map<String, Integer> gone = new TreeMap<>(places.listeners());
    for (int i = 0; i < configured.size(); i++) {
      int slot = epoch.places().listeners()[i];
      all.add(counted(configured.get(i).name(), configured.get(i), slot));
      gone.remove(configured.get(i).name());
    }
    gone.forEach((name, slot) -> all.add(counted(name, null, slot)));
    return all;
  }

  private Counted counted(String name, Listener configured, int slot) {
    ListenerCounters counters = ground.area().listeners();
    return new Counted(
        name,
        configured,
        slot,
        Counts.read(ListenerCounters.Count.values(), what -> counters.get(slot, what)),
        Counts.read(Result.values(), result -> counters.endedWith(slot, result)));
  }

  private Figures.Listener listener(Counted counted, LiveSessions live) {
    Listener configured = counted.configured();
    int slot = counted.slot();
    Counts<ListenerCounters.Count> counts = counted.counts();
    Told.Bytes moved =
        told.tell(
            counted.name(),
            counts.of(ListenerCounters.Count.BYTES_UP) + live.up(slot),
            counts.of(ListenerCounters.Count.BYTES_DOWN) + live.down(slot));
    ListenerTimes took = ground.area().times();
    return new Figures.Listener(
        counted.name(),
        configured != null,
        configured == null ? List.of() : PortRanges.texts(configured.listen()),
        configured == null ? "" : configured.target().text(),
        configured == null || configured.group() < 0 ? "" : configured.target().path(),
        live.active(slot),
        counts
            .with(ListenerCounters.Count.BYTES_UP, moved.up())
            .with(ListenerCounters.Count.BYTES_DOWN, moved.down()),
        counted.ended(),
        took.get(slot, ListenerTimes.Step.SETUP),
        took.get(slot, ListenerTimes.Step.CONNECT),
        lastError(ground.area().errors().get(slot)),
        configured != null && configured.udp() ? datagrams(slot) : null);
  }

  private Figures.Datagrams datagrams(int slot) {
    ListenerCounters counters = ground.area().listeners();
    return new Figures.Datagrams(
        counters.datagrams(slot, Way.UP),
        counters.datagrams(slot, Way.DOWN),
        Counts.read(DatagramDrop.values(), why -> counters.dropped(slot, why)));
  }

  private static LastError lastError(ListenerErrors.Seen error) {
    return error == null
        ? null
        : new LastError(
            error.cause().text(error.errno()), error.firstMs(), error.lastMs(), error.count());
  }

  // Stages and workers.

  private List<Figures.Stage> stages(Epoch epoch, LiveSessions live) {
    WorkerBoard board = ground.area().workers();
    List<Figures.Stage> stages = new ArrayList<>();
    for (StageId stage : StageId.values()) {
      int ready = 0;
      for (WorkerProcess worker : supervisor.workers()) {
        if (worker.stage() == stage) {
          ready += worker.state() == WorkerState.READY ? 1 : 0;
        }
      }
      // What workers counted that a reload made superfluous stays counted.
      List<Integer> places = supervisor.staff().places(stage);
      TimeHistogram hops = TimeHistogram.empty(TimeBuckets.HOP);
      for (int place : places) {
        hops = hops.plus(board.hopTimes(place));
      }
      stages.add(
          new Figures.Stage(
              stage,
              Staff.count(epoch.configuration().workers(), stage),
              ready,
              supervisor.restarts().of(stage),
              live.queued(stage),
              Counts.read(
                  WorkerBoard.Count.values(),
                  what -> places.stream().mapToLong(place -> board.get(place, what)).sum()),
              hops));
    }
    return stages;
  }

  private List<Figures.Worker> workers() {
    WorkerBoard board = ground.area().workers();
    List<Figures.Worker> workers = new ArrayList<>();
    for (WorkerProcess worker : supervisor.workers()) {
      int pid = worker.pid();
      boolean throttled = worker.state() == WorkerState.THROTTLED;
      long wait = (worker.starts().next() - System.nanoTime()) / NANOS_PER_MS;
      workers.add(
          new Figures.Worker(
              worker.stage(),
              worker.index(),
              pid,
              worker.state().text(),
              worker.starts().again(),
              board.sessions(worker.place()),
              ProcessUsage.residentBytes(pid),
              times.total(worker.name(), pid, ProcessUsage.cpuNanos(pid)),
              worker.starts().lastEnd().isEmpty() ? null : worker.starts().lastEnd(),
              throttled ? Math.max(0, wait) : -1));
    }
    return workers;
  }

  private Figures.Spares spares() {
    Spares spares = supervisor.spares();
    return new Figures.Spares(
        spares.wanted(),
        spares.taken(),
        spares.all().stream()
            .map(
                one ->
                    new Figures.Spare(
                        one.index(), one.pid(), one.waits(), ProcessUsage.residentBytes(one.pid())))
            .toList());
  }

  // The rest.

  private Figures.Transfer transfer(Configuration configuration) {
    WorkerBoard board = ground.area().workers();
    StateSlots slots = ground.states().slots();
    return new Figures.Transfer(
        configuration.stateTransfer().mode(),
        board.total(WorkerBoard.Count.SPILLED) + ground.states().spilled(),
        slots == null ? 0 : slots.count(),
        slots == null ? 0 : slots.used());
  }

  private Counts<WorkerBoard.Count> allWorkers() {
    return Counts.read(WorkerBoard.Count.values(), ground.area().workers()::total);
  }
}
