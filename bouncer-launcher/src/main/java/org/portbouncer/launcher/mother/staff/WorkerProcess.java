package org.portbouncer.launcher.mother.staff;

import java.nio.charset.StandardCharsets;
import java.util.Deque;
import org.portbouncer.core.control.ControlChannel;
import org.portbouncer.core.control.ControlException;
import org.portbouncer.core.loop.EventLoop;
import org.portbouncer.core.loop.Pollable;
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
import org.portbouncer.launcher.mother.launch.WorkerStderr;
import org.portbouncer.launcher.mother.launch.WorkerVoice;
import org.portbouncer.launcher.mother.rescue.Inboxes;
import org.portbouncer.launcher.mother.rescue.Keeper;
import org.portbouncer.launcher.privilege.Confinement;
import org.slf4j.event.Level;

/**
 * One worker process as the mother sees it: the child, the control link to it, what it last said.
 * On the thread of the mother's loop; {@link #state} and {@link #pid} may be read from others.
 */
public final class WorkerProcess implements WorkerLink.Owner {

  /** The exit code of a JVM that does not start. */
  private static final int JVM_REFUSES = 1;

  /** Of why a configuration is refused. */
  private static final int MOST_SHOWN = 300;

  private final EventLoop loop;
  private final Confinement confinement;
  private final WorkerWatcher watcher;
  private final StageId stage;
  private final int index;
  private final int place;
  private final Inboxes.Inbox inbox;

  private final WorkerLink link;

  /** Null where there is none; its end, as the loop sees it, is {@link #end}. */
  private ChildProcess process;

  private final Pollable end =
      new Pollable() {
        @Override
        protected void ready(int events) {
          exited();
        }
      };

  private WorkerLog log;
  private WorkerVoice voice;

  private final Keeping keeping;

  /** It has been told that its sessions are to be others', and ends for that. */
  private boolean moves;

  private WorkerStderr stderr;
  private final WorkerStarts starts = new WorkerStarts();
  private volatile WorkerState state = WorkerState.THROTTLED;
  private volatile int pid;
  private int knows;
  private int lanesVersion;
  private boolean drains;

  private String neverBegan = "";
  private int build;
  private volatile boolean leaving;

  /**
   * @param spareLinks control links to processes that have ended, for the next
   */
  WorkerProcess(
      EventLoop loop,
      Confinement confinement,
      Deque<ControlChannel> spareLinks,
      WorkerWatcher watcher,
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
    this.keeping = new Keeping(loop, confinement);
    this.link = new WorkerLink(loop, name(), spareLinks);
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

  public WorkerState state() {
    return leaving ? WorkerState.DRAINING : state;
  }

  /** What it reads. */
  Inboxes.Inbox inbox() {
    return inbox;
  }

  /** Whether it takes new sessions. */
  public boolean serves() {
    return state() == WorkerState.READY;
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

  /** How often, when and why it was started. */
  public WorkerStarts starts() {
    return starts;
  }

  public String name() {
    return stage.text() + "/" + index;
  }

  public boolean running() {
    return process != null;
  }

  /**
   * It waits for its next start.
   *
   * @param at on the loop's clock
   * @param why how the last one ended
   */
  void throttled(long at, String why) {
    starts.next(at, why);
    state = WorkerState.THROTTLED;
  }

  /**
   * What its JVM said when it ended without having come to anything, as it does at options that it
   * does not take; "" where that was not so.
   */
  String neverBegan() {
    return neverBegan;
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
    state = WorkerState.STARTING;
    process = launched.process();
    pid = process.pid();
    starts.startedAt(loop.now());
    log = new WorkerLog(stage.text(), index, pid);
    voice = new WorkerVoice(log, loop.now());
    link.open(launched.link(), log, this);
    watch(launched.errors());
    neverBegan = "";
    knows = 0;
    lanesVersion = 0;
    drains = false;
    moves = false;
    build = words.build();
    int errno = link.start(words, launched.asked());
    byte[] filter = confinement.filter(stage, pid, launched.spare());
    if (errno == 0 && filter.length > 0) {
      errno = link.confine(filter);
    }
    if (errno == 0 && kept) {
      errno = keeping.begin(link, why -> watcher.unkept(this, why));
    }
    if (errno == 0) {
      lanes.run();
      try (EpochFile epochs = published.forStage(stage)) {
        errno = link.publish(epochs);
      } catch (SystemCallException e) {
        errno = e.errno();
      }
    }
    if (errno != 0) {
      log.log(Level.ERROR, "cannot be told what to do: " + Errno.text(errno));
      destroy();
    }
  }

  /** What keeps its descriptors when it has ended; null for nothing. */
  Keeper keeper() {
    return keeping.keeper();
  }

  @Override
  public void kept(int keeperPid) {
    String why = keeping.started(keeperPid, pid, watcher.isWorker(keeperPid));
    if (!why.isEmpty()) {
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
      link.listen();
      stderr = errors < 0 ? null : new WorkerStderr(loop, log, errors);
    } catch (SystemCallException e) {
      loop.remove(end, process.pidfd());
      link.abandon();
      Libc.close(errors);
      process.kill();
      process.reap();
      process = null;
      throw new StartException("cannot start " + name() + ": " + e.getMessage(), e);
    }
  }

  /** What it is told. */
  WorkerLink link() {
    return link;
  }

  /** Whether it can be told anything. */
  boolean linked() {
    return link.registered();
  }

  /** The newest configuration that it has; 0 for none. */
  public int knows() {
    return knows;
  }

  /** Has it end when it has nothing left to do. */
  void drain() {
    if (linked() && !drains) {
      drains = true;
      link.drain();
      move();
    }
  }

  /**
   * Has it end, so that others go on with its sessions.
   *
   * @return false where they would end with it
   */
  boolean move() {
    if (!linked() || keeper() == null || !keeper().keeps()) {
      return false;
    }
    if (!moves) {
      moves = true;
      link.move();
    }
    return true;
  }

  /** Whether its sessions are to be others'. */
  boolean moves() {
    return moves;
  }

  /** Has it end. */
  void stop() {
    if (linked()) {
      state = WorkerState.DRAINING;
      link.stop();
    }
  }

  /** Ends a child that does not go by itself. */
  @Override
  public void destroy() {
    if (running()) {
      process.kill();
    }
  }

  @Override
  public void waiting(int itsBuild) throws ControlException {
    throw new ControlException("WAITING, as a worker");
  }

  @Override
  public void readyAs(int itsBuild) throws ControlException {
    LaunchedWorker.requireBuild(itsBuild, build);
    // One that has been told to stop meanwhile goes on with that.
    if (state == WorkerState.STARTING) {
      state = WorkerState.READY;
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

  /** The process has ended: what it said last comes first. */
  private void exited() {
    link.end();
    if (stderr != null) {
      stderr.end();
    }
    voice.sayLeftOut(loop.now());
    loop.remove(end, process.pidfd());
    int code = process.reap();
    if (code == JVM_REFUSES && !link.spoke()) {
      neverBegan = stderr.first();
    }
    process = null;
    link.release();
    Keeper kept = keeper();
    watcher.gone(this, ProcessEnd.text(code));
    keeping.release(kept, watcher::isKeeper);
  }
}
