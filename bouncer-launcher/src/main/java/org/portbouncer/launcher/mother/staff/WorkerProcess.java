package org.portbouncer.launcher.mother.staff;

import java.nio.charset.StandardCharsets;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.portbouncer.core.control.ControlChannel;
import org.portbouncer.core.control.ControlException;
import org.portbouncer.core.control.Orders;
import org.portbouncer.core.control.ReportReader;
import org.portbouncer.core.log.LogForm;
import org.portbouncer.core.loop.EventLoop;
import org.portbouncer.core.loop.Pollable;
import org.portbouncer.core.session.Result;
import org.portbouncer.core.session.StageId;
import org.portbouncer.core.sys.ChildProcess;
import org.portbouncer.core.sys.Const;
import org.portbouncer.core.sys.Errno;
import org.portbouncer.core.sys.Libc;
import org.portbouncer.core.sys.SystemCallException;
import org.portbouncer.core.worker.ServerLog;
import org.portbouncer.core.worker.WorkerStart;
import org.portbouncer.launcher.log.WorkerLog;
import org.portbouncer.launcher.mother.ground.StartException;
import org.portbouncer.launcher.mother.launch.LaunchedWorker;
import org.portbouncer.launcher.mother.launch.ProcessEnd;
import org.portbouncer.launcher.mother.launch.RestartPause;
import org.portbouncer.launcher.mother.launch.WorkerStderr;
import org.portbouncer.launcher.mother.launch.WorkerVoice;
import org.portbouncer.launcher.mother.rescue.Inboxes;
import org.portbouncer.launcher.mother.rescue.Keeper;
import org.portbouncer.launcher.privilege.Confinement;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * One worker process as the mother sees it: the child, the control link to it, what it last said.
 * On the thread of the mother's loop; {@link #state} and {@link #pid} may be read from others.
 */
public final class WorkerProcess extends Pollable implements ReportReader.Handler {

  /** The exit code of a JVM that does not start. */
  private static final int JVM_REFUSES = 1;

  /** As `status` shows it. */
  public enum State {
    STARTING("starting"),
    READY("ready"),
    DRAINING("draining"),
    THROTTLED("throttled");

    private final String text;

    State(String text) {
      this.text = text;
    }

    public String text() {
      return text;
    }
  }

  /** Who is told of a worker's news, on the loop's thread. */
  interface Watcher {
    /** It serves. */
    void ready(WorkerProcess worker);

    /** It has learnt a configuration, or its next inboxes. */
    void knows(WorkerProcess worker);

    /** It cannot take a configuration. */
    void refused(WorkerProcess worker, int epoch, String why);

    /**
     * Its process has ended, and touches nothing any more.
     *
     * @param how for the log
     */
    void gone(WorkerProcess worker, String how);

    /**
     * Its sessions would end with it, though they should not.
     *
     * @param why for the log
     */
    void unkept(WorkerProcess worker, String why);

    /** Whether a worker runs in that process. */
    boolean isWorker(int pid);

    /** Whether a worker has said that this is its keeper. */
    boolean isKeeper(int pid);

    /** It has answered {@link #sync}. */
    void synced(WorkerProcess worker, int token);

    /**
     * It says that it has read a mark from its inbox.
     *
     * @return false where no such mark can be there
     */
    boolean marked(WorkerProcess worker, int token);
  }

  /** What can wait in the link of a process that has ended, and more. */
  private static final int LAST_WORDS = 4096;

  private static final Logger LOG = LoggerFactory.getLogger(WorkerProcess.class);

  /** Of why a configuration is refused. */
  private static final int MOST_SHOWN = 300;

  private final EventLoop loop;
  private final Confinement confinement;
  private final Watcher watcher;
  private final StageId stage;
  private final int index;
  private final int place;
  private final Inboxes.Inbox inbox;

  /** Links of processes that have ended: their memory is used again. */
  private final Deque<ControlChannel> links;

  /** Null where there is none; its end, as the loop sees it, is {@link #end}. */
  private ChildProcess process;

  private final Pollable end =
      new Pollable() {
        @Override
        protected void ready(int events) {
          exited();
        }
      };

  private ControlChannel control;
  private Orders orders;
  private ReportReader reports;
  private WorkerLog log;
  private WorkerVoice voice;

  /** What keeps its descriptors when it dies; null for nothing. */
  private Keeper keeper;

  /** It has been told that its sessions are to be others', and ends for that. */
  private boolean moves;

  private WorkerStderr stderr;
  private final LinkPace pace;
  private long startedAt;
  private long receivedBefore;
  private final RestartPause pauses = new RestartPause();
  private volatile State state = State.THROTTLED;
  private volatile int pid;
  private int knows;
  private int lanesVersion;
  private boolean drains;

  /** Whether it has said anything over its link. */
  private boolean spoke;

  private String neverBegan = "";
  private int build;
  private volatile boolean leaving;
  private volatile String lastEnd = "";
  private volatile long nextStart;
  private final AtomicInteger restarts = new AtomicInteger();

  /**
   * @param spareLinks control links to processes that have ended, for the next
   */
  WorkerProcess(
      EventLoop loop,
      Confinement confinement,
      Deque<ControlChannel> spareLinks,
      Watcher watcher,
      StageId stage,
      int index,
      int place,
      Inboxes.Inbox inbox) {
    this.loop = loop;
    this.confinement = confinement;
    this.watcher = watcher;
    this.stage = stage;
    this.index = index;
    this.place = place;
    this.inbox = inbox;
    this.links = spareLinks;
    this.pace = new LinkPace(loop, this, () -> control.fd());
  }

  public StageId stage() {
    return stage;
  }

  public int index() {
    return index;
  }

  public int place() {
    return place;
  }

  public int pid() {
    return pid;
  }

  public State state() {
    return leaving ? State.DRAINING : state;
  }

  /** What it reads. */
  Inboxes.Inbox inbox() {
    return inbox;
  }

  /** The order of listings. */
  boolean isBefore(WorkerProcess other) {
    return stage == other.stage ? index < other.index : stage.compareTo(other.stage) < 0;
  }

  /** Whether it takes new sessions. */
  public boolean serves() {
    return state() == State.READY;
  }

  /** It is not needed any more, and ends when it has no session. */
  void leave() {
    leaving = true;
  }

  public boolean leaving() {
    return leaving;
  }

  /** Which set of next inboxes it has told that it has, and no other; 0 for none. */
  int lanesVersion() {
    return lanesVersion;
  }

  public int restarts() {
    return restarts.get();
  }

  long startedAt() {
    return startedAt;
  }

  /** Sessions that its predecessors had received. */
  long receivedBefore() {
    return receivedBefore;
  }

  void receivedBefore(long sessions) {
    receivedBefore = sessions;
  }

  public String name() {
    return stage.text() + "/" + index;
  }

  public boolean running() {
    return process != null;
  }

  /** How long its next start waits. */
  RestartPause pauses() {
    return pauses;
  }

  /**
   * It waits for its next start.
   *
   * @param why how the last one ended
   */
  void throttled(long nextStart, String why) {
    this.nextStart = nextStart;
    this.lastEnd = why;
    state = State.THROTTLED;
  }

  /** When it is started again, on the loop's clock; meaningful while it is throttled. */
  public long nextStart() {
    return nextStart;
  }

  /** Why it had to be started again the last time; empty where it never had. */
  public String lastEnd() {
    return lastEnd;
  }

  /**
   * What its JVM said when it ended without having come to anything, as it does at options that it
   * does not take; "" where that was not so.
   */
  String neverBegan() {
    return neverBegan;
  }

  void countRestart() {
    restarts.incrementAndGet();
  }

  /**
   * Takes a child over and tells it all it needs. A child that cannot be told is ended, and its end
   * is reported as any other.
   *
   * @param launched the child
   * @param kept whether its sessions are to outlive it
   * @param lanes tells it its next inboxes, where it does not get them with these words
   * @throws StartException where the loop takes no more; the child has gone by then
   */
  void start(
      LaunchedWorker launched,
      WorkerStart words,
      boolean kept,
      Runnable lanes,
      PublishedEpochs published)
      throws StartException {
    state = State.STARTING;
    process = launched.process();
    pid = process.pid();
    startedAt = loop.now();
    log = new WorkerLog(stage.text(), index, pid);
    voice = new WorkerVoice(log, loop.now());
    control = links.isEmpty() ? new ControlChannel(launched.link()) : links.pop();
    control.use(launched.link());
    orders = new Orders(control);
    reports = new ReportReader(control, this);
    watch(launched.errors());
    spoke = false;
    neverBegan = "";
    knows = 0;
    lanesVersion = 0;
    drains = false;
    moves = false;
    build = words.build();
    int errno = words.send(control);
    if (launched.asked()) {
      reports.askedSync(0);
    }
    byte[] filter = confinement.filter(stage, pid, launched.spare());
    if (errno == 0 && filter.length > 0) {
      errno = orders.confine(filter);
    }
    if (errno == 0 && kept) {
      errno = keep();
    }
    if (errno == 0) {
      lanes.run();
      try (EpochFile epochs = published.forStage(stage)) {
        errno = publish(epochs);
      } catch (SystemCallException e) {
        errno = e.errno();
      }
    }
    if (errno != 0) {
      log.log(Level.ERROR, "cannot be told what to do: " + Errno.text(errno));
      destroy();
    }
  }

  /** Tells it to start its keeper. */
  private int keep() {
    try {
      keeper = Keeper.prepare(loop);
    } catch (SystemCallException e) {
      watcher.unkept(this, e.getMessage());
      return 0;
    }
    reports.askedKeep();
    int errno = orders.keep(confinement.keeperFilter(), keeper.reading());
    keeper.sent();
    return errno;
  }

  /** What keeps its descriptors when it has ended; null for nothing. */
  Keeper keeper() {
    return keeper;
  }

  @Override
  public void kept(int keeperPid) {
    String why =
        keeperPid <= 0
            ? "clone: " + Errno.text(-keeperPid)
            : keeper.found(pid, keeperPid, watcher.isWorker(keeperPid));
    if (!why.isEmpty()) {
      keeper.release();
      keeper = null;
      watcher.unkept(this, why);
    }
  }

  /**
   * Has its words and its end noticed.
   *
   * @throws StartException where the loop takes no more; the child has gone by then
   */
  private void watch(int errors) throws StartException {
    stderr = null;
    try {
      loop.add(end, process.pidfd(), Const.EPOLLIN);
      loop.add(this, control.fd(), Const.EPOLLIN);
      stderr = errors < 0 ? null : new WorkerStderr(loop, log, errors);
    } catch (SystemCallException e) {
      loop.remove(end, process.pidfd());
      loop.remove(this, control.fd());
      Libc.close(control.fd());
      Libc.close(errors);
      process.kill();
      process.reap();
      process = null;
      links.push(control);
      throw new StartException("cannot start " + name() + ": " + e.getMessage(), e);
    }
  }

  /**
   * Whether it can be told anything. Its link ends before its process is known to have ended, and
   * the number of the descriptor may be a client's by then.
   */
  boolean linked() {
    return running() && registered();
  }

  /** Publishes a newer configuration. */
  void configure(EpochFile epoch) {
    if (linked()) {
      told(publish(epoch));
    }
  }

  /** Has it forget a configuration that was published and will not come into force. */
  void withdraw(int epoch) {
    if (linked()) {
      told(orders.withdraw(epoch));
    }
  }

  private int publish(EpochFile epochs) {
    reports.askedEpoch(epochs.newest());
    return epochs.send(orders);
  }

  /** The newest configuration that it has; 0 for none. */
  public int knows() {
    return knows;
  }

  /** Tells it which configurations it may forget. */
  void retire(int oldest, int[] inUse) {
    if (linked()) {
      told(orders.retire(oldest, inUse));
    }
  }

  /** Tells it its next inboxes. */
  void lanes(int version, List<Inboxes.Inbox> inboxes) {
    if (linked()) {
      reports.askedLanes(version);
      told(
          orders.lanes(
              version,
              inboxes.stream().mapToInt(Inboxes.Inbox::id).toArray(),
              inboxes.stream().mapToInt(Inboxes.Inbox::writing).toArray()));
    }
  }

  /** Has it end when it has nothing left to do. */
  void drain() {
    if (linked() && !drains) {
      drains = true;
      told(orders.drain());
      move();
    }
  }

  /**
   * Has it end, so that others go on with its sessions.
   *
   * @return false where they would end with it
   */
  boolean move() {
    if (!linked() || keeper == null || !keeper.keeps()) {
      return false;
    }
    if (!moves) {
      moves = true;
      told(orders.move());
    }
    return true;
  }

  /** Whether its sessions are to be others'. */
  boolean moves() {
    return moves;
  }

  void endUnwanted() {
    if (linked()) {
      told(orders.look());
    }
  }

  /** Says that bandwidth classes have changed. */
  void classesChanged() {
    if (linked()) {
      told(orders.classes());
    }
  }

  void endAll(Result result) {
    if (linked()) {
      told(orders.endAll(result.code()));
    }
  }

  /** Has it write its access log lines to {@code fd} from now on; -1 for nowhere. */
  void accessLog(int fd, LogForm form) {
    if (linked()) {
      told(orders.accessLog(form.code(), fd));
    }
  }

  /** Has it say nothing that matters less. */
  void level(ServerLog.Level level) {
    if (linked()) {
      told(orders.level(level.code()));
    }
  }

  /**
   * Has it go on by itself with what it holds: the mother ends.
   *
   * @param limitMs for so long; 0 for ever
   * @return the mother's end of the link, which another may take over; -1 where there is none
   */
  int orphan(int limitMs) {
    if (linked()) {
      told(orders.left(limitMs));
    }
    return linked() ? control.fd() : -1;
  }

  /** Asks it to say when all that it has received by now is dealt with. */
  void sync(int token) {
    if (orders.sync(token) == 0) {
      reports.askedSync(token);
    }
  }

  void stop() {
    if (linked()) {
      state = State.DRAINING;
      told(orders.stop());
    }
  }

  /**
   * A worker that has stopped reading what it is told cannot be left as it is: it would be of
   * another mind than the others. One that has gone shows by itself.
   */
  private void told(int errno) {
    if (errno == Errno.EAGAIN) {
      log.log(Level.ERROR, "does not read what it is told; it is replaced");
      destroy();
    }
  }

  /** Ends a child that does not go by itself. */
  void destroy() {
    if (running()) {
      process.kill();
    }
  }

  @Override
  protected void ready(int events) {
    pace.taken(listen(LinkPace.PER_TURN));
  }

  /** Returns how many packets there were, of so many at most. */
  private int listen(int atMost) {
    for (int i = 0; i < atMost && registered(); i++) {
      int length = control.receiveBare();
      if (length == -Errno.EAGAIN || length == -Errno.EINTR) {
        return i;
      }
      if (length <= 0) {
        closed();
        return i;
      }
      spoke = true;
      try {
        reports.read();
      } catch (ControlException e) {
        log.log(Level.ERROR, "said what no worker says: " + e.getMessage() + "; it is replaced");
        closed();
      } catch (RuntimeException e) {
        LOG.error("internal error at what {} said; it is replaced", name(), e);
        closed();
      }
    }
    return atMost;
  }

  @Override
  public void waiting(int itsBuild) throws ControlException {
    throw new ControlException("WAITING, as a worker");
  }

  @Override
  public void readyAs(int itsBuild) throws ControlException {
    LaunchedWorker.requireBuild(itsBuild, build);
    // One that has been told to stop meanwhile goes on with that.
    if (state == State.STARTING) {
      state = State.READY;
      watcher.ready(this);
    }
  }

  @Override
  public void epoch(int number) {
    knows = number;
    watcher.knows(this);
  }

  @Override
  public void refused(int number, byte[] why) {
    // The operator is to read it: one line of text, whatever was sent.
    String text = new String(why, StandardCharsets.UTF_8).replaceAll("\\p{Cntrl}", "?");
    watcher.refused(this, number, text.substring(0, Math.min(MOST_SHOWN, text.length())));
  }

  @Override
  public void lanes(int version) {
    lanesVersion = version;
    watcher.knows(this);
  }

  @Override
  public void synced(int token) {
    watcher.synced(this, token);
  }

  @Override
  public void mark(int token) throws ControlException {
    if (!watcher.marked(this, token)) {
      throw new ControlException("MARK of what nobody has sent");
    }
  }

  @Override
  public void log(int level, byte[] text) {
    voice.said(ServerLog.Level.withCode(level), text, loop.now());
  }

  /** The link has ended: so has the worker, or it is of no use. */
  private void closed() {
    pace.end();
    loop.remove(this, control.fd());
    Libc.close(control.fd());
    destroy();
  }

  /** The process has ended: what it said last comes first. */
  private void exited() {
    listen(LAST_WORDS);
    if (registered()) {
      closed();
    }
    if (stderr != null) {
      stderr.end();
    }
    voice.sayLeftOut(loop.now());
    loop.remove(end, process.pidfd());
    int code = process.reap();
    if (code == JVM_REFUSES && !spoke) {
      neverBegan = stderr.first();
    }
    process = null;
    links.push(control);
    Keeper kept = keeper;
    watcher.gone(this, ProcessEnd.text(code));
    if (kept != null) {
      kept.release();
      if (kept.process() == null) {
        Keeper.reapStrays(loop, watcher::isKeeper);
      }
    }
  }
}
