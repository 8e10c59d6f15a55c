package org.portbouncer.launcher.mother.spares;

import java.util.Deque;
import org.portbouncer.core.control.ControlChannel;
import org.portbouncer.core.control.ControlException;
import org.portbouncer.core.control.Orders;
import org.portbouncer.core.control.ReportReader;
import org.portbouncer.core.loop.EventLoop;
import org.portbouncer.core.loop.Pollable;
import org.portbouncer.core.sys.ChildProcess;
import org.portbouncer.core.sys.Const;
import org.portbouncer.core.sys.Errno;
import org.portbouncer.core.sys.Libc;
import org.portbouncer.core.sys.ProcessState;
import org.portbouncer.core.sys.Sockets;
import org.portbouncer.core.sys.SystemCallException;
import org.portbouncer.core.worker.ServerLog;
import org.portbouncer.launcher.log.WorkerLog;
import org.portbouncer.launcher.mother.ground.StartException;
import org.portbouncer.launcher.mother.launch.LaunchedWorker;
import org.portbouncer.launcher.mother.launch.ProcessEnd;
import org.portbouncer.launcher.mother.launch.WorkerStderr;
import org.portbouncer.launcher.mother.launch.WorkerVoice;
import org.portbouncer.launcher.privilege.Confinement;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * One process that waits to become a worker, as the mother sees it. On the thread of her loop;
 * {@link #index}, {@link #pid} and {@link #waits} from any.
 */
public final class Spare extends Pollable implements ReportReader.Handler {

  /** Who is told of its end, on the loop's thread. */
  interface Owner {
    /**
     * Its process has ended.
     *
     * @param how for the log
     */
    void gone(Spare spare, String how);
  }

  private static final Logger LOG = LoggerFactory.getLogger(Spare.class);

  /** Packets taken in one turn of the loop; a spare has two to send in all, and its answers. */
  private static final int PER_TURN = 16;

  /** The one that its answers to SYNC have; no worker's has it. */
  private static final int TOKEN = 0;

  private final EventLoop loop;
  private final Owner owner;
  private final int index;
  private final int build;
  private final ChildProcess process;
  private final Deque<ControlChannel> links;
  private final ControlChannel control;
  private final Orders orders;
  private final ReportReader reports;
  private final WorkerVoice voice;
  private final WorkerLog log;
  private final WorkerStderr stderr;

  private final Pollable end =
      new Pollable() {
        @Override
        protected void ready(int events) {
          exited();
        }
      };

  private final long startedAt;
  private volatile boolean waits;
  private boolean asked;

  /** Looks at which an answer was missing, one after the other. */
  private int silence;

  /**
   * Starts it.
   *
   * @param build that it is to be of
   * @param links of processes that have ended, whose memory is used again
   * @throws StartException where there is no process
   */
  Spare(
      EventLoop loop,
      Owner owner,
      int index,
      int build,
      Confinement confinement,
      Deque<ControlChannel> links)
      throws StartException {
    this.loop = loop;
    this.owner = owner;
    this.index = index;
    this.build = build;
    this.links = links;
    LaunchedWorker launched = LaunchedWorker.ofSpare(index, build, confinement);
    process = launched.process();
    startedAt = loop.now();
    control = links.isEmpty() ? new ControlChannel(launched.link()) : links.pop();
    control.use(launched.link());
    orders = new Orders(control);
    reports = new ReportReader(control, this);
    log = new WorkerLog("spare", index, process.pid());
    voice = new WorkerVoice(log, loop.now());
    try {
      loop.add(end, process.pidfd(), Const.EPOLLIN);
      loop.add(this, control.fd(), Const.EPOLLIN);
      stderr = new WorkerStderr(loop, log, launched.errors());
    } catch (SystemCallException e) {
      unwatch();
      Libc.close(control.fd());
      Libc.close(launched.errors());
      process.kill();
      process.reap();
      links.push(control);
      throw new StartException("cannot start spare/" + index + ": " + e.getMessage(), e);
    }
  }

  private void unwatch() {
    loop.remove(end, process.pidfd());
    loop.remove(this, control.fd());
  }

  public int index() {
    return index;
  }

  public int pid() {
    return process.pid();
  }

  /** When, on the loop's clock. */
  long startedAt() {
    return startedAt;
  }

  /** Whether it has made itself ready. */
  public boolean waits() {
    return waits;
  }

  /** Whether it could become a worker now, or soon: it lives, and nobody has stopped it. */
  boolean usable() {
    char state = ProcessState.of(pid());
    return registered()
        && !Sockets.isReadable(process.pidfd())
        && state != 'T'
        && state != 't'
        && state != 'Z';
  }

  /** Gives its process away; whoever takes it watches over it from here on. */
  LaunchedWorker give() {
    unwatch();
    int errors = stderr.release();
    voice.sayLeftOut(loop.now());
    int link = control.fd();
    links.push(control);
    LaunchedWorker.becomesWorker(pid());
    return new LaunchedWorker(process, link, errors, true, build, asked);
  }

  /**
   * Asks for a sign of life.
   *
   * @return for how many looks there has been none
   */
  int look() {
    if (!waits || asked) {
      return ++silence;
    }
    silence = 0;
    if (registered() && orders.sync(TOKEN) == 0) {
      reports.askedSync(TOKEN);
      asked = true;
    }
    return 0;
  }

  /** Has it end; its end is told as any other. */
  void stop() {
    if (!waits || !registered() || orders.stop() != 0) {
      destroy();
    }
  }

  /** Ends it; its end is told as any other. */
  void destroy() {
    process.kill();
  }

  @Override
  protected void ready(int events) {
    for (int i = 0; i < PER_TURN && registered(); i++) {
      int length = control.receiveBare();
      if (length == -Errno.EAGAIN || length == -Errno.EINTR) {
        return;
      }
      if (length <= 0) {
        // The end of the process follows, or it is of no use.
        loop.remove(this, control.fd());
        destroy();
        return;
      }
      try {
        reports.read();
      } catch (ControlException e) {
        log.log(Level.ERROR, "said what no spare says: " + e.getMessage() + "; it is replaced");
        destroy();
      } catch (RuntimeException e) {
        LOG.error("internal error at what spare/{} said; it is replaced", index, e);
        destroy();
      }
    }
  }

  private void exited() {
    ready(0);
    unwatch();
    Libc.close(control.fd());
    stderr.end();
    voice.sayLeftOut(loop.now());
    int code = process.reap();
    links.push(control);
    owner.gone(this, ProcessEnd.text(code));
  }

  // What it says.

  @Override
  public void waiting(int itsBuild) throws ControlException {
    LaunchedWorker.requireBuild(itsBuild, build);
    waits = true;
    silence = 0;
  }

  @Override
  public void synced(int token) {
    asked = false;
  }

  @Override
  public void log(int level, byte[] text) {
    voice.said(ServerLog.Level.withCode(level), text, loop.now());
  }

  @Override
  public void readyAs(int itsBuild) throws ControlException {
    throw notItsWord("READY");
  }

  @Override
  public void epoch(int number) throws ControlException {
    throw notItsWord("EPOCH");
  }

  @Override
  public void refused(int number, byte[] why) throws ControlException {
    throw notItsWord("REFUSED");
  }

  @Override
  public void lanes(int version) throws ControlException {
    throw notItsWord("LANES");
  }

  @Override
  public void kept(int keeperPid) throws ControlException {
    throw notItsWord("KEPT");
  }

  @Override
  public void mark(int token) throws ControlException {
    throw notItsWord("MARK");
  }

  private static ControlException notItsWord(String word) {
    return new ControlException(word + " before it is a worker");
  }
}
