package org.portbouncer.launcher.mother;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.stream.Collectors;
import org.portbouncer.core.config.Configuration;
import org.portbouncer.core.config.Endpoint;
import org.portbouncer.core.config.Listener;
import org.portbouncer.core.config.LoadResult;
import org.portbouncer.core.control.ControlChannel;
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
import org.portbouncer.core.worker.Epoch;
import org.portbouncer.core.worker.Epochs;
import org.portbouncer.core.worker.Places;
import org.portbouncer.core.worker.SessionEnd;
import org.portbouncer.launcher.log.LogSetup;
import org.portbouncer.launcher.log.StandardStreams;
import org.portbouncer.launcher.privilege.Confinement;
import org.portbouncer.launcher.privilege.RunAs;
import org.portbouncer.launcher.systemd.Notifier;
import org.portbouncer.launcher.systemd.PassedSockets;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The mother process: binds, starts the workers, accepts, supervises, answers the admin socket,
 * ends. One loop on the main thread does all but the admin socket's talking; here its parts are put
 * together.
 */
public final class Mother implements EventLoop.Turn {

  private static final Logger LOG = LoggerFactory.getLogger(Mother.class);

  /** Session records reserved; memory is used for those that have been taken, 256 bytes each. */
  private static final int MIN_RECORDS = 65_536;

  /** Records beyond the limit: an over-limit client has one until it is closed and logged. */
  private static final int SPARE_RECORDS = 1024;

  private final EventLoop loop = new EventLoop();
  private final Mailbox mailbox = new Mailbox(loop, Mother::taskFailed);
  private final Epochs epochs = new Epochs();
  private final AccessLog accessLog = new AccessLog();
  private final AccessLogKeeper accessLogKeeper = new AccessLogKeeper(this);
  private final LeftOutLines leftOut = new LeftOutLines(this);
  private final AccessLogWriting writing = new AccessLogWriting(accessLog, loop, leftOut);
  private final int pid = (int) ProcessHandle.current().pid();
  private final Notifier notifier = new Notifier(System.getenv(), pid);
  private final Predecessors predecessors = new Predecessors(loop, notifier);
  private final KeptSockets keptSockets = new KeptSockets(notifier);
  private final int batch = DescriptorLimit.batch(DescriptorLimit.current());
  private final long startedAt;
  private final StandardStreams streams;
  private final SharedArea area;
  private final RecordAllocator records;
  private final CounterPlaces places;
  private final SessionEnd ends;
  private final StateMaker states;
  private final ClassPlaces classes;
  private final Sweeper sweeper;
  private final Shutdown shutdown;
  private final StateWatch stateWatch;
  private final EpochKeeper keeper;
  private final Reloader reloader;
  private Listeners listeners;
  private Confinement confinement;
  private volatile Supervisor supervisor;
  private Acceptor acceptor;
  private AdminOpening admin;
  private MetricsOpening metrics;
  private final Deque<ControlChannel> spareLinks = new ArrayDeque<>();
  private int lastEpoch;
  private volatile Epoch epoch;

  /** Whether every worker has served once, and nobody has said stop. */
  private volatile boolean serving;

  private final AcceptPauses pauses = new AcceptPauses();

  private Mother(Configuration configuration, long startedAt, StandardStreams streams) {
    this.startedAt = startedAt;
    this.streams = streams;
    area = SharedArea.create(Math.max(MIN_RECORDS, configuration.maxSessions() + SPARE_RECORDS));
    places = new CounterPlaces(area);
    records = new RecordAllocator(area.sessions(), pid);
    classes = new ClassPlaces(area, records, epochs);
    states = StateMaker.open(configuration.stateTransfer());
    ends = new SessionEnd(area, states.slots(), epochs, accessLog, pid);
    sweeper = new Sweeper(this);
    shutdown = new Shutdown(this);
    stateWatch = new StateWatch(this);
    keeper = new EpochKeeper(this);
    reloader = new Reloader(this, new ReloadNotice(this));
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
      new Mother(configuration, startedAt, streams).serve(loaded, signals);
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
    List<PassedSockets.Passed> passed = predecessors.take(PassedSockets.take(System.getenv(), pid));
    listeners = Listeners.open(configuration, Adoption.of(configuration, passed, notifier), runAs);
    keptSockets.release(listeners);
    ServerOperations operations = new ServerOperations(this);
    admin = new AdminOpening(configuration.admin(), operations, runAs);
    metrics = new MetricsOpening(configuration.metrics(), operations, runAs);
    try {
      Configuration bound = listeners.withPorts(configuration);
      accessLogKeeper.open(bound.log().access(), runAs);
      lastEpoch = 1;
      PublishedEpoch first =
          PublishedEpoch.of(
              new Epoch(1, bound, places.assign(bound, classes.assign(bound), 1, 1)),
              loaded.rules());
      epoch = first.epoch();
      epochs.add(epoch);
      classes.publish(epoch);
      Inboxes inboxes = new Inboxes(states.inlineBytes());
      acceptor = new Acceptor(this, inboxes.writing(StageId.NEGOTIATE));
      supervisor = new Supervisor(this, inboxes, this::everyWorkerReady);
      admin.asRoot();
      metrics.asRoot();
      enter(runAs);
      states.tryDirectory();
      // What may fail lies behind: a start that fails says one line.
      StartLog.write(bound, loaded.problems(), listeners, batch);
      admin.open();
      metrics.begin();
      confinement = Confinement.detect(bound.confine());
      try {
        keeper.add(first);
        supervisor.start(bound.workers());
        HangWatch hangWatch = new HangWatch(this, supervisor);
        hangWatch.start();
        new Pulse(this, hangWatch).start();
        leftOut.start();
        predecessors.begin();
        stateWatch.start();
        metrics.await();
        signals.serve(this);
      } catch (StartException | RuntimeException e) {
        supervisor.destroyAll();
        throw e;
      }
      loop.outlive(new LoopFailures());
      BatchScheduling.begin();
      loop.run(this);
      // Where the loop fails this is left out: workers without a mother serve their sessions on.
      if (!shutdown.leavesWorkers()) {
        supervisor.destroyAll();
      }
      LOG.info("stopped");
    } finally {
      listeners.close();
      admin.close();
      metrics.close();
      writing.close();
      leftOut.close();
    }
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

  /** No client has been accepted, no worker started, when this is called. */
  private static void enter(RunAs runAs) throws StartException {
    try {
      runAs.enter();
    } catch (IOException e) {
      throw new StartException(e.getMessage(), e);
    }
    if (runAs.changes()) {
      LOG.info("runs as {}", runAs);
    }
  }

  private void everyWorkerReady() {
    if (shutdown.begun()) {
      return;
    }
    serving = true;
    acceptor.open(epoch, listeners);
    stateWatch.look();
    sweeper.start();
    keptSockets.update(listeners);
    notifier.ready(pid, Pulse.status(this));
    reloader.serving();
    System.out.println(readyLine());
    System.out.flush();
    admin.serving();
    metrics.serving();
  }

  private String readyLine() {
    String doors =
        epoch.configuration().listeners().stream()
            .map(Mother::door)
            .collect(Collectors.joining(", "));
    return String.format(
        "bouncer ready: %s; pid %d, %d workers, %d ms",
        doors, pid, supervisor.workers().size(), (System.nanoTime() - startedAt) / 1_000_000);
  }

  private static String door(Listener listener) {
    String listen = listener.listen().stream().map(Endpoint::text).collect(Collectors.joining(" "));
    return listener.name() + " " + Printable.of(listen + " -> " + listener.target().text());
  }

  // What the parts use.

  EventLoop loop() {
    return loop;
  }

  SharedArea area() {
    return area;
  }

  RecordAllocator records() {
    return records;
  }

  SessionEnd ends() {
    return ends;
  }

  StateMaker states() {
    return states;
  }

  ClassPlaces classes() {
    return classes;
  }

  AccessLog accessLog() {
    return accessLog;
  }

  Supervisor supervisor() {
    return supervisor;
  }

  /** All workers; none before they are started. From any thread. */
  List<WorkerProcess> workers() {
    Supervisor started = supervisor;
    return started == null ? List.of() : started.workers();
  }

  AcceptPauses pauses() {
    return pauses;
  }

  AccessLogKeeper accessLogKeeper() {
    return accessLogKeeper;
  }

  LeftOutLines leftOut() {
    return leftOut;
  }

  StandardStreams streams() {
    return streams;
  }

  /** On the clock of System.nanoTime. */
  long startedAt() {
    return startedAt;
  }

  Epoch epoch() {
    return epoch;
  }

  /** Control links to processes that have ended. */
  Deque<ControlChannel> spareLinks() {
    return spareLinks;
  }

  /** Decides about the configurations that are kept. */
  EpochKeeper keeper() {
    return keeper;
  }

  Reloader reloader() {
    return reloader;
  }

  /** Listening sockets that a reload took out of use and that are not closed yet. */
  List<ListenSocket> closing() {
    return acceptor.leaving();
  }

  Listeners listeners() {
    return listeners;
  }

  /** The most sessions that the session table has room for. */
  int mostSessions() {
    return area.sessions().capacity() - SPARE_RECORDS;
  }

  CounterPlaces places() {
    return places;
  }

  Epochs epochs() {
    return epochs;
  }

  Configuration configuration() {
    return epoch.configuration();
  }

  int pid() {
    return pid;
  }

  Confinement confinement() {
    return confinement;
  }

  int batch() {
    return batch;
  }

  boolean serving() {
    return serving;
  }

  /** How the server is: the one truth. */
  StateWatch stateWatch() {
    return stateWatch;
  }

  Acceptor acceptor() {
    return acceptor;
  }

  Predecessors predecessors() {
    return predecessors;
  }

  KeptSockets keptSockets() {
    return keptSockets;
  }

  Notifier notifier() {
    return notifier;
  }

  Mailbox mailbox() {
    return mailbox;
  }

  /** Has {@code task} run on the loop's thread; from any other. */
  void post(Runnable task) {
    mailbox.post(task);
  }

  /** Begins to stop, or hurries a stop that has begun; on the loop's thread. */
  void stop(boolean now) {
    shutdown.begin(now);
    stateWatch.look();
  }

  /** From now on nothing new is begun. */
  void stopServing() {
    serving = false;
    reloader.refuse("the server is stopping");
    closeListeners();
  }

  /** Whether all that was accepted has gone to the first stage. */
  boolean allPassedOn() {
    return acceptor.allPassedOn();
  }

  /** Whether clients are not accepted any more; from any thread. */
  boolean stopping() {
    return shutdown.stopping();
  }

  /** The signal to stop: the first drains, the second ends at once. */
  void stopSignal() {
    stop(shutdown.begun());
  }

  /** The signal to reload. */
  void reloadSignal() {
    reloader.signal();
  }

  /** Where a configuration that is to come counts. */
  Places assignPlaces(Configuration configuration, int number) throws StartException {
    return places.assign(configuration, classes.assign(configuration), number, keeper.oldest());
  }

  /** The number of the next configuration; one that fails after all leaves a gap. */
  int nextEpoch() {
    return ++lastEpoch;
  }

  /** Has new sessions set out under this configuration, which all workers know. */
  void putInForce(Epoch next, Listeners newer) {
    classes.publish(next);
    supervisor.classesChanged();
    epochs.add(next);
    epoch = next;
    acceptor.serve(next, newer);
    newer.comeIntoForce();
    listeners = newer;
    LogSetup.levels(next.configuration().log());
    supervisor.levelsChanged();
  }

  private void closeListeners() {
    acceptor.close();
    listeners.close();
  }

  @Override
  public boolean endOfTurn(long now) {
    acceptor.endOfTurn();
    writing.endOfTurn(now);
    return false;
  }
}
