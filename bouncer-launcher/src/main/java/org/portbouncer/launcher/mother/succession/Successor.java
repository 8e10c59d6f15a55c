package org.portbouncer.launcher.mother.succession;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.portbouncer.core.control.ControlException;
import org.portbouncer.core.loop.Pollable;
import org.portbouncer.core.loop.Timer;
import org.portbouncer.core.sys.ChildProcess;
import org.portbouncer.core.sys.Const;
import org.portbouncer.core.sys.Libc;
import org.portbouncer.core.sys.Sockets;
import org.portbouncer.core.sys.SystemCallException;
import org.portbouncer.launcher.Version;
import org.portbouncer.launcher.mother.ground.Ground;
import org.portbouncer.launcher.mother.handover.HandoverLink;
import org.portbouncer.launcher.mother.launch.ProcessEnd;
import org.portbouncer.launcher.mother.rescue.Inboxes;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One run of {@code bouncer upgrade}, in the server that is to go: starts the other beside itself,
 * hands over listening sockets and the memory of sessions, stops accepting when the new one is
 * ready, has live sessions go on there, and ends with the last that cannot. Until the new one says
 * that it serves nothing has changed, and whatever becomes of it the old one serves on. In the
 * mother, on her loop's thread.
 */
final class Successor extends Pollable {

  private static final Logger LOG = LoggerFactory.getLogger(Successor.class);

  private static final long LOOK_NANOS = 2_000_000;
  private static final long MOVING_NANOS = 10_000_000;

  /** For a server to start. */
  private static final long START_NANOS = 60_000_000_000L;

  /** For a process whose link has ended, to end too. */
  private static final long LOST_NANOS = 500_000_000;

  /** For clients that were accepted to go to the first stage. */
  private static final long PASS_ON_NANOS = 500_000_000;

  /** From GO to SERVING. */
  private static final long TURN_NANOS = 10_000_000_000L;

  /** For sessions to move, before the command is told how many have not. */
  private static final long MOVE_NANOS = 10_000_000_000L;

  private static final long PROGRESS_NANOS = 5_000_000_000L;

  /** For the command to have its answer. */
  private static final long TELL_NANOS = 2_000_000_000L;

  private enum Step {
    STARTING,
    PASSING_ON,
    TURNING,
    MOVING,
    ENDING,
    FAILED
  }

  private final SuccessorParts parts;
  private final Ground ground;
  private final UpgradeWatch watch;
  private final HandoverLink.Hello own = HandoverLink.Hello.own(Version.text());
  private final List<Inboxes.Inbox> inboxes = new ArrayList<>();

  private HandoverLink link;

  /** What it is given; null before it has said who it is. */
  private Bequest bequest;

  private HandoverLink.Hello other;
  private HandoverLink.Ready ready;
  private ChildProcess child;
  private Step step = Step.STARTING;
  private long stepSince;
  private long progressAt;
  private Departure departure;

  /** What became of the link, and when; null where it is there. */
  private String lost;

  private long lostAt;
  private boolean told;

  private final Pollable childEnd =
      new Pollable() {
        @Override
        protected void ready(int events) {
          childEnded();
        }
      };

  private final Timer look =
      new Timer() {
        @Override
        protected void expired(long now) {
          looked(now);
          if (step != Step.FAILED) {
            ground.loop().timers().set(this, now + (served() ? MOVING_NANOS : LOOK_NANOS));
          }
        }
      };

  Successor(SuccessorParts parts, UpgradeWatch watch) {
    this.parts = parts;
    this.ground = parts.ground();
    this.watch = watch;
  }

  /**
   * Starts the other server.
   *
   * @param program its bin/bouncer
   * @param arguments what this server was started with
   * @throws SystemCallException where it cannot be started
   */
  void begin(String program, List<String> arguments) {
    int[] pair = Sockets.pair(Const.SOCK_SEQPACKET);
    List<String> command = new ArrayList<>(List.of(program));
    command.addAll(arguments);
    try {
      child =
          ChildProcess.startBeside(
              command,
              pair[1],
              Set.of(
                  "LISTEN_PID",
                  "LISTEN_FDS",
                  "LISTEN_FDNAMES",
                  "WATCHDOG_PID",
                  "CLASSPATH",
                  HandoverLink.VARIABLE),
              List.of(HandoverLink.VARIABLE + "=" + HandoverLink.DESCRIPTOR));
    } catch (SystemCallException e) {
      Libc.close(pair[0]);
      throw e;
    } finally {
      Libc.close(pair[1]);
    }
    link = new HandoverLink(pair[0]);
    ground.loop().add(this, pair[0], Const.EPOLLIN);
    ground.loop().add(childEnd, child.pidfd(), Const.EPOLLIN);
    LOG.info("upgrade: starting {}, pid {}", program, child.pid());
    watch.progress("starting " + program + ", pid " + child.pid());
    to(Step.STARTING);
    ground.loop().timers().set(look, ground.loop().now());
  }

  private void to(Step next) {
    step = next;
    stepSince = ground.loop().now();
    progressAt = stepSince + PROGRESS_NANOS;
  }

  /** Whether the other server is the one that serves. */
  boolean served() {
    return step == Step.MOVING || step == Step.ENDING;
  }

  // What it says.

  @Override
  protected void ready(int events) {
    try {
      for (HandoverLink.Word word = link.next(); word != null; word = link.next()) {
        said(word);
      }
    } catch (ControlException e) {
      closeLink();
      if (!served()) {
        // Where the process ends too, how it does says more.
        lost = e.getMessage();
        lostAt = ground.loop().now();
      }
    }
  }

  private void said(HandoverLink.Word word) throws ControlException {
    switch (word) {
      case HELLO -> hello(link.readHello());
      case NEXT -> {
        link.readNothing();
        if (bequest == null || bequest.sendNext() != 0) {
          throw new ControlException("it cannot be told what it is to have");
        }
      }
      case READY -> {
        HandoverLink.Ready said = link.readReady();
        need(Step.STARTING);
        if (other == null) {
          throw new ControlException("READY of nobody");
        }
        ready = said;
        bequest.close();
        becomeReady();
      }
      case INBOX -> {
        int fd = link.readInbox();
        // No number that an inbox of ours has.
        inboxes.add(new Inboxes.Inbox((1 << 24) + inboxes.size(), fd, -1));
        need(Step.TURNING);
      }
      case SERVING -> {
        link.readNothing();
        need(Step.TURNING);
        turned();
      }
      case END -> {
        boolean now = link.readEnd();
        if (served()) {
          parts.shutdown().begin(now);
        }
      }
      default -> throw new ControlException(word + " from a server that follows");
    }
  }

  private void need(Step wanted) throws ControlException {
    if (step != wanted) {
      throw new ControlException("it says what is not its turn to say");
    }
  }

  private void hello(HandoverLink.Hello said) throws ControlException {
    need(Step.STARTING);
    if (other != null) {
      throw new ControlException("HELLO twice");
    }
    other = said;
    LOG.info("upgrade: the server of version {} has come up", other.version());
    watch.progress("version " + other.version() + " has come up; its workers start");
    if (link.hello(own) != 0) {
      throw new ControlException("it does not listen");
    }
    bequest = new Bequest(link);
    bequest.addSockets(parts.inForce().listeners().toInherit());
    if (own.differsFrom(other).isEmpty()) {
      bequest.addSessions(parts);
    }
  }

  // How it goes on.

  private void becomeReady() {
    departure = new Departure(parts, parts.inForce().epoch().number());
    parts.acceptor().pause();
    to(Step.PASSING_ON);
    watch.progress("it is ready; handing over");
  }

  private void looked(long now) {
    long since = now - stepSince;
    if (lost != null && now - lostAt > LOST_NANOS && !served()) {
      fail(lost);
      return;
    }
    if (!served() && step != Step.FAILED && parts.shutdown().begun()) {
      fail("the server is stopping");
      return;
    }
    switch (step) {
      case STARTING -> {
        if (since > START_NANOS) {
          fail("the new server was not ready within " + START_NANOS / 1_000_000_000 + " s");
        }
      }
      case PASSING_ON -> {
        if (lost != null) {
          return;
        }
        if (parts.acceptor().allPassedOn() || since > PASS_ON_NANOS) {
          to(Step.TURNING);
          if (ready.takes()) {
            parts.cluster().pause();
          }
          if (link.go(parts.acceptor().lastId()) != 0) {
            fail("it does not listen");
          }
        }
      }
      case TURNING -> {
        if (since > TURN_NANOS) {
          fail("the new server did not begin to accept");
        }
      }
      case MOVING -> move(now, since);
      case ENDING -> {
        boolean said = watch.delivered() || since > TELL_NANOS;
        if (!parts.supervisor().anyRunning() && said) {
          ground.loop().stop();
        } else if (since > TURN_NANOS) {
          parts.supervisor().destroyAll();
        }
      }
      case FAILED -> {}
    }
  }

  /** The other server accepts: it is the server from here on. */
  private void turned() {
    parts.notifier().handOver(ready.pid());
    link.say(HandoverLink.Word.MAIN);
    parts.acceptor().close();
    parts.inForce().listeners().letGo();
    parts.inForce().stop();
    parts.closeDoors().run();
    LOG.info(
        "upgrade: version {}, pid {}, serves; sessions here: {}",
        other.version(),
        ready.pid(),
        ground.active());
    to(Step.MOVING);
    if (ready.takes() && !inboxes.isEmpty()) {
      departure.begin(inboxes);
    } else {
      tell(left(), ready.why().isEmpty() ? "the new server does not take them" : ready.why());
    }
  }

  private void move(long now, long since) {
    int left = left();
    if (left == 0 && departure.allArrived()) {
      tell(0, "");
      parts.supervisor().stopWorkers();
      to(Step.ENDING);
    } else if (since > MOVE_NANOS && !told) {
      tell(left, "they are being set up, or of internal targets, or of datagrams");
    } else if (now >= progressAt) {
      progressAt = now + PROGRESS_NANOS;
      LOG.info("upgrade: sessions that are still here: {}", left);
    }
  }

  /** Sessions that are this server's still. */
  private int left() {
    return ready.takes() ? departure.left() : ground.active();
  }

  /** Tells the command how it went; once. */
  private void tell(int left, String why) {
    if (!told) {
      told = true;
      watch.done(
          departure.view(own.version(), other.version(), ready.pid(), left, left == 0 ? "" : why));
    }
  }

  // How it fails.

  private void childEnded() {
    ground.loop().remove(childEnd, child.pidfd());
    int code = child.reap();
    child = null;
    if (!served()) {
      fail("the new server has ended (" + ProcessEnd.text(code) + "); its own words say why");
    }
  }

  /** Nothing has changed: this server serves on. */
  private void fail(String why) {
    if (step == Step.FAILED) {
      return;
    }
    boolean turning = step == Step.TURNING || step == Step.PASSING_ON;
    step = Step.FAILED;
    LOG.error("upgrade: {}; this server serves on", why);
    if (child != null) {
      child.kill();
    }
    closeLink();
    if (bequest != null) {
      bequest.close();
    }
    inboxes.forEach(inbox -> Libc.close(inbox.writing()));
    inboxes.clear();
    if (turning && !parts.shutdown().begun()) {
      // The new one may have taken records for clients of its own.
      ground.records().cover();
      parts.cluster().goOn();
      parts.reopenDoors().run();
      parts.acceptor().goOn();
    }
    watch.failed(why);
  }

  private void closeLink() {
    if (registered()) {
      ground.loop().remove(this, link.fd());
      Libc.close(link.fd());
    }
  }
}
