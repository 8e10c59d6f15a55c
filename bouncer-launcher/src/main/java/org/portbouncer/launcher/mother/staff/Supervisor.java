package org.portbouncer.launcher.mother.staff;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.function.Consumer;
import java.util.function.IntPredicate;
import org.portbouncer.core.config.Configuration.Workers;
import org.portbouncer.core.log.AccessLog;
import org.portbouncer.core.log.LogForm;
import org.portbouncer.core.loop.EventLoop;
import org.portbouncer.core.loop.Timer;
import org.portbouncer.core.session.Cause;
import org.portbouncer.core.session.Result;
import org.portbouncer.core.session.StageId;
import org.portbouncer.core.session.Term;
import org.portbouncer.core.shared.RecordAllocator;
import org.portbouncer.core.shared.SessionTable;
import org.portbouncer.core.shared.SharedArea;
import org.portbouncer.core.shared.StateSlots;
import org.portbouncer.core.shared.WorkerBoard;
import org.portbouncer.core.worker.ServerLog;
import org.portbouncer.core.worker.SessionEnd;
import org.portbouncer.core.worker.WorkerStart;
import org.portbouncer.launcher.mother.books.Books;
import org.portbouncer.launcher.mother.doors.InForce;
import org.portbouncer.launcher.mother.ground.Ground;
import org.portbouncer.launcher.mother.ground.LiveRecords;
import org.portbouncer.launcher.mother.ground.StartException;
import org.portbouncer.launcher.mother.handover.Predecessors;
import org.portbouncer.launcher.mother.launch.LaunchedWorker;
import org.portbouncer.launcher.mother.launch.Launcher;
import org.portbouncer.launcher.mother.launch.WorkerCommand;
import org.portbouncer.launcher.mother.machine.FreeMemory;
import org.portbouncer.launcher.mother.rescue.Inboxes;
import org.portbouncer.launcher.mother.rescue.LostOnHop;
import org.portbouncer.launcher.mother.rescue.Resumption;
import org.portbouncer.launcher.mother.spares.Spares;
import org.portbouncer.launcher.privilege.Confinement;
import org.portbouncer.launcher.privilege.SocketRights;
import org.portbouncer.launcher.systemd.Notifier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps every stage's workers running: starts them, replaces one that died after ending the
 * sessions it held, and waits longer each time for one that dies again and again without having
 * served. In the mother, on her loop's thread.
 */
public final class Supervisor implements WorkerProcess.Watcher, LostOnHop.Peers {

  private static final Logger LOG = LoggerFactory.getLogger(Supervisor.class);

  /** Who waits for workers; told on the loop's thread. */
  public interface News {
    /** Every worker is ready, for the first time; called once. */
    default void allReady() {}

    /** A worker has come, gone, or learnt a configuration. */
    default void changed() {}

    /** A worker cannot take a configuration. */
    default void refused(WorkerProcess worker, int epoch, String why) {}

    /** A worker's JVM does not take the options that it is started with, nor will it ever. */
    default void unstartable(String why) {}

    /** A worker has died. */
    default void died(WorkerProcess worker, String how) {}
  }

  /** A worker that lived this long, or served, is not one that dies again and again. */
  private static final long SETTLED_NANOS = 10_000_000_000L;

  /** As why a worker was started again, for `status`. */
  private static final String MOVED = "its sessions were moved";

  /** After the workers have become ready for the first time: what comes then comes first. */
  private static final long FIRST_SPARES_NANOS = 3_000_000_000L;

  private final Launcher launcher;
  private final InForce inForce;
  private final PublishedEpochs published;
  private final Notifier notifier;
  private final EventLoop loop;
  private final SharedArea area;
  private final Inboxes inboxes;
  private final AccessLog accessLog;
  private final RecordAllocator records;
  private final LiveRecords live;
  private final StateSlots slots;
  private final SessionEnd ends;
  private final int pid;
  private final int batch;
  private final Staff staff;
  private final Resumption resumption;
  private final Spares spares;
  private Confinement confinement;

  /** Starts again, by stage; those of workers that are gone included. */
  private final AtomicLongArray restarts = new AtomicLongArray(StageId.count());

  /** By stage: of the jars as they were when this server started. */
  private final int[] builds = new int[StageId.count()];

  private final List<LostOnHop> lostOnHop = new ArrayList<>();

  private final Timer firstSpares =
      new Timer() {
        @Override
        protected void expired(long now) {
          spares.fill();
        }
      };

  private final List<News> news = new ArrayList<>();

  private final Moves moves = new Moves();

  /** Said once: sessions end with their io workers. */
  private boolean unkept;

  /** Which sessions, by their configurations, are on their way here, and not in another server. */
  private IntPredicate ours = _ -> true;

  /** Those that another server goes on with. */
  private final List<Resumed> handedOver = new ArrayList<>();

  private int lostOnHandover;

  private boolean announced;
  private int lastToken;
  private boolean stopping;

  /**
   * @param published the configurations that workers get when they start
   * @param accessLog whose descriptor they write to
   * @param notifier keeps the links of those that are left to themselves
   * @param launcher starts them
   */
  public Supervisor(
      Ground ground,
      InForce inForce,
      PublishedEpochs published,
      AccessLog accessLog,
      Notifier notifier,
      Inboxes inboxes,
      Launcher launcher) {
    this.launcher = launcher;
    this.inForce = inForce;
    this.published = published;
    this.accessLog = accessLog;
    this.notifier = notifier;
    this.loop = ground.loop();
    this.area = ground.area();
    this.inboxes = inboxes;
    this.records = ground.records();
    this.live = ground.live();
    this.ends = ground.ends();
    this.slots = ground.states().slots();
    this.pid = ground.pid();
    this.batch = ground.batch();
    this.staff = new Staff(ground, this, inboxes);
    this.resumption = new Resumption(ground);
    this.spares = new Spares(loop, FreeMemory::bytes);
  }

  /** All workers, running or not; may be read from any thread. */
  public List<WorkerProcess> workers() {
    return staff.all();
  }

  /** Those that wait to become one. */
  public Spares spares() {
    return spares;
  }

  /** Where on the board a stage's workers count and counted; from any thread. */
  public List<Integer> places(StageId stage) {
    return staff.places(stage);
  }

  /** How often workers of a stage were started again, since the server was; from any thread. */
  public long restarts(StageId stage) {
    return restarts.get(stage.ordinal());
  }

  /**
   * Starts the workers that a new configuration wants and that are not there; they get no sessions
   * yet.
   *
   * @throws StartException where that cannot be; none is started then
   */
  public List<WorkerProcess> hire(Workers counts) throws StartException {
    List<WorkerProcess> added = staff.add(counts);
    try {
      for (WorkerProcess worker : added) {
        launch(worker, null);
      }
      return added;
    } catch (StartException e) {
      staff.dismiss(added);
      throw e;
    }
  }

  /** Gives up what {@link #hire} has started. */
  public void dismiss(List<WorkerProcess> hired) {
    staff.dismiss(hired);
  }

  /**
   * Gives sessions to those that were hired, and has those leave that are too many.
   *
   * @return how many leave
   */
  public int adopt(Workers counts) {
    spares.adopt(counts.spares());
    return staff.adopt(counts);
  }

  /** What connect workers keep for their sockets. */
  public SocketRights rights() {
    return staff.rights();
  }

  /** Starts all workers, the last stage first: it has the most to load. */
  public void start(Workers counts, Confinement how) throws StartException {
    confinement = how;
    staff.confine(how);
    spares.begin(counts.spares(), launcher.buildOfSpare(), how);
    List<WorkerProcess> workers = staff.add(counts);
    staff.adopt(counts);
    for (StageId stage : StageId.values()) {
      builds[stage.ordinal()] = launcher.build(stage);
      lostOnHop.add(
          new LostOnHop(
              loop,
              area.sessions(),
              live,
              ends,
              this,
              stage,
              () -> inboxes.writing(stage),
              number -> ours.test(number)));
    }
    for (WorkerProcess worker : workers.reversed()) {
      launch(worker, null);
    }
  }

  /**
   * Has a worker's process begin.
   *
   * @param spare one that waits for it; null for none
   */
  private void launch(WorkerProcess worker, LaunchedWorker spare) throws StartException {
    LaunchedWorker launched =
        spare != null
            ? spare
            : launcher.start(
                worker.stage(), worker.index(), builds[worker.stage().ordinal()], confinement);
    worker.receivedBefore(area.workers().get(worker.place(), WorkerBoard.Count.RECEIVED));
    boolean sharedNext = worker.stage().ordinal() < StageId.BANDWIDTH.ordinal();
    int[] next = sharedNext ? inboxes.writing(worker.stage().next()) : new int[0];
    worker.start(
        launched,
        new WorkerStart(
            launched.build(),
            worker.stage(),
            worker.index(),
            worker.place(),
            batch,
            accessLog.form(),
            area.fd(),
            accessLog.fd(),
            slots == null ? -1 : slots.fd(),
            worker.inbox().reading(),
            next),
        worker.stage() == StageId.IO && inForce.configuration().survive(),
        () -> {
          level(worker);
          if (worker.stage() == StageId.BANDWIDTH) {
            staff.tellLanes(worker);
          }
        },
        published);
  }

  private void level(WorkerProcess worker) {
    worker.level(
        ServerLog.Level.named(inForce.configuration().log().levelOf(worker.stage().text())));
  }

  /** Has workers say what the configuration in force wants to hear. */
  public void levelsChanged() {
    for (WorkerProcess worker : staff.all()) {
      level(worker);
    }
  }

  /** Has somebody told of what happens to workers, after those who have asked before. */
  public void tell(News whom) {
    news.add(whom);
  }

  @Override
  public void knows(WorkerProcess worker) {
    staff.letGo();
    news.forEach(News::changed);
  }

  @Override
  public void refused(WorkerProcess worker, int epoch, String why) {
    news.forEach(one -> one.refused(worker, epoch, why));
  }

  @Override
  public void ready(WorkerProcess worker) {
    LOG.info("worker {} ready, pid {}", worker.name(), worker.pid());
    if (!announced && allReady()) {
      announced = true;
      news.forEach(News::allReady);
      // The first clients come first.
      loop.timers().set(firstSpares, loop.now() + FIRST_SPARES_NANOS);
    } else if (announced && !firstSpares.isSet()) {
      spares.fill();
    }
    news.forEach(News::changed);
  }

  /** Whether every worker serves. */
  boolean allReady() {
    for (WorkerProcess worker : staff.all()) {
      if (worker.state() != WorkerProcess.State.READY) {
        return false;
      }
    }
    return true;
  }

  @Override
  public void gone(WorkerProcess worker, String how) {
    if (stopping) {
      return;
    }
    String options = WorkerCommand.givenOptions();
    if (!announced && !options.isEmpty() && !worker.neverBegan().isEmpty()) {
      stopping = true;
      String why =
          "worker %s does not start with %s: %s"
              .formatted(worker.name(), options, worker.neverBegan());
      news.forEach(one -> one.unstartable(why));
      return;
    }
    area.limits().recover(worker.pid(), pid);
    area.buckets().recover(worker.pid(), pid);
    Lost lost = release(worker);
    area.workers().sessions(worker.place(), 0);
    boolean moved = worker.moves() && lost.all() == 0;
    if (worker.leaving() && staff.isIdle(worker)) {
      if (lost.all() > 0) {
        died(worker, how, lost);
      } else {
        LOG.info(
            "worker {}, pid {}, has ended: it was not needed; sessions that go on in others: {}",
            worker.name(),
            worker.pid(),
            lost.resumed());
      }
      staff.remove(worker);
    } else if (moved) {
      LOG.info(
          "worker {}, pid {}, has ended; sessions that go on in others: {}",
          worker.name(),
          worker.pid(),
          lost.resumed());
      restart(worker, true, MOVED);
    } else {
      long lived = loop.now() - worker.startedAt();
      died(worker, how, lost);
      countRestart(worker);
      restart(worker, lived > SETTLED_NANOS || served(worker, lost), how);
    }
    staff.letGo();
    findLost(worker.stage());
    Moves.Outcome outcome = new Moves.Outcome(lost.resumed(), lost.all());
    moves.ended(worker, outcome);
    news.forEach(one -> one.died(worker, how));
    news.forEach(News::changed);
  }

  private void died(WorkerProcess worker, String how, Lost lost) {
    if (!announced) {
      LOG.error("worker {} ended before it was ready ({})", worker.name(), how);
    } else {
      LOG.error(
          "worker {}, pid {}, died ({}); {}sessions lost with it: {}",
          worker.name(),
          worker.pid(),
          how,
          lost.resumed() > 0 ? "sessions that go on in others: " + lost.resumed() + "; " : "",
          lost.all());
    }
  }

  private void countRestart(WorkerProcess worker) {
    worker.countRestart();
    restarts.incrementAndGet(worker.stage().ordinal());
  }

  /** Finds what a worker of this stage had in its hands between two stages. */
  private void findLost(StageId stage) {
    findLostOnWayTo(stage);
    if (stage != StageId.IO) {
      findLostOnWayTo(stage.next());
    }
  }

  private void findLostOnWayTo(StageId stage) {
    // What is on its way to another server's io workers is theirs to receive.
    if (stage != StageId.IO || staff.successors().isEmpty()) {
      lostOnHop.get(stage.ordinal()).begin();
    }
  }

  /**
   * Whether it had done its part for any session: passed it on, ended it, or forwarded it when it
   * died. What ends a worker that has is not its start.
   */
  private boolean served(WorkerProcess worker, Lost lost) {
    long received = area.workers().get(worker.place(), WorkerBoard.Count.RECEIVED);
    return received - worker.receivedBefore() > lost.inSetUp() || lost.resumed() > 0;
  }

  private void restart(WorkerProcess worker, boolean served, String why) {
    long pause = worker.pauses().after(served);
    worker.throttled(loop.now() + pause, why);
    if (pause > 0) {
      LOG.warn(
          "worker {} dies again and again ({}); next start in {} ms",
          worker.name(),
          why,
          pause / 1_000_000);
      // What comes after it need not wait for it.
      spares.fill();
    }
    Timer timer =
        new Timer() {
          @Override
          protected void expired(long now) {
            startAgain(worker);
          }
        };
    loop.timers().set(timer, loop.now() + pause);
  }

  private void startAgain(WorkerProcess worker) {
    if (stopping || !staff.all().contains(worker)) {
      return;
    }
    try {
      launch(worker, spares.take(worker.stage()));
    } catch (StartException e) {
      LOG.error("{}", e.getMessage());
      countRestart(worker);
      restart(worker, false, e.getMessage());
    }
  }

  /**
   * Sessions that ended with a worker, those of them that were still being set up, and those that
   * go on without it.
   */
  private record Lost(int all, int inSetUp, int resumed) {}

  /**
   * Has the live sessions of an io worker go on in others, and a new process follow it.
   *
   * @param which its name, such as io/0, or its pid
   * @param done told how it went
   * @return "" or why it cannot be
   */
  public String move(String which, Consumer<Moves.Outcome> done) {
    for (WorkerProcess worker : staff.all()) {
      if (worker.name().equals(which) || Integer.toString(worker.pid()).equals(which)) {
        if (worker.stage() != StageId.IO) {
          return worker.name() + " forwards no sessions: only io workers can be moved";
        }
        if (!worker.move()) {
          return worker.serves()
              ? "the sessions of " + worker.name() + " would end with it: see `survive` in the docs"
              : worker.name() + " does not serve";
        }
        moves.await(worker, done);
        return "";
      }
    }
    return "no worker '" + which + "'; they are named as `bouncer status` shows them, such as io/0";
  }

  @Override
  public void unkept(WorkerProcess worker, String why) {
    if (!unkept) {
      unkept = true;
      LOG.warn("live sessions end with their io worker: its descriptors cannot be kept ({})", why);
    }
  }

  @Override
  public boolean isWorker(int pid) {
    return staff.all().stream().anyMatch(one -> one.pid() == pid);
  }

  @Override
  public boolean isKeeper(int pid) {
    return staff.all().stream().anyMatch(one -> one.keeper() != null && one.keeper().is(pid));
  }

  /**
   * A session that goes on elsewhere.
   *
   * @param generation of its record
   */
  public record Resumed(int record, int generation) {}

  /** Takes over what the mother before knew of the workers. */
  public void inherit(Books books) {
    staff.inherit(books.workers());
    for (StageId stage : StageId.values()) {
      restarts.set(stage.ordinal(), books.restarts().get(stage.ordinal()));
    }
  }

  /** Which build workers of a stage are of. */
  public int build(StageId stage) {
    return builds[stage.ordinal()];
  }

  /** For each stage the places of its workers, those that are gone included. */
  public List<List<Integer>> allPlaces() {
    return Arrays.stream(StageId.values()).map(stage -> List.copyOf(places(stage))).toList();
  }

  /** For each stage how often its workers were started again. */
  public List<Long> allRestarts() {
    return Arrays.stream(StageId.values()).map(this::restarts).toList();
  }

  /** A worker of the server before has left its place. */
  public void free(StageId stage, int place) {
    staff.free(stage, place);
  }

  /**
   * Says whose sessions are looked for when a worker has died: there may be another server whose
   * sessions are in the same memory.
   *
   * @param which told the number of a session's configuration
   */
  public void ours(IntPredicate which) {
    ours = which;
  }

  /** The writing ends of the inboxes of io workers. */
  public int[] inboxesOfIo() {
    return inboxes.writing(StageId.IO);
  }

  /** Has live sessions go on in another server's io workers, and those of this one end. */
  public void handOver(List<Inboxes.Inbox> inboxes) {
    staff.handOver(inboxes);
  }

  /** The sessions that went there so far. */
  public List<Resumed> handedOver() {
    return handedOver;
  }

  /** Sessions that ended because they could not. */
  public int lostOnHandover() {
    return lostOnHandover;
  }

  /** Who gets the live sessions of an io worker that has ended: others, or else its successor. */
  private List<Inboxes.Inbox> heirs(WorkerProcess gone) {
    return staff.successors().isEmpty()
        ? heirsHere(gone).stream().map(WorkerProcess::inbox).toList()
        : staff.successors();
  }

  private List<WorkerProcess> heirsHere(WorkerProcess gone) {
    List<WorkerProcess> io =
        staff.all().stream().filter(one -> one.stage() == StageId.IO && !one.leaving()).toList();
    List<WorkerProcess> serving =
        io.stream().filter(one -> one != gone && one.linked() && one.serves()).toList();
    return serving.isEmpty() ? io : serving;
  }

  /**
   * Has the sessions that a dead worker was forwarding go on in others, and ends in the books all
   * else that it held; the descriptors of those went with it.
   */
  private Lost release(WorkerProcess worker) {
    int dead = worker.pid();
    SessionTable table = area.sessions();
    int lost = 0;
    int inSetUp = 0;
    int resumed = 0;
    long stopped = area.workers().stopped(worker.place());
    resumption.begin(
        worker.keeper(), dead, stopped == 0 ? System.nanoTime() : stopped, heirs(worker));
    boolean elsewhere = !staff.successors().isEmpty();
    for (int record = 0; record < records.highWater(); record++) {
      if (table.phase(record) == SessionTable.Phase.FREE) {
        table.reclaim(record, dead);
      } else if (table.owner(record) == dead) {
        boolean setUp = table.setupMicros(record) > 0;
        Term term = setUp ? Term.INTERNAL_DATA : Term.INTERNAL_SETUP;
        int generation = table.generation(record);
        if (resumption.resume(record)) {
          resumed++;
          if (elsewhere) {
            handedOver.add(new Resumed(record, generation));
          }
        } else if (endOf(record, dead, term)) {
          lost++;
          inSetUp += setUp ? 0 : 1;
        }
      }
    }
    resumption.end();
    lostOnHandover += elsewhere ? lost : 0;
    return new Lost(lost, inSetUp, resumed);
  }

  /** Whether the session was lost with the worker. */
  private boolean endOf(int record, int dead, Term term) {
    SessionTable table = area.sessions();
    if (table.phase(record) == SessionTable.Phase.HELD) {
      Cause cause = resumption.reset(record);
      return ends.end(record, table.generation(record), Result.ERROR, term, cause, loop.now());
    }
    return ends.endOf(record, dead, Result.ERROR, term, loop.now());
  }

  @Override
  public void synced(WorkerProcess worker, int token) {
    for (LostOnHop stage : lostOnHop) {
      stage.synced(worker, token);
    }
  }

  @Override
  public boolean marked(WorkerProcess worker, int token) {
    lostOnHop.get(worker.stage().ordinal()).marked(worker.inbox().writing(), token);
    return token > 0 && token <= lastToken;
  }

  @Override
  public int nextToken() {
    return ++lastToken;
  }

  /** One that is starting answers when it is up; it may have begun to read before it says so. */
  @Override
  public List<WorkerProcess> sync(StageId stage, int token) {
    List<WorkerProcess> asked = new ArrayList<>();
    for (WorkerProcess worker : staff.all()) {
      if (worker.stage() == stage && worker.linked()) {
        worker.sync(token);
        asked.add(worker);
      }
    }
    return asked;
  }

  /** Publishes a newer configuration to all; {@link #ignorant} says who does not have it yet. */
  public void publish(PublishedEpoch newer) {
    for (StageId stage : StageId.values()) {
      try (EpochFile file = new EpochFile(List.of(newer), stage)) {
        staff.all().stream()
            .filter(worker -> worker.stage() == stage)
            .forEach(worker -> worker.configure(file));
      }
    }
  }

  /**
   * All workers but those that die again and again, whom nobody can wait for, and those that are
   * about to end because they are not needed.
   */
  public List<WorkerProcess> dependable() {
    return staff.all().stream()
        .filter(one -> !one.leaving())
        .filter(one -> one.state() == WorkerProcess.State.READY || one.pauses().last() == 0)
        .toList();
  }

  /** Takes back a configuration that was published and will not come into force. */
  public void withdraw(int epoch) {
    for (WorkerProcess worker : staff.all()) {
      worker.withdraw(epoch);
    }
  }

  /** Has sessions that wait for their bandwidth class look at it again. */
  public void classesChanged() {
    for (WorkerProcess worker : staff.all()) {
      if (worker.stage() == StageId.IO) {
        worker.classesChanged();
      }
    }
  }

  /** Has every worker end what is marked as unwanted. */
  public void endUnwanted() {
    for (WorkerProcess worker : staff.all()) {
      worker.endUnwanted();
    }
  }

  /** Tells the workers which configurations they may forget. */
  public void retire(int oldest, int[] inUse) {
    for (WorkerProcess worker : staff.all()) {
      worker.retire(oldest, inUse);
    }
  }

  /** Has every worker write its access log lines there from now on. */
  public void accessLog(int fd, LogForm form) {
    for (WorkerProcess worker : staff.all()) {
      worker.accessLog(fd, form);
    }
  }

  /** A worker that runs and does not know that configuration; null where all do. */
  public WorkerProcess ignorant(int epoch) {
    for (WorkerProcess worker : staff.all()) {
      if (worker.running() && worker.knows() < epoch) {
        return worker;
      }
    }
    return null;
  }

  /** Has every worker end every session it holds or gets. */
  public void endAll(Result result) {
    for (WorkerProcess worker : staff.all()) {
      worker.endAll(result);
    }
  }

  /** Has every worker end; what dies from here on is not replaced. */
  public void stopWorkers() {
    stopping = true;
    spares.stop();
    for (WorkerProcess worker : staff.all()) {
      worker.stop();
    }
  }

  /**
   * Leaves the workers to themselves; what dies from here on is not replaced.
   *
   * @param limitMs how long sessions may go on; 0 for ever
   * @return how many there are
   */
  public int orphan(int limitMs) {
    stopping = true;
    spares.destroy();
    int left = 0;
    for (WorkerProcess worker : staff.all()) {
      int link = worker.orphan(limitMs);
      if (link >= 0) {
        notifier.keep(Predecessors.NAME + worker.pid(), link);
        left++;
      }
    }
    return left;
  }

  /** Whether the workers have been told to end. */
  public boolean stopping() {
    return stopping;
  }

  public boolean anyRunning() {
    for (WorkerProcess worker : staff.all()) {
      if (worker.running()) {
        return true;
      }
    }
    return spares.anyRunning();
  }

  public void destroyAll() {
    stopping = true;
    spares.destroy();
    for (WorkerProcess worker : staff.all()) {
      worker.destroy();
    }
  }
}
