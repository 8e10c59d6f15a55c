package org.portbouncer.launcher.mother;

import java.nio.file.Path;
import org.portbouncer.core.config.Configuration;
import org.portbouncer.core.log.AccessLog;
import org.portbouncer.core.log.AccessLogWriting;
import org.portbouncer.core.loop.EventLoop;
import org.portbouncer.core.loop.Mailbox;
import org.portbouncer.core.session.StageId;
import org.portbouncer.core.shared.RecordAllocator;
import org.portbouncer.core.shared.SharedArea;
import org.portbouncer.core.worker.DescriptorLimit;
import org.portbouncer.core.worker.Epochs;
import org.portbouncer.core.worker.SessionEnd;
import org.portbouncer.launcher.log.StandardStreams;
import org.portbouncer.launcher.mother.books.ClassPlaces;
import org.portbouncer.launcher.mother.books.CounterPlaces;
import org.portbouncer.launcher.mother.cluster.ClusterKeeper;
import org.portbouncer.launcher.mother.cluster.ClusterLimits;
import org.portbouncer.launcher.mother.desk.Fronts;
import org.portbouncer.launcher.mother.desk.ServerOperations;
import org.portbouncer.launcher.mother.doors.AcceptPauses;
import org.portbouncer.launcher.mother.doors.Acceptor;
import org.portbouncer.launcher.mother.doors.InForce;
import org.portbouncer.launcher.mother.doors.KeptSockets;
import org.portbouncer.launcher.mother.ending.Shutdown;
import org.portbouncer.launcher.mother.epochs.EpochKeeper;
import org.portbouncer.launcher.mother.epochs.EpochSwitch;
import org.portbouncer.launcher.mother.epochs.Reloadable;
import org.portbouncer.launcher.mother.epochs.Reloader;
import org.portbouncer.launcher.mother.ground.Ground;
import org.portbouncer.launcher.mother.ground.LiveRecords;
import org.portbouncer.launcher.mother.ground.StartException;
import org.portbouncer.launcher.mother.ground.StateMaker;
import org.portbouncer.launcher.mother.handover.CallSocket;
import org.portbouncer.launcher.mother.handover.Inheritance;
import org.portbouncer.launcher.mother.handover.Orphans;
import org.portbouncer.launcher.mother.handover.Predecessors;
import org.portbouncer.launcher.mother.handover.ServerBefore;
import org.portbouncer.launcher.mother.launch.Launcher;
import org.portbouncer.launcher.mother.rescue.Inboxes;
import org.portbouncer.launcher.mother.sight.FiguresReader;
import org.portbouncer.launcher.mother.sight.ReloadNotice;
import org.portbouncer.launcher.mother.sight.StateWatch;
import org.portbouncer.launcher.mother.sight.StatusLine;
import org.portbouncer.launcher.mother.staff.AllWorkers;
import org.portbouncer.launcher.mother.staff.PublishedEpochs;
import org.portbouncer.launcher.mother.staff.Supervisor;
import org.portbouncer.launcher.mother.succession.ProgramFile;
import org.portbouncer.launcher.mother.succession.SuccessorParts;
import org.portbouncer.launcher.mother.succession.Upgrades;
import org.portbouncer.launcher.mother.tuning.Targets;
import org.portbouncer.launcher.mother.upkeep.AccessLogKeeper;
import org.portbouncer.launcher.mother.upkeep.LeftOutLines;
import org.portbouncer.launcher.systemd.Notifier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The parts of a mother, put together, each after those that it asks: what one needs of others is
 * handed to it, and none knows this.
 */
final class Parts {

  private static final Logger LOG = LoggerFactory.getLogger(Parts.class);

  /** Session records reserved; memory is used for those that have been taken, 320 bytes each. */
  private static final int MIN_RECORDS = 65_536;

  /** Records beyond the limit: an over-limit client has one until it is closed and logged. */
  private static final int SPARE_RECORDS = 1024;

  final Ground ground;
  final InForce inForce = new InForce();
  final Notifier notifier;
  final Predecessors predecessors;
  final KeptSockets keptSockets;
  final Inboxes inboxes;
  final CallSocket calls = new CallSocket();
  final Orphans orphans;
  final PublishedEpochs published = new PublishedEpochs();
  final LeftOutLines leftOut;
  final AccessLogWriting writing;
  final AccessLogKeeper accessLogKeeper;
  final Supervisor supervisor;
  final EpochKeeper keeper;
  final EpochSwitch epochs;
  final Acceptor acceptor;
  final ClusterKeeper cluster;
  final StateWatch stateWatch;
  final StatusLine statusLine;
  final Reloader reloader;
  final Shutdown shutdown;
  final ServerBefore before;
  final Fronts fronts = new Fronts();
  final ServerOperations operations;

  private final AcceptPauses pauses = new AcceptPauses();
  private final CounterPlaces places;
  private final Targets targets;

  /**
   * @param startedAt on the clock of System.nanoTime
   * @param inheritance what the server before this one has handed over; null where there is none
   * @param launcher starts workers
   */
  Parts(
      Configuration configuration,
      long startedAt,
      StandardStreams streams,
      Inheritance inheritance,
      Launcher launcher)
      throws StartException {
    AccessLog accessLog = new AccessLog();
    ground = ground(configuration, accessLog, inheritance);
    notifier = new Notifier(System.getenv(), ground.pid());
    predecessors = new Predecessors(ground.loop(), notifier);
    before = new ServerBefore(predecessors);
    keptSockets = new KeptSockets(notifier);
    leftOut = new LeftOutLines(ground, inForce);
    writing = new AccessLogWriting(accessLog, ground.loop(), leftOut);
    inboxes = new Inboxes(ground.states().inlineBytes());
    orphans = new Orphans(ground, inboxes);
    supervisor =
        new Supervisor(ground, inForce, published, accessLog, notifier, inboxes, calls, launcher);
    AllWorkers workers = supervisor.everyone();
    accessLogKeeper = new AccessLogKeeper(ground.loop(), accessLog, streams, workers);
    keeper = new EpochKeeper(ground, inForce, published, workers);
    acceptor = new Acceptor(ground, pauses, inboxes.writing(StageId.FIRST));
    ClassPlaces classes = new ClassPlaces(ground.area(), ground.live(), ground.epochs());
    places = new CounterPlaces(ground.area());
    epochs = new EpochSwitch(ground, inForce, classes, places, keeper, supervisor, acceptor);
    targets = new Targets(ground, inForce, workers);
    ClusterLimits limits = new ClusterLimits(ground, workers);
    classes.share(limits::part);
    cluster = new ClusterKeeper(ground, inForce, limits);
    stateWatch = new StateWatch(ground, inForce, supervisor, acceptor, leftOut, targets, cluster);
    statusLine = new StatusLine(ground, stateWatch, supervisor);
    reloader = reloader();
    shutdown =
        new Shutdown(
            ground, inForce, acceptor, supervisor, predecessors, reloader, notifier, stateWatch);
    operations = operations(figures(streams, startedAt), upgrades(Path.of(configuration.file())));
  }

  private static Ground ground(
      Configuration configuration, AccessLog accessLog, Inheritance inheritance) {
    EventLoop loop = new EventLoop();
    boolean inherits = inheritance != null && inheritance.takesSessions();
    SharedArea area =
        inherits
            ? inheritance.area()
            : SharedArea.create(Math.max(MIN_RECORDS, recordsFor(configuration)));
    Epochs epochs = new Epochs();
    StateMaker states =
        StateMaker.open(configuration.stateTransfer(), inherits ? inheritance.slots() : null);
    int pid = (int) ProcessHandle.current().pid();
    RecordAllocator records = new RecordAllocator(area.sessions(), pid);
    records.cover();
    return new Ground(
        loop,
        new Mailbox(loop, Parts::taskFailed),
        area,
        records,
        new LiveRecords(area.sessions(), records),
        epochs,
        new SessionEnd(area, states.slots(), epochs, accessLog, pid),
        states,
        pid,
        DescriptorLimit.batch(DescriptorLimit.current()));
  }

  /** Records of sessions that a server with this configuration wants. */
  static int recordsFor(Configuration configuration) {
    return configuration.maxSessions() + SPARE_RECORDS;
  }

  /** Whoever asked for it learns of it by other means, or is answered by nobody: not all others. */
  private static void taskFailed(RuntimeException e) {
    LOG.error("internal error in what was asked of the server", e);
  }

  private Reloader reloader() {
    return new Reloader(
        new Reloadable(
            ground,
            inForce,
            published,
            keeper,
            epochs,
            supervisor,
            acceptor,
            accessLogKeeper,
            ground.table().capacity() - SPARE_RECORDS),
        new ReloadNotice(inForce, keptSockets, notifier, statusLine, ground.pid()));
  }

  private FiguresReader figures(StandardStreams streams, long startedAt) {
    return new FiguresReader(
        ground,
        inForce,
        places,
        supervisor,
        targets,
        stateWatch,
        leftOut,
        streams,
        pauses,
        cluster,
        startedAt);
  }

  private Upgrades upgrades(Path file) {
    return new Upgrades(
        new SuccessorParts(
            ground,
            inForce,
            published,
            epochs,
            supervisor,
            acceptor,
            notifier,
            shutdown,
            cluster,
            fronts::giveUpMetrics,
            fronts::reopenAdmin,
            before::hasSessions,
            ProgramFile.now()),
        reloader,
        file);
  }

  private ServerOperations operations(FiguresReader figures, Upgrades upgrades) {
    return new ServerOperations(
        ground,
        inForce,
        figures,
        targets,
        stateWatch,
        supervisor,
        reloader,
        shutdown,
        upgrades,
        cluster);
  }
}
