package org.portbouncer.core.worker;

import java.lang.foreign.MemorySegment;
import org.portbouncer.core.config.Configuration;
import org.portbouncer.core.control.ControlChannel;
import org.portbouncer.core.hop.HopReceiver;
import org.portbouncer.core.hop.Session;
import org.portbouncer.core.log.AccessLog;
import org.portbouncer.core.log.AccessLogWriting;
import org.portbouncer.core.loop.BatchScheduling;
import org.portbouncer.core.loop.EventLoop;
import org.portbouncer.core.loop.Timer;
import org.portbouncer.core.session.Cause;
import org.portbouncer.core.session.Descriptors;
import org.portbouncer.core.session.Result;
import org.portbouncer.core.session.Sections;
import org.portbouncer.core.session.StageId;
import org.portbouncer.core.session.Term;
import org.portbouncer.core.shared.ListenerTimes;
import org.portbouncer.core.shared.SessionTable;
import org.portbouncer.core.shared.SharedArea;
import org.portbouncer.core.shared.StateSlots;
import org.portbouncer.core.shared.WorkerBoard;
import org.portbouncer.core.sys.Libc;

/**
 * The loop that every worker runs, whatever its stage: takes sessions from the inbox, lets the
 * {@link Stage} do its part, sends them on, and listens to the mother. One thread; it exists once.
 *
 * <p>A session's way through a worker: {@link Inbox} receives it, {@link Arrivals} claims its
 * record, {@link Stage#session} decides, {@link #forward} or {@link #end} lets it go.
 */
public final class Worker implements EventLoop.Turn {

  /** The exit code after an error that nothing in the worker was made for. */
  public static final int FAILED = 70;

  /** How often a worker says that its loop turns. */
  public static final long HEARTBEAT_NANOS = 500_000_000;

  private final EventLoop loop = new EventLoop();
  private final SessionPool pool = new SessionPool();
  private final Epochs epochs = new Epochs();
  private final AccessLog accessLog = new AccessLog();
  private final AccessLogWriting writing;
  private final WorkerStart start;
  private final SharedArea area;
  private final SessionEnd ends;
  private final ServerLog log;
  private final MotherLink mother;
  private final Departures departures;
  private final Arrivals arrivals;
  private final Stage stage;
  private final Inbox inbox;
  private final Held held;
  private final CarriedStates states;

  /**
   * @param spare whether this process was started before it was known what it would serve
   */
  Worker(ControlChannel control, WorkerStart start, Role role, boolean spare) {
    this.start = start;
    this.area = SharedArea.open(start.areaFd());
    StateSlots slots = start.slotsFd() < 0 ? null : StateSlots.open(start.slotsFd());
    // What is mapped stays mapped; a descriptor that nobody needs is one that nobody can misuse.
    Libc.close(start.areaFd());
    if (slots != null) {
      Libc.close(start.slotsFd());
    }
    this.ends = new SessionEnd(area, slots, epochs, accessLog, start.pid());
    ends.settleLater();
    this.states = new CarriedStates(this, ends);
    this.log = new ServerLog(control, loop);
    accessLog.to(start.accessLogFd(), start.accessLogForm());
    this.writing = new AccessLogWriting(accessLog, loop, books());
    this.departures = new Departures(this, outbox());
    this.stage = role.stage(this);
    this.held =
        new Held(area.sessions().capacity(), stage.descriptorsPerSession(), descriptorRoom());
    this.arrivals = new Arrivals(this, stage, epochs);
    HopReceiver receiver = new HopReceiver(start.inboxFd(), slots, pool);
    this.inbox =
        new Inbox(
            this,
            arrivals,
            held,
            departures,
            receiver,
            start.inboxFd(),
            start.batch() * Descriptors.IN_SETUP);
    Duties duties =
        new Duties(
            this,
            stage,
            inbox,
            departures,
            arrivals,
            held,
            epochs,
            accessLog,
            start.build(),
            new OrphanDoor(this, stage, arrivals, held, ends, start.callsFd(), control.fd()));
    this.mother = new MotherLink(this, duties, control, new EpochReader(loop, stage), spare);
  }

  /** Where sessions go on to; null behind the last stage. */
  private Outbox outbox() {
    if (!start.stage().hasNext()) {
      return null;
    }
    Handover books =
        new Handover(
            table(),
            start.stage(),
            start.stage().next(),
            start.pid(),
            pool,
            session -> end(session, Result.ERROR, Term.INTERNAL_SETUP, Cause.LOST, 0));
    return new Outbox(loop, start.nextInboxes(), start.batch(), books);
  }

  /** Serves until the mother says stop; once, and the process ends with it. */
  void run() {
    area.workers().enter(start.place(), start.stage(), start.pid());
    BatchScheduling.begin();
    loop.timers().set(beat, loop.now());
    mother.attach();
    loop.run(this);
    area.workers().stopped(start.place(), System.nanoTime());
    log.close();
    writing.close();
    ends.settle();
    area.workers().leave(start.place());
  }

  /**
   * Does what {@link #run} does, for some turns that do not wait, and closes all that it has; in a
   * spare.
   */
  void rehearse(int turns) {
    area.workers().enter(start.place(), start.stage(), start.pid());
    loop.timers().set(beat, loop.now());
    mother.attach();
    int[] left = {turns};
    loop.run(
        now -> {
          endOfTurn(now);
          if (--left[0] == 0) {
            loop.stop();
          }
          return true;
        });
    arrivals.endAll(Result.KILLED);
    endOfTurn(loop.now());
    log.close();
    writing.close();
    ends.settle();
    departures.close();
    Libc.close(start.inboxFd());
    loop.close();
  }

  private final Timer beat =
      new Timer() {
        @Override
        protected void expired(long now) {
          area.workers().heartbeat(start.place(), now);
          ends.tellRefused(now, text -> log.info(now, text));
          loop.timers().set(this, now + HEARTBEAT_NANOS);
        }
      };

  /** How many sessions this process may hold by its descriptor limit. */
  private int descriptorRoom() {
    return DescriptorLimit.sessions(
        DescriptorLimit.current(), stage.descriptorsPerSession(), start.batch());
  }

  // What the stages use.

  public EventLoop loop() {
    return loop;
  }

  public SharedArea area() {
    return area;
  }

  public SessionTable table() {
    return area.sessions();
  }

  public ServerLog log() {
    return log;
  }

  public SessionPool pool() {
    return pool;
  }

  public int pid() {
    return start.pid();
  }

  /** Where the configuration that a session set out under counts. */
  public Places places(Session session) {
    return epochs.get(session.state().epoch()).places();
  }

  /** The configuration a session set out under. */
  public Configuration configuration(Session session) {
    return epochs.get(session.state().epoch()).configuration();
  }

  /** The place of the session's listener in the counters. */
  public int slot(Session session) {
    return table().slot(session.state().record());
  }

  /** Counts how long a step of the session's set-up took. */
  public void took(Session session, ListenerTimes.Step step, long nanos) {
    area.times().add(slot(session), step, nanos);
  }

  /**
   * Whether a session has been on its way for longer than its client has for it. Time in which this
   * process did not turn does not count: the client was not what was waited for.
   */
  public boolean outOfTime(Session session) {
    long deadline = session.state().deadline();
    return deadline != 0
        && loop.now() - deadline > 0
        && loop.now() - deadline > loop.stalls().since(session.state().accepted());
  }

  /** Passes a session on to the next stage. It belongs to the outbox from here on. */
  public void forward(Session session) {
    table().offered(session.state().record(), stage.id().next(), loop.now());
    departures.offer(session);
  }

  /**
   * Says that the set-up is done: what carried the state goes, the session keeps its head alone.
   *
   * @return false where the state did not come as it was sent
   */
  public boolean setUp(Session session) {
    return states.setUp(session);
  }

  /**
   * Adds a section to a session's state. What carried the state goes where that has no room for it.
   *
   * @return 0 or the errno; the session is as it was then
   */
  public int addSection(
      Session session, Sections.Type type, MemorySegment from, long at, int length) {
    int before = session.tailMemory();
    int errno = states.addSection(session, type, from, at, length);
    held.grown(session, session.tailMemory() - before);
    return errno;
  }

  /** Ends a session: closes its descriptors, gives back what it holds, writes its line. */
  public void end(Session session, Result result, Term term) {
    int record = session.state().record();
    int generation = session.state().generation();
    if (log.debugs()) {
      String how = result.text() + " " + term.text();
      log.debug(loop.now(), "session " + session.state().id() + " ends here: " + how);
    }
    pool.release(session);
    ends.end(record, generation, result, term, loop.now());
  }

  /** The same, saying why; errno is what the system said, 0 for nothing. */
  public void end(Session session, Result result, Term term, Cause cause, int errno) {
    because(session, cause, errno);
    end(session, result, term);
  }

  /** Says why a session that is held here is about to end. */
  public void because(Session session, Cause cause, int errno) {
    table().outcome().because(session.state().record(), cause, errno);
  }

  /** Writes the line that says that a session began, for a rule that wants one. */
  public void logConnect(Session session) {
    accessLog.write(
        "connect",
        table(),
        session.state().record(),
        configuration(session),
        null,
        null,
        loop.now(),
        start.pid());
  }

  /** Keeps a session in this process until {@link #letGo}; the operator can reach it there. */
  public void hold(Session session) {
    session.keepState();
    held.add(session);
    area.workers().sessions(start.place(), held.count());
    inbox.adjust();
  }

  /** The opposite of {@link #hold}, before forwarding or ending. */
  public void letGo(Session session) {
    held.remove(session);
    area.workers().sessions(start.place(), held.count());
    inbox.adjust();
  }

  /** Those held now, of which some may be let go while they are walked. */
  public Session[] allHeld() {
    return held.all();
  }

  /**
   * Counts one more descriptor for a held session than {@link Stage#descriptorsPerSession} says,
   * before it is opened.
   *
   * @return false where the process has no room for it
   */
  public boolean takeExtraDescriptor() {
    if (!held.takeExtraDescriptor()) {
      return false;
    }
    inbox.adjust();
    return true;
  }

  /** The opposite of {@link #takeExtraDescriptor}, after it was closed. */
  public void giveExtraDescriptor() {
    held.giveExtraDescriptor();
    inbox.adjust();
  }

  /** Adds to one of this worker's counters. */
  public void count(WorkerBoard.Count what, long delta) {
    area.workers().add(start.place(), what, delta);
  }

  /** Says how long a session was on its way from the stage before. */
  void hop(int micros) {
    area.workers().hop(start.place(), 1000L * micros);
  }

  /** A mark came over the hop: all that was sent before it has been received. */
  void marked(int token) {
    mother.mark(token);
  }

  /** What was sent to next inboxes that went is in them. */
  void lanesSettled(int version) {
    mother.settled(version);
  }

  /**
   * Sends what the stage passed on; states that lie in the receiver's buffer must leave it before
   * the next.
   */
  void passOn() {
    if (departures.exist()) {
      // A line that says a session began goes out before the next stage can write that it ended.
      accessLog.flush();
      departures.flush();
      inbox.adjust();
    }
  }

  StageId stageId() {
    return stage.id();
  }

  @Override
  public boolean endOfTurn(long now) {
    boolean more = stage.endOfTurn();
    passOn();
    writing.endOfTurn(now);
    ends.settle();
    return more;
  }

  private AccessLogWriting.Books books() {
    return new AccessLogWriting.Books() {
      @Override
      public void leftOut(long lines) {
        count(WorkerBoard.Count.LOG_LOST, lines);
      }

      @Override
      public void trouble(int errno) {
        area.workers().logTrouble(start.place(), errno);
      }
    };
  }
}
