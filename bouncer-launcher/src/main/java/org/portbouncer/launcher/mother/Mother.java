package org.portbouncer.launcher.mother;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import org.portbouncer.core.config.Configuration;
import org.portbouncer.core.config.Listener;
import org.portbouncer.core.config.LoadResult;
import org.portbouncer.core.config.PortRanges;
import org.portbouncer.core.log.AccessLog;
import org.portbouncer.core.log.AccessLogWriting;
import org.portbouncer.core.loop.BatchScheduling;
import org.portbouncer.core.loop.EventLoop;
import org.portbouncer.core.loop.Mailbox;
import org.portbouncer.core.session.StageId;
import org.portbouncer.core.shared.RecordAllocator;
import org.portbouncer.core.shared.SharedArea;
import org.portbouncer.core.sys.Printable;
import org.portbouncer.core.worker.DescriptorLimit;
import org.portbouncer.core.worker.Epochs;
import org.portbouncer.core.worker.SessionEnd;
import org.portbouncer.launcher.log.LogSetup;
import org.portbouncer.launcher.log.StandardStreams;
import org.portbouncer.launcher.mother.books.ClassPlaces;
import org.portbouncer.launcher.mother.books.CounterPlaces;
import org.portbouncer.launcher.mother.cluster.ClusterKeeper;
import org.portbouncer.launcher.mother.cluster.ClusterLimits;
import org.portbouncer.launcher.mother.desk.AdminOpening;
import org.portbouncer.launcher.mother.desk.MetricsOpening;
import org.portbouncer.launcher.mother.desk.ServerOperations;
import org.portbouncer.launcher.mother.desk.Signals;
import org.portbouncer.launcher.mother.doors.AcceptPauses;
import org.portbouncer.launcher.mother.doors.Acceptor;
import org.portbouncer.launcher.mother.doors.Adoption;
import org.portbouncer.launcher.mother.doors.InForce;
import org.portbouncer.launcher.mother.doors.KeptSockets;
import org.portbouncer.launcher.mother.doors.Listeners;
import org.portbouncer.launcher.mother.ending.Shutdown;
import org.portbouncer.launcher.mother.epochs.EpochKeeper;
import org.portbouncer.launcher.mother.epochs.EpochSwitch;
import org.portbouncer.launcher.mother.epochs.Reloadable;
import org.portbouncer.launcher.mother.epochs.Reloader;
import org.portbouncer.launcher.mother.ground.Afterwards;
import org.portbouncer.launcher.mother.ground.Ground;
import org.portbouncer.launcher.mother.ground.LiveRecords;
import org.portbouncer.launcher.mother.ground.LoopFailures;
import org.portbouncer.launcher.mother.ground.StartException;
import org.portbouncer.launcher.mother.ground.StateMaker;
import org.portbouncer.launcher.mother.handover.Inheritance;
import org.portbouncer.launcher.mother.handover.OldServer;
import org.portbouncer.launcher.mother.handover.Predecessors;
import org.portbouncer.launcher.mother.launch.ClassCache;
import org.portbouncer.launcher.mother.launch.Launcher;
import org.portbouncer.launcher.mother.rescue.Inboxes;
import org.portbouncer.launcher.mother.sight.FiguresReader;
import org.portbouncer.launcher.mother.sight.Pulse;
import org.portbouncer.launcher.mother.sight.ReloadNotice;
import org.portbouncer.launcher.mother.sight.StartLog;
import org.portbouncer.launcher.mother.sight.StateWatch;
import org.portbouncer.launcher.mother.sight.StatusLine;
import org.portbouncer.launcher.mother.staff.HangWatch;
import org.portbouncer.launcher.mother.staff.PublishedEpoch;
import org.portbouncer.launcher.mother.staff.PublishedEpochs;
import org.portbouncer.launcher.mother.staff.Supervisor;
import org.portbouncer.launcher.mother.staff.WorkerNews;
import org.portbouncer.launcher.mother.staff.WorkerProcess;
import org.portbouncer.launcher.mother.succession.ProgramFile;
import org.portbouncer.launcher.mother.succession.SuccessorParts;
import org.portbouncer.launcher.mother.succession.Upgrades;
import org.portbouncer.launcher.mother.tuning.Targets;
import org.portbouncer.launcher.mother.upkeep.AccessLogKeeper;
import org.portbouncer.launcher.mother.upkeep.LeftBehind;
import org.portbouncer.launcher.mother.upkeep.LeftOutLines;
import org.portbouncer.launcher.mother.upkeep.Strays;
import org.portbouncer.launcher.mother.upkeep.Sweeper;
import org.portbouncer.launcher.privilege.Confinement;
import org.portbouncer.launcher.privilege.RunAs;
import org.portbouncer.launcher.privilege.SocketRights;
import org.portbouncer.launcher.privilege.SocketsRefusedException;
import org.portbouncer.launcher.systemd.Notifier;
import org.portbouncer.launcher.systemd.PassedSockets;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The mother process: binds, starts the workers, accepts, supervises, answers the admin socket,
 * ends. One loop on the main thread does all but the admin socket's talking; here its parts are put
 * together.
 */
public final class Mother implements EventLoop.Turn, WorkerNews, OldServer.Orders {

  private static final Logger LOG = LoggerFactory.getLogger(Mother.class);

  /** Session records reserved; memory is used for those that have been taken, 320 bytes each. */
  private static final int MIN_RECORDS = 65_536;

  /** Records beyond the limit: an over-limit client has one until it is closed and logged. */
  private static final int SPARE_RECORDS = 1024;

  private final long startedAt;
  private final Ground ground;
  private final InForce inForce = new InForce();
  private final Notifier notifier;
  private final Predecessors predecessors;
  private final KeptSockets keptSockets;
  private final Inboxes inboxes;
  private final PublishedEpochs published;
  private final LeftOutLines leftOut;
  private final AccessLogWriting writing;
  private final AccessLogKeeper accessLogKeeper;
  private final Supervisor supervisor;
  private final EpochKeeper keeper;
  private final EpochSwitch epochs;
  private final Acceptor acceptor;
  private final ClusterKeeper cluster;
  private final StateWatch stateWatch;
  private final StatusLine statusLine;
  private final Reloader reloader;
  private final Shutdown shutdown;
  private final ServerOperations operations;
  private final Upgrades upgrades;

  /** What the server before this one has handed over; null where this one follows none. */
  private final Inheritance inheritance;

  /** The same server; null likewise. */
  private OldServer oldServer;

  /** Clients were accepted here. */
  private boolean accepted;

  /** Why it ended before it served; null where it did not. */
  private String failed;

  private AdminOpening admin;
  private MetricsOpening metrics;

  /** Why it cannot be started, as is found out when it is; null for nothing. */
  private String unstartable;

  /** Puts the parts together, each after those that it asks. */
  private Mother(
      Configuration configuration, long startedAt, StandardStreams streams, Inheritance inheritance)
      throws StartException {
    this.startedAt = startedAt;
    this.inheritance = inheritance;
    AccessLog accessLog = new AccessLog();
    ground = ground(configuration, accessLog, inheritance);
    notifier = new Notifier(System.getenv(), ground.pid());
    predecessors = new Predecessors(ground.loop(), notifier);
    keptSockets = new KeptSockets(notifier);
    leftOut = new LeftOutLines(ground, inForce);
    writing = new AccessLogWriting(accessLog, ground.loop(), leftOut);
    inboxes = new Inboxes(ground.states().inlineBytes());
    published = new PublishedEpochs();
    supervisor =
        new Supervisor(ground, inForce, published, accessLog, notifier, inboxes, Launcher.OURS);
    accessLogKeeper = new AccessLogKeeper(ground.loop(), accessLog, streams, supervisor.everyone());
    keeper = new EpochKeeper(ground, inForce, published, supervisor.everyone());
    AcceptPauses pauses = new AcceptPauses();
    acceptor = new Acceptor(ground, pauses, inboxes.writing(StageId.NEGOTIATE));
    ClassPlaces classes = new ClassPlaces(ground.area(), ground.live(), ground.epochs());
    CounterPlaces places = new CounterPlaces(ground.area());
    epochs = new EpochSwitch(ground, inForce, classes, places, keeper, supervisor, acceptor);
    Targets targets = new Targets(ground, inForce, supervisor.everyone());
    ClusterLimits limits = new ClusterLimits(ground, supervisor.everyone());
    classes.share(limits::part);
    cluster = new ClusterKeeper(ground, inForce, limits);
    stateWatch = new StateWatch(ground, inForce, supervisor, acceptor, leftOut, targets, cluster);
    statusLine = new StatusLine(ground, stateWatch, supervisor);
    reloader =
        new Reloader(
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
    shutdown =
        new Shutdown(
            ground, inForce, acceptor, supervisor, predecessors, reloader, notifier, stateWatch);
    FiguresReader figures =
        new FiguresReader(
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
    upgrades =
        new Upgrades(
            new SuccessorParts(
                ground,
                inForce,
                published,
                epochs,
                supervisor,
                acceptor,
                notifier,
                shutdown,
                this::closeMetrics,
                () -> admin.reopen(),
                () -> oldServer != null && oldServer.isThere() || predecessors.count() > 0,
                ProgramFile.now()),
            reloader,
            Path.of(configuration.file()));
    operations =
        new ServerOperations(
            ground,
            inForce,
            figures,
            targets,
            stateWatch,
            leftOut,
            supervisor,
            reloader,
            shutdown,
            upgrades,
            cluster);
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
        new Mailbox(loop, Mother::taskFailed),
        area,
        records,
        new LiveRecords(area.sessions(), records),
        epochs,
        new SessionEnd(area, states.slots(), epochs, accessLog, pid),
        states,
        pid,
        DescriptorLimit.batch(DescriptorLimit.current()));
  }

  private static int recordsFor(Configuration configuration) {
    return configuration.maxSessions() + SPARE_RECORDS;
  }

  /**
   * Serves until stopped; the whole of `bouncer start`.
   *
   * @param loaded the configuration, and what is doubtful in it, which is logged
   * @param debug whether errors show stack traces
   * @return the exit code
   */
  public static int run(LoadResult loaded, boolean debug) {
    long startedAt = System.nanoTime();
    try (StandardStreams streams = StandardStreams.take()) {
      return run(loaded, debug, startedAt, streams);
    } catch (OutOfMemoryError e) {
      // What the VM says where it gets no thread; without memory it ends itself.
      System.err.println("bouncer: cannot start: no thread is to be had (RLIMIT_NPROC, pids.max)");
      return 1;
    }
  }

  /** Says on the streams how it ended, before they are given back: nothing waits for a reader. */
  private static int run(
      LoadResult loaded, boolean debug, long startedAt, StandardStreams streams) {
    Configuration configuration = loaded.configuration();
    LogSetup.levels(configuration.log());
    try {
      Signals signals = Signals.begin();
      Inheritance inheritance =
          Inheritance.take(System.getenv(), configuration, recordsFor(configuration));
      Mother mother = new Mother(configuration, startedAt, streams, inheritance);
      mother.serve(loaded, signals);
      if (mother.failed != null) {
        throw new StartException("cannot follow the server before: " + mother.failed);
      }
      return 0;
    } catch (StartException | RuntimeException e) {
      boolean known = e instanceof StartException;
      System.err.println("bouncer: " + Printable.of(known ? e.getMessage() : e.toString()));
      if (debug || !known) {
        e.printStackTrace();
      }
      return 1;
    }
  }

  private void serve(LoadResult loaded, Signals signals) throws StartException {
    Configuration configuration = loaded.configuration();
    RunAs runAs = runAs(configuration);
    List<PassedSockets.Passed> passed =
        predecessors.take(PassedSockets.take(System.getenv(), ground.pid()));
    Listeners listeners =
        inheritance == null
            ? Listeners.open(configuration, Adoption.of(configuration, passed, notifier), runAs)
            : Listeners.inherit(configuration, inheritance.sockets(), runAs);
    if (inheritance == null) {
      keptSockets.release(listeners);
    }
    admin = new AdminOpening(configuration.admin(), operations, runAs);
    metrics = new MetricsOpening(configuration.metrics(), operations, runAs);
    try {
      Configuration bound = listeners.withPorts(configuration);
      accessLogKeeper.open(bound.log().access(), runAs);
      inherit();
      PublishedEpoch first = PublishedEpoch.of(epochs.make(bound), loaded.rules());
      epochs.begin(first.epoch(), listeners);
      admin.asRoot();
      metrics.asRoot();
      enter(runAs, SocketRights.candidates(bound));
      SocketRights rights = rights(bound);
      runAs.keep(rights.capability());
      ground.states().tryDirectory();
      // What may fail lies behind: a start that fails says one line.
      StartLog.write(bound, loaded.problems(), listeners, ground.batch());
      if (inheritance == null) {
        admin.open();
        metrics.begin();
      }
      Confinement confinement = Confinement.detect(bound.confine(), rights);
      try {
        begin(first, confinement);
        metrics.await();
        signals.serve(ground, shutdown, reloader);
      } catch (StartException | RuntimeException e) {
        supervisor.destroyAll();
        throw e;
      }
      ground.loop().outlive(new LoopFailures());
      BatchScheduling.begin();
      ground.loop().run(this);
      if (unstartable != null) {
        supervisor.destroyAll();
        throw new StartException(unstartable);
      }
      // Where the loop fails this is left out: workers without a mother serve their sessions on.
      if (!shutdown.leavesWorkers()) {
        supervisor.destroyAll();
      }
      cluster.end();
      LOG.info("stopped");
    } finally {
      // After a reload it is others than those of the start.
      close(inForce.listeners() == null ? listeners : inForce.listeners());
      admin.close();
      metrics.close();
      writing.close();
      leftOut.close();
    }
  }

  /** Those of a server that serves on in spite of this one are its own, and so are their files. */
  private void close(Listeners listeners) {
    if (inheritance == null || accepted) {
      listeners.close();
    } else {
      listeners.withdraw();
    }
  }

  /** Goes on in the books of the mother before this one. */
  private void inherit() {
    if (inheritance == null || !inheritance.takesSessions()) {
      return;
    }
    int last = inheritance.lastEpoch();
    epochs.inherit(inheritance);
    supervisor.inherit(inheritance.books());
    supervisor.hopSearch().ours(number -> number > last);
    published.inherit(inheritance.epochs());
    keeper.pin(last);
  }

  private void begin(PublishedEpoch first, Confinement confinement) throws StartException {
    keeper.add(first);
    if (inheritance != null) {
      oldServer = new OldServer(ground, inheritance, this);
      oldServer.begin();
      shutdown.beside(oldServer::end);
    }
    supervisor.tell(stateWatch);
    supervisor.tell(this);
    supervisor.tell(reloader);
    supervisor.start(first.epoch().configuration().workers(), confinement);
    cluster.begin(confinement);
    HangWatch hangWatch = new HangWatch(ground, supervisor);
    hangWatch.start();
    new Pulse(ground.loop(), notifier, inForce, stateWatch, statusLine, supervisor, hangWatch)
        .start();
    leftOut.start();
    predecessors.begin();
    new Strays(ground.loop(), supervisor.staff(), ground.pid()).start();
    stateWatch.start(hangWatch);
  }

  /** Whoever asked for it learns of it by other means, or is answered by nobody: not all others. */
  private static void taskFailed(RuntimeException e) {
    LOG.error("internal error in what was asked of the server", e);
  }

  private static RunAs runAs(Configuration configuration) throws StartException {
    try {
      RunAs runAs = RunAs.of(configuration.user(), configuration.group());
      if (runAs.isOutOfReach()) {
        LOG.warn("{} has no effect: the server was not started as root", runAs);
      }
      return runAs;
    } catch (IOException e) {
      throw new StartException(e.getMessage(), e);
    }
  }

  private static SocketRights rights(Configuration configuration) throws StartException {
    try {
      return SocketRights.of(configuration);
    } catch (SocketsRefusedException e) {
      throw new StartException(e.getMessage(), e);
    }
  }

  /** No client has been accepted, no worker started, when this is called. */
  private static void enter(RunAs runAs, int[] forSockets) throws StartException {
    try {
      runAs.enter(forSockets);
    } catch (IOException e) {
      throw new StartException(e.getMessage(), e);
    }
    if (runAs.changes()) {
      LOG.info("runs as {}", runAs);
    }
  }

  /** Every worker serves: clients are let in. */
  @Override
  public void allReady() {
    if (shutdown.begun()) {
      return;
    }
    if (oldServer != null) {
      oldServer.ready();
      return;
    }
    accept();
    serving();
    metrics.serving();
  }

  private void accept() {
    accepted = true;
    inForce.serve();
    acceptor.open(inForce.epoch(), inForce.listeners());
    stateWatch.look();
    new Sweeper(ground).start();
  }

  /** Says so to all. */
  private void serving() {
    keptSockets.update(inForce.listeners());
    notifier.ready(ground.pid(), statusLine.text());
    reloader.serving();
    System.out.println(readyLine());
    System.out.flush();
    Afterwards.run(ground.loop(), this::prepareForQuestions);
  }

  private void prepareForQuestions() {
    admin.serving();
    ClassCache.check(
        supervisor.workers().stream()
            .collect(
                Collectors.toMap(WorkerProcess::stage, WorkerProcess::pid, (first, _) -> first)),
        ground.pid());
  }

  @Override
  public void unstartable(String why) {
    unstartable = why;
    ground.loop().stop();
  }

  /** Another server wants the port; beside the loop, which has other things to do than to wait. */
  private void closeMetrics() {
    try {
      Thread.ofPlatform().daemon().name("metrics-close").start(metrics::close);
    } catch (OutOfMemoryError e) { // no thread to be had
      metrics.close();
    }
  }

  @Override
  public void go(long lastId) {
    ground.records().cover();
    if (ground.states().slots() != null) {
      ground.states().slots().cover();
    }
    acceptor.countFrom(lastId);
    try {
      admin.replace();
    } catch (StartException e) {
      lost(e.getMessage());
      return;
    }
    accept();
    oldServer.serving(inboxes.writing(StageId.IO));
  }

  @Override
  public void named() {
    keptSockets.release(inForce.listeners());
    serving();
    metrics.follow();
  }

  @Override
  public void lost(String why) {
    failed = why;
    ground.loop().stop();
  }

  @Override
  public void ended() {
    if (inheritance.takesSessions()) {
      keeper.unpin();
      supervisor.hopSearch().ours(_ -> true);
      new LeftBehind(
              ground, supervisor.staff(), inheritance.lastEpoch(), inheritance.books().workers())
          .start();
    }
  }

  private String readyLine() {
    String doors =
        inForce.configuration().listeners().stream()
            .map(Mother::door)
            .collect(Collectors.joining(", "));
    return String.format(
        "bouncer ready: %s; pid %d, %d workers, %d ms",
        doors,
        ground.pid(),
        supervisor.workers().size(),
        (System.nanoTime() - startedAt) / 1_000_000);
  }

  private static String door(Listener listener) {
    String listen = String.join(" ", PortRanges.texts(listener.listen()));
    return listener.name() + " " + Printable.of(listen + " -> " + listener.target().text());
  }

  @Override
  public boolean endOfTurn(long now) {
    acceptor.endOfTurn();
    writing.endOfTurn(now);
    return false;
  }
}
