package org.portbouncer.negotiator.cluster;

import org.portbouncer.core.cluster.ClusterWire;
import org.portbouncer.core.control.ControlChannel;
import org.portbouncer.core.control.ControlException;
import org.portbouncer.core.loop.EventLoop;
import org.portbouncer.core.loop.Pollable;
import org.portbouncer.core.sys.Const;
import org.portbouncer.core.sys.Errno;
import org.portbouncer.core.sys.ProcessState;
import org.portbouncer.core.sys.Seccomp;
import org.portbouncer.core.worker.ProcessSignals;

/**
 * The cluster's process: carries what the mother asks for to Redis, and the answer back, one at a
 * time. It has neither the shared memory nor any session's descriptor: what Redis says reaches them
 * as numbers alone, which the mother checks.
 */
public final class ClusterWorker extends Pollable {

  private final EventLoop loop = new EventLoop();
  private final ControlChannel link = new ControlChannel(0);
  private Leases leases;

  /** Who signs Redis' certificate; "" for those that the JDK knows. */
  private String trusted = "";

  private ClusterWorker() {}

  /** Started by the mother, with the link to her as standard input. */
  public static void main(String[] args) {
    ProcessSignals.ignoreTerminal();
    ProcessState.name("bnc:cluster");
    ClusterWorker worker = new ClusterWorker();
    worker.loop.add(worker, worker.link.fd(), Const.EPOLLIN);
    worker.loop.run(now -> false);
    Runtime.getRuntime().halt(0);
  }

  @Override
  protected void ready(int events) {
    int length = link.receive();
    if (length == -Errno.EAGAIN || length == -Errno.EINTR) {
      return;
    }
    link.closeDescriptors();
    if (length <= 0) {
      // The mother has gone: her workers keep what parts they have until these end.
      loop.stop();
      return;
    }
    try {
      hear(length);
    } catch (ControlException e) {
      throw new IllegalStateException("the mother said what none says: " + e.getMessage(), e);
    }
  }

  private void hear(int length) throws ControlException {
    switch (link.code()) {
      case ClusterWire.TRUST -> trusted = ClusterWire.trust(link.fields());
      case ClusterWire.SETUP -> {
        ClusterWire.Setup setup = ClusterWire.setup(link.fields());
        leases = new Leases(setup, setup.redis().tls() ? Trust.in(trusted) : null);
      }
      case ClusterWire.CONFINE -> {
        int errno = Seccomp.confine(link.fields().rest(ControlChannel.MAX_BYTES));
        if (errno != 0) {
          throw new IllegalStateException("no system call filter: " + Errno.text(errno));
        }
      }
      case ClusterWire.ASK -> {
        ClusterWire.Answer answer = leases.ask(ClusterWire.ask(link.fields(), length));
        ClusterWire.answer(link, answer);
        link.send();
      }
      case ClusterWire.PREPARE -> {
        leases.prepare();
        link.begin(ClusterWire.PREPARE);
        link.send();
      }
      case ClusterWire.LEAVE -> {
        leases.leave(link.fields().i64());
        loop.stop();
      }
      default -> throw new ControlException("a word that means nothing");
    }
  }
}
