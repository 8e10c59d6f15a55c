package org.portbouncer.launcher.mother.cluster;

import org.portbouncer.core.cluster.ClusterWire;
import org.portbouncer.core.cluster.ClusterWire.Answer;
import org.portbouncer.core.cluster.ClusterWire.Ask;
import org.portbouncer.core.cluster.ClusterWire.Setup;
import org.portbouncer.core.config.Cluster;
import org.portbouncer.core.control.ControlChannel;
import org.portbouncer.core.control.ControlException;
import org.portbouncer.core.loop.EventLoop;
import org.portbouncer.core.loop.Pollable;
import org.portbouncer.core.sys.Const;
import org.portbouncer.core.sys.Errno;
import org.portbouncer.core.sys.Libc;
import org.portbouncer.core.sys.ProcessState;
import org.portbouncer.launcher.log.WorkerLog;
import org.portbouncer.launcher.mother.ground.StartException;
import org.portbouncer.launcher.mother.launch.LaunchedWorker;
import org.portbouncer.launcher.mother.launch.WorkerStderr;
import org.portbouncer.launcher.privilege.ClusterReach;
import org.portbouncer.launcher.privilege.Confinement;

/**
 * One run of the cluster's process, and the link to it. It is asked, and answers; what it says that
 * none would say is its end. In the mother, on her loop's thread.
 */
final class ClusterProcess extends Pollable {

  /**
   * Its last call takes no longer than Redis is waited for; while classes are recorded, its VM
   * writes them at its end.
   */
  private static final int PARTING_MS =
      System.getProperty("bouncer.record") == null ? 1500 : 120_000;

  /** Who hears of it. */
  interface Watcher {
    /** It has answered what was asked last. */
    void answered(Answer answer);

    /** It has reached Redis, or has tried to: see {@link ClusterProcess#prepare}. */
    void prepared();

    /** It has ended. */
    void ended(String how);
  }

  private final EventLoop loop;
  private final Watcher watcher;
  private final LaunchedWorker launched;
  private final ControlChannel link;
  private final WorkerStderr errors;
  private Ask asked;
  private boolean preparing;
  private String fault = "";
  private boolean open = true;

  private final Pollable end =
      new Pollable() {
        @Override
        protected void ready(int events) {
          gone();
        }
      };

  private ClusterProcess(EventLoop loop, LaunchedWorker launched, Watcher watcher) {
    this.loop = loop;
    this.launched = launched;
    this.watcher = watcher;
    this.link = new ControlChannel(launched.link());
    this.errors =
        new WorkerStderr(
            loop, new WorkerLog("cluster", 0, launched.process().pid()), launched.errors());
    loop.add(this, launched.link(), Const.EPOLLIN);
    loop.add(end, launched.process().pidfd(), Const.EPOLLIN);
  }

  /**
   * Starts it.
   *
   * @throws StartException where that cannot be
   */
  static ClusterProcess start(
      EventLoop loop,
      Confinement confinement,
      Setup setup,
      Cluster.Authority authority,
      Watcher watcher)
      throws StartException {
    ClusterReach reach = ClusterReach.of(setup.redis(), setup.ports());
    LaunchedWorker launched = LaunchedWorker.cluster(confinement, reach);
    ClusterProcess process = new ClusterProcess(loop, launched, watcher);
    if (!authority.pem().isEmpty()) {
      ClusterWire.trust(process.link, authority.pem());
      process.send();
    }
    ClusterWire.setup(process.link, setup);
    process.send();
    byte[] filter = confinement.clusterFilter(launched.process().pid(), reach);
    if (filter.length > 0) {
      process.link.begin(ClusterWire.CONFINE).put(filter);
      process.send();
    }
    return process;
  }

  int pid() {
    return launched.process().pid();
  }

  /** Whether it owes an answer. */
  boolean busy() {
    return asked != null || preparing;
  }

  /** Has it reach Redis before it is asked for anything. */
  void prepare() {
    preparing = true;
    link.begin(ClusterWire.PREPARE);
    send();
  }

  /** Asks; it must not be busy. */
  void ask(Ask ask) {
    asked = ask;
    ClusterWire.ask(link, ask);
    send();
  }

  private void send() {
    int errno = link.send();
    if (errno != 0 && errno != Errno.EPIPE && errno != Errno.ECONNRESET) {
      fail("cannot be told anything: " + Errno.text(errno));
    }
  }

  @Override
  protected void ready(int events) {
    int length = link.receiveBare();
    if (length == -Errno.EAGAIN || length == -Errno.EINTR) {
      return;
    }
    if (length <= 0) {
      loop.remove(this, launched.link());
      return;
    }
    try {
      if (preparing && !link.truncated() && link.code() == ClusterWire.PREPARE) {
        preparing = false;
        watcher.prepared();
        return;
      }
      if (link.truncated() || link.code() != ClusterWire.ANSWER || asked == null) {
        throw new ControlException("a word out of turn");
      }
      Answer answer = ClusterWire.answer(link.fields(), asked);
      asked = null;
      watcher.answered(answer);
    } catch (ControlException e) {
      fail("said what none says: " + e.getMessage());
    }
  }

  /** Ends it at once; its end is told as any. */
  void fail(String why) {
    if (fault.isEmpty()) {
      fault = why;
    }
    launched.process().kill();
  }

  private void gone() {
    int code = close();
    watcher.ended(fault.isEmpty() ? "exit code " + code : fault);
  }

  private int close() {
    open = false;
    loop.remove(end, launched.process().pidfd());
    int code = launched.process().reap();
    if (registered()) {
      loop.remove(this, launched.link());
    }
    Libc.close(launched.link());
    errors.end();
    return code;
  }

  /** Ends it without a word to Redis: its parts are another's. */
  void drop() {
    if (open) {
      launched.process().kill();
      close();
    }
  }

  /** Has it give everything back, and waits for its end; when her loop does not turn any more. */
  void leave(long number) {
    if (!open) {
      return;
    }
    link.begin(ClusterWire.LEAVE).putLong(number);
    send();
    long begun = System.nanoTime();
    try {
      while (!ProcessState.isDead(pid()) && System.nanoTime() - begun < PARTING_MS * 1_000_000L) {
        Thread.sleep(5);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    launched.process().kill();
    close();
  }
}
