package org.portbouncer.launcher.mother;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.portbouncer.config.LoadResult;
import org.portbouncer.core.config.Configuration;
import org.portbouncer.core.loop.BatchScheduling;
import org.portbouncer.core.loop.EventLoop;
import org.portbouncer.core.sys.Printable;
import org.portbouncer.launcher.log.LogSetup;
import org.portbouncer.launcher.log.StandardStreams;
import org.portbouncer.launcher.mother.desk.Signals;
import org.portbouncer.launcher.mother.doors.Adoption;
import org.portbouncer.launcher.mother.doors.Listeners;
import org.portbouncer.launcher.mother.ground.LoopFailures;
import org.portbouncer.launcher.mother.ground.StartException;
import org.portbouncer.launcher.mother.handover.Inheritance;
import org.portbouncer.launcher.mother.launch.Forerunners;
import org.portbouncer.launcher.mother.sight.Pulse;
import org.portbouncer.launcher.mother.sight.StartLog;
import org.portbouncer.launcher.mother.staff.HangWatch;
import org.portbouncer.launcher.mother.staff.PublishedEpoch;
import org.portbouncer.launcher.mother.staff.WorkerNews;
import org.portbouncer.launcher.mother.upkeep.Strays;
import org.portbouncer.launcher.privilege.Confinement;
import org.portbouncer.launcher.privilege.RunAs;
import org.portbouncer.launcher.privilege.SocketRights;
import org.portbouncer.launcher.privilege.SocketsRefusedException;
import org.portbouncer.launcher.systemd.PassedSockets;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The mother process: binds, starts the workers, accepts, supervises, answers the admin socket,
 * ends. One loop on the main thread does all but the admin socket's talking; this is the course of
 * it, {@link Parts} what it is done with.
 */
public final class Mother implements EventLoop.Turn, WorkerNews {

  private static final Logger LOG = LoggerFactory.getLogger(Mother.class);

  private final Parts parts;
  private final Serving serving;

  /** What the server before this one has handed over; null where this one follows none. */
  private final Inheritance inheritance;

  /** How it is taken over; null likewise. */
  private final Turnover turnover;

  /** Why it cannot be started, as is found out when it is; null for nothing. */
  private String unstartable;

  private final Forerunners forerunners;

  private Mother(Parts parts, long startedAt, Inheritance inheritance, Forerunners forerunners) {
    this.parts = parts;
    this.forerunners = forerunners;
    this.inheritance = inheritance;
    this.serving = new Serving(parts, startedAt);
    this.turnover = inheritance == null ? null : new Turnover(parts, inheritance, serving);
  }

  /**
   * Serves until stopped; the whole of `bouncer start`.
   *
   * @param loaded the configuration, and what is doubtful in it, which is logged
   * @param debug whether errors show stack traces
   * @param forerunners workers that may be started already; ended here at the latest
   * @return the exit code
   */
  public static int run(LoadResult loaded, boolean debug, Forerunners forerunners) {
    long startedAt = System.nanoTime();
    try (forerunners;
        StandardStreams streams = StandardStreams.take()) {
      return run(loaded, debug, startedAt, streams, forerunners);
    } catch (OutOfMemoryError e) {
      // What the VM says where it gets no thread; without memory it ends itself.
      System.err.println("bouncer: cannot start: no thread is to be had (RLIMIT_NPROC, pids.max)");
      return 1;
    }
  }

  /** Says on the streams how it ended, before they are given back: nothing waits for a reader. */
  private static int run(
      LoadResult loaded,
      boolean debug,
      long startedAt,
      StandardStreams streams,
      Forerunners forerunners) {
    Configuration configuration = loaded.configuration();
    LogSetup.levels(configuration.log());
    try {
      Signals signals = Signals.begin();
      Inheritance inheritance =
          Inheritance.take(System.getenv(), configuration, Parts.recordsFor(configuration));
      Parts parts = new Parts(configuration, startedAt, streams, inheritance, forerunners);
      Mother mother = new Mother(parts, startedAt, inheritance, forerunners);
      mother.serve(loaded, signals);
      if (mother.turnover != null && mother.turnover.failed() != null) {
        throw new StartException("cannot follow the server before: " + mother.turnover.failed());
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
    Listeners listeners = listeners(configuration, runAs);
    parts.fronts.make(configuration, parts.operations, runAs);
    try {
      begin(loaded, signals, listeners, runAs);
      parts.ground.loop().outlive(new LoopFailures());
      BatchScheduling.begin();
      parts.ground.loop().run(this);
      if (unstartable != null) {
        destroyAll();
        throw new StartException(unstartable);
      }
      // Where the loop fails this is left out: workers without a mother serve their sessions on.
      if (!parts.shutdown.leavesWorkers()) {
        destroyAll();
      }
      parts.cluster.end();
      LOG.info("stopped");
    } finally {
      // After a reload it is others than those of the start.
      close(parts.inForce.listeners() == null ? listeners : parts.inForce.listeners());
      parts.fronts.close();
      parts.writing.close();
      parts.leftOut.close();
    }
  }

  private Listeners listeners(Configuration configuration, RunAs runAs) throws StartException {
    List<PassedSockets.Passed> passed =
        parts.predecessors.take(PassedSockets.take(System.getenv(), parts.ground.pid()));
    if (inheritance != null) {
      return Listeners.inherit(configuration, inheritance.sockets(), runAs);
    }
    Listeners listeners =
        Listeners.open(configuration, Adoption.of(configuration, passed, parts.notifier), runAs);
    parts.keptSockets.release(listeners);
    return listeners;
  }

  /** Takes what only root may, becomes who it is to be, and has the workers begin. */
  private void begin(LoadResult loaded, Signals signals, Listeners listeners, RunAs runAs)
      throws StartException {
    Configuration bound = listeners.withPorts(loaded.configuration());
    parts.accessLogKeeper.open(bound.log().access(), runAs);
    if (turnover != null) {
      turnover.inherit();
    }
    PublishedEpoch first = PublishedEpoch.of(parts.epochs.make(bound), loaded.rules());
    parts.epochs.begin(first.epoch(), listeners);
    parts.fronts.asRoot();
    if (runAs.changes()) {
      forerunners.close(); // they would stay who we were
    }
    enter(runAs, SocketRights.candidates(bound));
    SocketRights rights = rights(bound);
    runAs.keep(rights.capability());
    parts.ground.states().tryDirectory();
    // What may fail lies behind: a start that fails says one line.
    StartLog.write(bound, loaded.problems(), listeners, parts.ground.batch());
    if (inheritance == null) {
      parts.fronts.admin().open();
      parts.fronts.metrics().begin();
    }
    parts.calls.open(Path.of(bound.admin().socket()), parts.ground.pid());
    Confinement confinement = Confinement.detect(bound.confine(), rights);
    try {
      begin(first, confinement);
      parts.fronts.metrics().await();
      signals.serve(parts.ground, parts.shutdown, parts.reloader);
    } catch (StartException | RuntimeException e) {
      destroyAll();
      throw e;
    }
  }

  private void destroyAll() {
    parts.supervisor.destroyAll();
    parts.calls.close();
    parts.orphans.tidy();
  }

  private void begin(PublishedEpoch first, Confinement confinement) throws StartException {
    parts.keeper.add(first);
    if (turnover != null) {
      turnover.begin();
    }
    parts.supervisor.tell(parts.stateWatch);
    parts.supervisor.tell(this);
    parts.supervisor.tell(parts.reloader);
    parts.supervisor.start(first.epoch().configuration().workers(), confinement);
    forerunners.close(); // those that are too many
    boolean inherits = inheritance != null && inheritance.takesSessions();
    parts.cluster.begin(confinement, inherits ? inheritance.books().cluster() : null);
    HangWatch hangWatch = new HangWatch(parts.ground, parts.supervisor);
    hangWatch.start();
    new Pulse(
            parts.ground.loop(),
            parts.notifier,
            parts.inForce,
            parts.stateWatch,
            parts.statusLine,
            parts.supervisor,
            hangWatch)
        .start();
    parts.leftOut.start();
    parts.predecessors.begin();
    new Strays(parts.ground.loop(), parts.supervisor.staff(), parts.ground.pid()).start();
    parts.stateWatch.start(hangWatch);
  }

  /** Those of a server that serves on in spite of this one are its own, and so are their files. */
  private void close(Listeners listeners) {
    if (inheritance == null || serving.accepted()) {
      listeners.close();
    } else {
      listeners.withdraw();
    }
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
    if (parts.shutdown.begun()) {
      return;
    }
    if (turnover != null) {
      parts.cluster.whenPrepared(this::follow);
      return;
    }
    Path admin = Path.of(parts.inForce.configuration().admin().socket());
    parts.orphans.take(admin, parts.inForce.epoch(), this::serve);
  }

  /** This server can take over from the one before it. */
  private void follow() {
    if (!parts.shutdown.begun()) {
      turnover.ready();
    }
  }

  /** Sessions of a server that died are here, if there was one: the next ids are behind theirs. */
  private void serve(long lastId) {
    if (parts.shutdown.begun()) {
      return;
    }
    parts.acceptor.countFrom(lastId);
    serving.accept();
    serving.announce();
    parts.fronts.metrics().serving();
  }

  @Override
  public void unstartable(String why) {
    unstartable = why;
    parts.ground.loop().stop();
  }

  @Override
  public boolean endOfTurn(long now) {
    parts.acceptor.endOfTurn();
    parts.writing.endOfTurn(now);
    return false;
  }
}
