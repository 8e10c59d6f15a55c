package org.portbouncer.negotiator.connect;

import java.net.InetAddress;
import org.portbouncer.core.config.Endpoint;
import org.portbouncer.core.config.Listener;
import org.portbouncer.core.hop.Session;
import org.portbouncer.core.loop.Pollable;
import org.portbouncer.core.loop.Timer;
import org.portbouncer.core.session.Descriptors;
import org.portbouncer.core.session.Result;
import org.portbouncer.core.session.Term;
import org.portbouncer.core.sys.Const;
import org.portbouncer.core.sys.Errno;

/**
 * One session on its way to its target: at most a name look-up, then one address after the other
 * until one answers or the time is over. Pooled by {@link ConnectStage}; on the thread of its loop.
 */
final class ConnectAttempt extends Pollable {

  /** How soon a shortage (a full backlog, no descriptor) is tried again. */
  private static final long RETRY_NANOS = 10_000_000;

  private static final TargetSockets.Address[] NONE = {};

  private final ConnectStage stage;
  private final Timer deadline =
      new Timer() {
        @Override
        protected void expired(long now) {
          if (retry.isSet() && Errno.isDescriptorLimit(lastErrno)) {
            fail(Result.ERROR, Term.RESOURCE, Errno.text(lastErrno));
            return;
          }
          fail(
              resolving ? Result.NO_TARGET : Result.TIMEOUT,
              Term.TARGET_TIMEOUT,
              resolving ? "the name was not resolved in time" : "no answer in time");
        }
      };
  private final Timer retry =
      new Timer() {
        @Override
        protected void expired(long now) {
          tryNext();
        }
      };

  private Session session;
  private Endpoint target;
  private TargetSockets.Address[] addresses = NONE;
  private final TargetSockets.Address[] only = new TargetSockets.Address[1];
  private int next;
  private int lastErrno;
  private boolean held;
  private boolean resolving;
  private long begun;

  /** 0 for no limit. */
  private long timeoutMs;

  /** Grows with each use, so that a look-up that ends late finds its attempt gone. */
  private int use;

  ConnectAttempt(ConnectStage stage) {
    this.stage = stage;
  }

  void begin(Session session, Listener listener) {
    this.session = session;
    this.target = listener.target();
    this.begun = stage.worker().loop().now();
    this.timeoutMs = listener.timeouts().connectMs();
    switch (target.kind()) {
      case INTERNAL -> internal();
      case NAME -> {
        resolving = true;
        hold();
        stage.resolve(target, this);
      }
      case INET, UNIX -> {
        only[0] = stage.sockets().fixed(session.state().listener(), target);
        addresses = only;
        tryNext();
      }
    }
  }

  int use() {
    return use;
  }

  /** When it began. */
  long begun() {
    return begun;
  }

  /** The look-up's answer; {@code found} is empty where the name has no address. */
  void resolved(int usedThen, InetAddress[] found, String why) {
    if (usedThen != use || !resolving) {
      return;
    }
    resolving = false;
    if (found.length == 0) {
      fail(Result.NO_TARGET, Term.TARGET_REFUSED, why);
      return;
    }
    addresses = new TargetSockets.Address[found.length];
    for (int i = 0; i < found.length; i++) {
      addresses[i] = new TargetSockets.Address();
      addresses[i].set(found[i], target.port());
    }
    tryNext();
  }

  /**
   * An internal target is a pair of sockets: one end is the target, the io worker serves the other.
   */
  private void internal() {
    int result = stage.sockets().openPair();
    if (result < 0) {
      shortage(-result);
      return;
    }
    session.descriptors().put(Descriptors.TARGET, stage.sockets().end(0));
    session.descriptors().put(Descriptors.SERVICE, stage.sockets().end(1));
    done();
  }

  private void tryNext() {
    if (target.kind() == Endpoint.Kind.INTERNAL) {
      internal();
      return;
    }
    while (next < addresses.length) {
      TargetSockets.Address address = addresses[next];
      int fd = stage.sockets().open(address.family());
      if (fd < 0) {
        shortage(-fd);
        return;
      }
      session.descriptors().put(Descriptors.TARGET, fd);
      int errno = -address.connect(fd);
      if (errno == Errno.EINPROGRESS) {
        // A target on this machine has answered by now, and asking is cheaper than waiting for it.
        errno = -address.connect(fd);
      }
      switch (errno) {
        case 0 -> {
          done();
          return;
        }
        case Errno.EINPROGRESS, Errno.EALREADY -> {
          hold();
          watch(fd);
          return;
        }
        case Errno.EAGAIN -> {
          // A Unix target whose backlog is full; for TCP it means that no local port is free.
          if (target.kind() == Endpoint.Kind.UNIX) {
            shortage(errno);
            return;
          }
          refused(errno);
        }
        default -> refused(errno);
      }
    }
    if (lastErrno == Errno.EADDRNOTAVAIL || lastErrno == Errno.EAGAIN) {
      fail(Result.ERROR, Term.RESOURCE, "no local port is free towards it");
    } else {
      boolean timedOut = lastErrno == Errno.ETIMEDOUT;
      fail(
          timedOut ? Result.TIMEOUT : Result.NO_TARGET,
          timedOut ? Term.TARGET_TIMEOUT : Term.TARGET_REFUSED,
          Errno.text(lastErrno));
    }
  }

  private void watch(int fd) {
    int errno = stage.worker().loop().tryAdd(this, fd, Const.EPOLLOUT);
    if (errno != 0) {
      fail(Result.ERROR, Term.RESOURCE, Errno.watching(errno));
    }
  }

  private void refused(int errno) {
    lastErrno = errno;
    session.descriptors().close(Descriptors.TARGET);
    next++;
  }

  /** Something ran out that will come back: tried again until the time is over. */
  private void shortage(int errno) {
    lastErrno = errno;
    session.descriptors().close(Descriptors.TARGET);
    if (errno != Errno.EAGAIN && !Errno.isDescriptorLimit(errno)) {
      // No socket, for whatever reason, is not the target's doing; it has not been asked.
      fail(Result.ERROR, Term.INTERNAL_SETUP, Errno.text(errno));
      return;
    }
    hold();
    stage.worker().loop().timers().set(retry, stage.worker().loop().now() + RETRY_NANOS);
  }

  @Override
  protected void ready(int events) {
    int fd = session.descriptors().peek(Descriptors.TARGET);
    int errno = -addresses[next].connect(fd);
    if (errno == Errno.EALREADY || errno == Errno.EINPROGRESS) {
      return;
    }
    stage.worker().loop().remove(this, fd);
    if (errno == 0) {
      done();
    } else {
      refused(errno);
      tryNext();
    }
  }

  /** Keeps the session in this worker while it waits. */
  private void hold() {
    if (!held) {
      held = true;
      session.attach(this);
      stage.worker().hold(session);
      if (timeoutMs > 0) {
        stage.worker().loop().timers().set(deadline, begun + timeoutMs * 1_000_000);
      }
    }
  }

  private void done() {
    Session connected = session;
    stage.connected(this, connected);
  }

  private void fail(Result result, Term term, String why) {
    Session failed = session;
    stage.failed(this, failed, result, term, why);
  }

  /** Lets go of the session and everything that waits for it; closes no descriptor of it. */
  void clear() {
    if (registered()) {
      stage.worker().loop().remove(this, session.descriptors().peek(Descriptors.TARGET));
    }
    stage.worker().loop().timers().clear(deadline);
    stage.worker().loop().timers().clear(retry);
    if (held) {
      stage.worker().letGo(session);
    }
    held = false;
    resolving = false;
    session = null;
    target = null;
    addresses = NONE;
    next = 0;
    lastErrno = 0;
    use++;
  }
}
