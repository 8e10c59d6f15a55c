package org.portbouncer.launcher.mother.staff;

import java.util.ArrayList;
import java.util.List;
import org.portbouncer.core.config.Configuration.Workers;
import org.portbouncer.core.log.AccessLog;
import org.portbouncer.core.loop.EventLoop;
import org.portbouncer.core.loop.Timer;
import org.portbouncer.core.session.StageId;
import org.portbouncer.core.shared.SharedArea;
import org.portbouncer.launcher.mother.books.Books;
import org.portbouncer.launcher.mother.doors.InForce;
import org.portbouncer.launcher.mother.ground.Ground;
import org.portbouncer.launcher.mother.ground.StartException;
import org.portbouncer.launcher.mother.handover.CallSocket;
import org.portbouncer.launcher.mother.handover.Predecessors;
import org.portbouncer.launcher.mother.launch.Launcher;
import org.portbouncer.launcher.mother.launch.WorkerCommand;
import org.portbouncer.launcher.mother.machine.FreeMemory;
import org.portbouncer.launcher.mother.rescue.Inboxes;
import org.portbouncer.launcher.mother.spares.Spares;
import org.portbouncer.launcher.privilege.Confinement;
import org.portbouncer.launcher.systemd.Notifier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps every stage's workers running: starts them, and replaces one that died after ending the
 * sessions it held. In the mother, on her loop's thread.
 */
public final class Supervisor implements WorkerWatcher {

  private static final Logger LOG = LoggerFactory.getLogger(Supervisor.class);

  /** After the workers have become ready for the first time: what comes then comes first. */
  private static final long FIRST_SPARES_NANOS = 3_000_000_000L;

  private final Ground ground;
  private final Notifier notifier;
  private final EventLoop loop;
  private final Staff staff;
  private final AllWorkers everyone;
  private final Starter starter;
  private final Spares spares;
  private final Restarts restarts;
  private final Shares shares;
  private final Aftermath aftermath;
  private final HopSearch hopSearch;
  private final Moves moves;

  private final Timer firstSpares =
      new Timer() {
        @Override
        protected void expired(long now) {
          spares.fill();
        }
      };

  private final List<WorkerNews> news = new ArrayList<>();

  /** Said once: sessions end with their io workers. */
  private boolean unkept;

  private boolean announced;
  private boolean stopping;

  /**
   * @param published the configurations that workers get when they start
   * @param accessLog whose descriptor they write to
   * @param notifier keeps the links of those that are left to themselves
   * @param calls where they are asked for their sessions once there is no mother
   * @param launcher starts them
   */
  public Supervisor(
      Ground ground,
      InForce inForce,
      PublishedEpochs published,
      AccessLog accessLog,
      Notifier notifier,
      Inboxes inboxes,
      CallSocket calls,
      Launcher launcher) {
    this.ground = ground;
    this.notifier = notifier;
    this.loop = ground.loop();
    this.staff = new Staff(ground, inboxes);
    this.everyone = new AllWorkers(staff, inForce);
    this.starter =
        new Starter(
            ground, inForce, published, accessLog, inboxes, calls, launcher, staff, everyone);
    this.spares = new Spares(loop, FreeMemory::bytes);
    this.restarts = new Restarts(ground, staff, starter, spares);
    this.shares = new Shares(loop, staff, ground.area().workers());
    this.aftermath = new Aftermath(ground, staff, new Heirs(staff, shares));
    this.hopSearch = new HopSearch(ground, staff, inboxes);
    this.moves = new Moves(staff);
  }

  /** All workers, running or not; may be read from any thread. */
  public List<WorkerProcess> workers() {
    return staff.all();
  }

  /** Who they are, and where they count. */
  public Staff staff() {
    return staff;
  }

  /** Who has sessions of one moved. */
  public Moves moves() {
    return moves;
  }

  /** What is said to all of them alike. */
  public AllWorkers everyone() {
    return everyone;
  }

  /** What becomes of sessions of those that have ended. */
  public Aftermath aftermath() {
    return aftermath;
  }

  /** What looks for sessions that were lost between two stages. */
  public HopSearch hopSearch() {
    return hopSearch;
  }

  /** Those that wait to become one. */
  public Spares spares() {
    return spares;
  }

  /** How often they were started again. */
  public Restarts restarts() {
    return restarts;
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
        starter.start(worker, null);
      }
      return added;
    } catch (StartException e) {
      staff.dismiss(added);
      throw e;
    }
  }

  /**
   * Gives sessions to those that were hired, and has those leave that are too many.
   *
   * @return how many leave
   */
  public int adopt(Workers counts) {
    spares.adopt(counts.spares());
    List<WorkerProcess> before = staff.lanes();
    int leave = staff.adopt(counts);
    shares.even(before);
    return leave;
  }

  /** Starts all workers, the last stage first: it has the most to load. */
  public void start(Workers counts, Confinement how) throws StartException {
    staff.begin(how, this);
    spares.begin(counts.spares(), starter.buildOfSpare(), how);
    List<WorkerProcess> workers = staff.add(counts);
    staff.adopt(counts);
    starter.begin(how);
    hopSearch.begin();
    for (WorkerProcess worker : workers.reversed()) {
      starter.start(worker, null);
    }
  }

  /** Has somebody told of what happens to workers, after those who have asked before. */
  public void tell(WorkerNews whom) {
    news.add(whom);
  }

  @Override
  public void knows(WorkerProcess worker) {
    staff.letGo();
    news.forEach(WorkerNews::changed);
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
      news.forEach(WorkerNews::allReady);
      // The first clients come first.
      loop.timers().set(firstSpares, loop.now() + FIRST_SPARES_NANOS);
    } else if (announced && !firstSpares.isSet()) {
      spares.fill();
    }
    news.forEach(WorkerNews::changed);
  }

  /** Whether every worker serves. */
  boolean allReady() {
    for (WorkerProcess worker : staff.all()) {
      if (worker.state() != WorkerState.READY) {
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
      replaceNone();
      String why =
          "worker %s does not start with %s: %s"
              .formatted(worker.name(), options, worker.neverBegan());
      news.forEach(one -> one.unstartable(why));
      return;
    }
    SharedArea area = ground.area();
    area.limits().recover(worker.pid(), ground.pid());
    area.buckets().recover(worker.pid(), ground.pid());
    Aftermath.Lost lost = aftermath.release(worker);
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
      restarts.moved(worker);
    } else {
      died(worker, how, lost);
      restarts.died(worker, lost, how);
    }
    staff.letGo();
    hopSearch.died(worker.stage());
    Moves.Outcome outcome = new Moves.Outcome(lost.resumed(), lost.all());
    moves.ended(worker, outcome);
    news.forEach(one -> one.died(worker, how));
    news.forEach(WorkerNews::changed);
  }

  private void died(WorkerProcess worker, String how, Aftermath.Lost lost) {
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

  @Override
  public void unkept(WorkerProcess worker, String why) {
    if (!unkept) {
      unkept = true;
      LOG.warn("live sessions end with their io worker: its descriptors cannot be kept ({})", why);
    }
  }

  @Override
  public void synced(WorkerProcess worker, int token) {
    hopSearch.synced(worker, token);
  }

  @Override
  public boolean marked(WorkerProcess worker, int token) {
    return hopSearch.marked(worker, token);
  }

  @Override
  public boolean isWorker(int pid) {
    return staff.isWorker(pid);
  }

  @Override
  public boolean isKeeper(int pid) {
    return staff.isKeeper(pid);
  }

  /** Takes over what the mother before knew of the workers. */
  public void inherit(Books books) {
    staff.inherit(books.workers());
    restarts.inherit(books.restarts());
  }

  /** Which build workers of a stage are of. */
  public int build(StageId stage) {
    return starter.build(stage);
  }

  /** Has live sessions go on in another server's io workers, and those of this one end. */
  public void handOver(List<Inboxes.Inbox> inboxes) {
    shares.stop();
    staff.handOver(inboxes);
  }

  private void replaceNone() {
    stopping = true;
    shares.stop();
    restarts.end();
  }

  /** Has every worker end; what dies from here on is not replaced. */
  public void stopWorkers() {
    replaceNone();
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
    replaceNone();
    spares.destroy();
    int left = 0;
    for (WorkerProcess worker : staff.all()) {
      int link = worker.link().orphan(limitMs);
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

  /** Whether any process is left, a spare included. */
  public boolean anyRunning() {
    return staff.all().stream().anyMatch(WorkerProcess::running) || spares.anyRunning();
  }

  public void destroyAll() {
    replaceNone();
    spares.destroy();
    for (WorkerProcess worker : staff.all()) {
      worker.destroy();
    }
  }
}
