package org.portbouncer.core.worker;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import org.portbouncer.core.config.ChainSecrets;
import org.portbouncer.core.config.Configuration;
import org.portbouncer.core.config.Configuration.StateTransfer.Mode;
import org.portbouncer.core.control.ControlChannel;
import org.portbouncer.core.hop.HopReceiver;
import org.portbouncer.core.hop.Session;
import org.portbouncer.core.hop.StateFiles;
import org.portbouncer.core.log.AccessLog;
import org.portbouncer.core.log.AccessLogWriting;
import org.portbouncer.core.log.LogForm;
import org.portbouncer.core.loop.BatchScheduling;
import org.portbouncer.core.loop.EventLoop;
import org.portbouncer.core.loop.Timer;
import org.portbouncer.core.session.Cause;
import org.portbouncer.core.session.Descriptors;
import org.portbouncer.core.session.Result;
import org.portbouncer.core.session.Sections;
import org.portbouncer.core.session.SessionState;
import org.portbouncer.core.session.StageId;
import org.portbouncer.core.session.Term;
import org.portbouncer.core.shared.ListenerTimes;
import org.portbouncer.core.shared.SessionTable;
import org.portbouncer.core.shared.SharedArea;
import org.portbouncer.core.shared.StateSlots;
import org.portbouncer.core.shared.WorkerBoard;
import org.portbouncer.core.sys.Errno;
import org.portbouncer.core.sys.Libc;

/**
 * The loop that every worker runs, whatever its stage: takes sessions from the inbox, lets the
 * {@link Stage} do its part, sends them on, and listens to the mother. One thread; it exists once.
 *
 * <p>A session's way through a worker: {@link Inbox} receives it, {@link #arrived} claims its
 * record, {@link Stage#session} decides, {@link #forward} or {@link #end} lets it go.
 */
public final class Worker implements EventLoop.Turn {

  /** The exit code after an error that nothing in the worker was made for. */
  public static final int FAILED = 70;

  /** How often a worker says that its loop turns. */
  public static final long HEARTBEAT_NANOS = 500_000_000;

  private static final long SHORTAGE_LOG_NANOS = 1_000_000_000;

  /**
   * For the states of held sessions that came inline, outside of the heap: half of what the VM lets
   * a process have there.
   */
  private static final long STATE_MEMORY = Runtime.getRuntime().maxMemory() / 2;

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
  private final Outbox outbox;
  private final Stage stage;
  private final Inbox inbox;
  private final Held held;
  private final Padding padding = new Padding();
  private final StateFiles files = new StateFiles("");

  /** Bytes of the states of held sessions. */
  private long heldBytes;

  /** Descriptors of held sessions beyond those that the stage says each has. */
  private int extraDescriptors;

  private long shortageLogged = loop.now() - SHORTAGE_LOG_NANOS;

  /** Which set of next inboxes the outbox has. */
  private int lanesVersion;

  /** Once there is no mother who would end what is left. */
  private OrphanWatch orphanWatch;

  /** Once it is to end when it has done its part. */
  private LeaveWatch leaveWatch;

  /** Set once the server ends all sessions: those still on their way end with it too. */
  private Result endingWith;

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
    this.log = new ServerLog(control, loop);
    this.held = new Held(area.sessions().capacity());
    accessLog.to(start.accessLogFd(), start.accessLogForm());
    this.writing = new AccessLogWriting(accessLog, loop, books());
    this.outbox =
        start.stage() == StageId.IO
            ? null
            : new Outbox(
                loop,
                start.nextInboxes(),
                start.batch(),
                new Handover(
                    table(),
                    start.stage(),
                    start.stage().next(),
                    start.pid(),
                    pool,
                    session -> end(session, Result.ERROR, Term.INTERNAL_SETUP, Cause.LOST, 0)));
    this.stage = role.stage(this);
    this.mother = new MotherLink(this, control, new EpochReader(loop, stage), spare);
    HopReceiver receiver = new HopReceiver(start.inboxFd(), slots, pool);
    this.inbox =
        new Inbox(
            this,
            receiver,
            start.inboxFd(),
            stage.descriptorsPerSession(),
            descriptorRoom(),
            start.batch() * Descriptors.IN_SETUP);
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
    endAll(Result.KILLED);
    endOfTurn(loop.now());
    log.close();
    writing.close();
    ends.settle();
    if (outbox != null) {
      outbox.close();
    }
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
    outbox.offer(session);
  }

  /**
   * Says that the set-up is done: what carried the state goes, the session keeps its head alone.
   *
   * @return false where the state did not come as it was sent
   */
  public boolean setUp(Session session) {
    int record = session.state().record();
    int length = session.state().length();
    table().transfer(record, session.transfer(), length);
    count(WorkerBoard.Count.stateBytes(session.transfer()), length);
    boolean intact = padding.intact(session);
    session.keepHead();
    ends.freeSlot(record);
    return intact;
  }

  /**
   * Adds a section to a session's state. What carried the state goes where that has no room for it.
   *
   * @return 0 or the errno; the session is as it was then
   */
  public int addSection(
      Session session, Sections.Type type, MemorySegment from, long at, int length) {
    boolean inSlot = session.transfer() == Mode.SHM;
    int errno = files.addSection(session, type, from, at, length);
    int record = session.state().record();
    if (inSlot && session.transfer() != Mode.SHM) {
      count(WorkerBoard.Count.SPILLED, 1);
      ends.freeSlot(record);
    }
    table().transfer(record, session.transfer(), session.state().length());
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
    table().cause(session.state().record(), cause, errno);
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
    heldBytes += session.tailMemory();
    area.workers().sessions(start.place(), held.count());
    inbox.adjust();
  }

  /** The opposite of {@link #hold}, before forwarding or ending. */
  public void letGo(Session session) {
    held.remove(session);
    heldBytes -= session.tailMemory();
    area.workers().sessions(start.place(), held.count());
    inbox.adjust();
  }

  /** Those held now, of which some may be let go while they are walked. */
  public Session[] allHeld() {
    return held.all();
  }

  /** Sessions held now. */
  public int heldCount() {
    return held.count();
  }

  /**
   * Counts one more descriptor for a held session than {@link Stage#descriptorsPerSession} says,
   * before it is opened.
   *
   * @return false where the process has no room for it
   */
  public boolean takeExtraDescriptor() {
    if (!inbox.hasRoomFor(1)) {
      return false;
    }
    extraDescriptors++;
    inbox.adjust();
    return true;
  }

  /** The opposite of {@link #takeExtraDescriptor}, after it was closed. */
  public void giveExtraDescriptor() {
    extraDescriptors--;
    inbox.adjust();
  }

  /** Descriptors beyond the ordinary that held sessions have open. */
  int extraDescriptors() {
    return extraDescriptors;
  }

  /** Whether the states of more sessions may be kept here; otherwise they wait in the inbox. */
  boolean hasMemoryToHold() {
    return heldBytes < STATE_MEMORY;
  }

  // What the inbox tells.

  /** A session came over the hop. */
  void arrived(Session session) {
    long now = loop.now();
    int hopMicros = table().arrive(session.state(), stage.id(), start.pid(), now);
    if (hopMicros == SessionTable.GONE) {
      // Ended while it was on its way, by the mother's clock or the operator.
      pool.release(session);
      return;
    }
    if (session.state().resumed()) {
      count(WorkerBoard.Count.RESUMED, 1);
      count(WorkerBoard.Count.RECEIVED, -1);
      SessionState state = session.state();
      table().flow().stoodStill(state.record(), System.nanoTime() - state.deadline());
      state.deadline(0);
    } else {
      area.workers().hop(start.place(), 1000L * hopMicros);
    }
    if (log.debugs()) {
      log.debug(now, "session " + session.state().id() + " came, after " + hopMicros + " us");
    }
    if (endingWith != null) {
      end(session, endingWith, Term.KILLED_SETUP, endingCause(), 0);
    } else if (table().unwanted(session.state().record()) != null) {
      endUnwanted(session);
    } else if (!understood(session)) {
      log.error(now, "session " + session.state().id() + " names what is not configured");
      end(session, Result.ERROR, Term.INTERNAL_SETUP, Cause.NOT_CONFIGURED, 0);
    } else {
      stage.session(session);
    }
  }

  /** A session came without all of its descriptors. */
  void endLacking(Session session) {
    long now = loop.now();
    if (table().arrive(session.state(), stage.id(), start.pid(), now) == SessionTable.GONE) {
      pool.release(session);
    } else {
      end(session, Result.ERROR, Term.RESOURCE);
    }
  }

  /** A mark came over the hop: all that was sent before it has been received. */
  void marked(int token) {
    mother.mark(token);
  }

  /** Whether the state's indexes lie in its configuration; a sender that was taken over may lie. */
  private boolean understood(Session session) {
    Epoch epoch = epochs.get(session.state().epoch());
    return epoch != null && epoch.knows(session.state());
  }

  /** Adds to one of this worker's counters. */
  public void count(WorkerBoard.Count what, long delta) {
    area.workers().add(start.place(), what, delta);
  }

  /**
   * Sends what the stage passed on; states that lie in the receiver's buffer must leave it before
   * the next.
   */
  void flushOutbox() {
    if (outbox != null) {
      // A line that says a session began goes out before the next stage can write that it ended.
      accessLog.flush();
      outbox.flush();
      int spilled = outbox.takeSpilled();
      if (spilled > 0) {
        count(WorkerBoard.Count.SPILLED, spilled);
      }
      int errno = outbox.takeShortage();
      if (errno != 0 && loop.now() - shortageLogged >= SHORTAGE_LOG_NANOS) {
        shortageLogged = loop.now();
        log.warn(loop.now(), "sessions wait to be passed on: " + Errno.watching(errno));
      }
      if (outbox.takeSettled()) {
        mother.settled(lanesVersion);
      }
      inbox.adjust();
    }
  }

  int outboxWaiting() {
    return outbox == null ? 0 : outbox.waiting();
  }

  StageId stageId() {
    return stage.id();
  }

  boolean outboxBlocked() {
    return outbox != null && outbox.blocked();
  }

  // What the mother says.

  void start() {
    inbox.open();
  }

  /** Adds configurations that were read. */
  void configure(List<NewEpoch> come) {
    for (NewEpoch one : come) {
      epochs.add(one.epoch());
      one.known().run();
    }
  }

  /** Forgets a configuration that will not come into force; no session can refer to it. */
  void withdraw(int number) {
    stage.withdrawn(number);
    epochs.retain(n -> n != number);
  }

  void secrets(int epoch, ChainSecrets secrets) {
    stage.secrets(epoch, secrets);
  }

  void classesChanged() {
    stage.classesChanged();
  }

  /**
   * Forgets configurations that no session refers to any more.
   *
   * @param oldest sessions that are still being set up began with this one, or later
   * @param inUse those of live sessions, ascending, the one in force among them
   */
  void retire(int oldest, int[] inUse) {
    int newest = inUse[inUse.length - 1];
    // What decides by an epoch lets go of it before its memory goes.
    stage.retired(oldest);
    if (stage.id() == StageId.IO) {
      epochs.retain(n -> n > newest || Arrays.binarySearch(inUse, n) >= 0);
    } else {
      epochs.retain(n -> n >= oldest);
    }
  }

  /** Ends those held sessions that the operator, or newer rules, want gone. */
  void endUnwanted() {
    for (Session session : held.all()) {
      Result result = table().unwanted(session.state().record());
      if (result != null) {
        boolean data = stage.id() == StageId.IO;
        because(session, table().unwantedCause(session.state().record()), 0);
        stage.endHeld(session, result, unwantedTerm(result, data));
      }
    }
  }

  private static Term unwantedTerm(Result result, boolean data) {
    if (result == Result.BLOCKED) {
      return data ? Term.BLOCKED_DATA : Term.BLOCKED;
    }
    return data ? Term.KILLED_DATA : Term.KILLED_SETUP;
  }

  /** Ends a session that came and is to go at once. */
  private void endUnwanted(Session session) {
    Result result = table().unwanted(session.state().record());
    end(
        session,
        result,
        unwantedTerm(result, false),
        table().unwantedCause(session.state().record()),
        0);
  }

  private Cause endingCause() {
    return endingWith == Result.KILLED ? Cause.STOPPED : Cause.UNSAID;
  }

  void endAll(Result result) {
    endingWith = result;
    Term term = stage.id() == StageId.IO ? Term.KILLED_DATA : Term.KILLED_SETUP;
    for (Session session : held.all()) {
      because(session, endingCause(), 0);
      stage.endHeld(session, result, term);
    }
  }

  void accessLog(int fd, LogForm form) {
    accessLog.flush();
    Libc.close(accessLog.fd());
    accessLog.to(fd, form);
  }

  /** The mother has gone: what is held here goes on to its end, and then the process ends. */
  void motherLost() {
    left(epochs.newest().configuration().orphanMs());
  }

  /**
   * The same on her own word. The first of the two counts.
   *
   * @param limitMs what is left then is ended; 0 for never
   */
  void left(long limitMs) {
    if (orphanWatch == null) {
      orphanWatch = new OrphanWatch(this, limitMs);
      orphanWatch.begin();
    }
  }

  /** Which build this process is of. */
  int build() {
    return start.build();
  }

  /** The next stage has other inboxes from now on. */
  void lead(int version, int[] ids, int[] inboxes) {
    lanesVersion = version;
    outbox.lead(ids, inboxes);
  }

  /** This worker is not needed any more: it ends when it has nothing left to do. */
  void drain() {
    if (stage.id() != StageId.IO) {
      // Others read the same inbox on.
      inbox.close();
    }
    leaveWatch().drain();
  }

  /**
   * Others go on with what this worker holds, from the session table: it ends as soon as they can.
   */
  void move() {
    leaveWatch().move();
  }

  private LeaveWatch leaveWatch() {
    if (leaveWatch == null) {
      leaveWatch = new LeaveWatch(this);
    }
    return leaveWatch;
  }

  /** Whether nothing that is held here would end with this process, were others to go on. */
  boolean canBeFollowed() {
    return held.count() == 0 || stage.canBeFollowed();
  }

  /** Whether anything waits in an inbox that nobody else reads. */
  boolean inboxWaiting() {
    return stage.id() == StageId.IO && inbox.hasMessage();
  }

  void stop() {
    loop.stop();
  }

  @Override
  public boolean endOfTurn(long now) {
    boolean more = stage.endOfTurn();
    flushOutbox();
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
