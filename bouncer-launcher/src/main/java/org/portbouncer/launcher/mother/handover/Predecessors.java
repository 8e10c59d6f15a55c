package org.portbouncer.launcher.mother.handover;

import java.util.ArrayList;
import java.util.List;
import org.portbouncer.core.control.ControlChannel;
import org.portbouncer.core.control.Orders;
import org.portbouncer.core.loop.EventLoop;
import org.portbouncer.core.loop.Pollable;
import org.portbouncer.core.session.Result;
import org.portbouncer.core.sys.Const;
import org.portbouncer.core.sys.Errno;
import org.portbouncer.core.sys.Libc;
import org.portbouncer.launcher.systemd.Notifier;
import org.portbouncer.launcher.systemd.PassedSockets.Passed;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Workers of the server before this one that finish their sessions after a restart, each by its
 * control link, which the service manager has kept. They end by themselves, `timeouts.drain` after
 * that restart at the latest; a stop of this server waits for them, so that nothing is left behind.
 * What they say is not listened to. In the mother, on her loop's thread.
 */
public final class Predecessors {

  private static final Logger LOG = LoggerFactory.getLogger(Predecessors.class);

  /** Begins the names of their links in keeping. */
  public static final String NAME = "left ";

  private static final int PER_TURN = 64;

  private final EventLoop loop;
  private final Notifier notifier;
  private final List<Link> links = new ArrayList<>();

  public Predecessors(EventLoop loop, Notifier notifier) {
    this.loop = loop;
    this.notifier = notifier;
  }

  /**
   * Takes those over that are among what was passed.
   *
   * @return the rest
   */
  public List<Passed> take(List<Passed> passed) {
    List<Passed> rest = new ArrayList<>();
    for (Passed each : passed) {
      if (each.name().startsWith(NAME)) {
        links.add(new Link(each));
      } else {
        rest.add(each);
      }
    }
    return rest;
  }

  /** Begins to notice when they end. */
  public void begin() {
    if (!links.isEmpty()) {
      LOG.info("workers of the server before finish their sessions: {}", links.size());
    }
    links.forEach(link -> loop.add(link, link.passed.fd(), Const.EPOLLIN));
  }

  /** How many there are still. */
  public int count() {
    return links.size();
  }

  /** Ends their sessions. */
  public void endAll(Result result) {
    for (Link link : List.copyOf(links)) {
      link.orders.endAll(result.code());
    }
  }

  /** Has them end. */
  public void stop() {
    for (Link link : List.copyOf(links)) {
      link.orders.stop();
    }
  }

  private final class Link extends Pollable {

    private final Passed passed;
    private final ControlChannel control;
    private final Orders orders;

    Link(Passed passed) {
      this.passed = passed;
      control = new ControlChannel(passed.fd());
      orders = new Orders(control);
    }

    @Override
    protected void ready(int events) {
      for (int i = 0; i < PER_TURN; i++) {
        // Without room for descriptors: none can come.
        int length = control.receiveBare();
        if (length == -Errno.EAGAIN || length == -Errno.EINTR) {
          return;
        }
        if (length <= 0) {
          ended();
          return;
        }
      }
    }

    private void ended() {
      loop.remove(this, passed.fd());
      Libc.close(passed.fd());
      links.remove(this);
      notifier.forget(passed.name());
      if (links.isEmpty()) {
        LOG.info("the workers of the server before have ended");
      }
    }
  }
}
