package org.portbouncer.negotiator.connect;

import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import org.portbouncer.core.config.Endpoint;
import org.portbouncer.core.loop.Pollable;
import org.portbouncer.core.session.Cause;
import org.portbouncer.core.sys.Const;
import org.portbouncer.core.sys.Errno;
import org.portbouncer.core.sys.Libc;
import org.portbouncer.core.sys.Native;
import org.portbouncer.core.worker.Worker;
import org.portbouncer.negotiator.connect.TargetSockets.Address;

/**
 * One connection to a member that no session has asked for yet; used again for the next. It owns
 * the descriptor until a session takes it. Part of {@link MemberSpares}, which is told what becomes
 * of it; on the thread of the connect worker's loop.
 */
final class SpareConnection extends Pollable implements AddressRace.Owner, NameQuestion.Owner {

  private static final MemorySegment BYTE = Native.allocate(8);

  private final ConnectStage stage;
  private final Worker worker;
  private final MemberSpares owner;
  private final AddressRace race;
  private final NameQuestion question;
  private final Address[] only = new Address[1];

  private Address address;
  private int fd = -1;

  /** Whether its descriptor, or the one it will have, is counted with the worker's. */
  private boolean counted;

  /** When it was begun; once it is open, when that was. */
  private long since;

  SpareConnection(ConnectStage stage, MemberSpares owner) {
    this.stage = stage;
    this.worker = stage.worker();
    this.owner = owner;
    this.race = new AddressRace(worker, stage.sockets(), this);
    this.question = new NameQuestion(stage.resolver(), this);
  }

  /** Begins; false where sessions need all descriptors that are left. */
  boolean open(Endpoint target, long keepNanos) {
    if (!worker.takeExtraDescriptor()) {
      return false;
    }
    counted = true;
    since = worker.loop().now();
    if (target.kind() == Endpoint.Kind.NAME) {
      question.ask(target.host(), keepNanos);
    } else {
      only[0] = stage.sockets().member(target);
      race.begin(only, owner.setup());
    }
    return true;
  }

  @Override
  public void resolved(InetAddress[] found, String why) {
    if (found.length == 0) {
      owner.failed(this, Cause.ofLookup(why), 0);
    } else {
      race.begin(stage.book().order(owner.target(), found, worker.loop().now()), owner.setup());
    }
  }

  @Override
  public void won(int connected, Address to) {
    if (owner.target().kind() == Endpoint.Kind.NAME) {
      stage.book().answered(owner.target(), to, worker.loop().now());
    }
    fd = connected;
    address = to;
    since = worker.loop().now();
    int errno = worker.loop().tryAdd(this, fd, Const.EPOLLIN | Const.EPOLLRDHUP);
    if (errno == 0) {
      owner.opened(this);
    } else {
      owner.failed(this, Errno.isWatchLimit(errno) ? Cause.WATCHES : Cause.SYSTEM, errno);
    }
  }

  @Override
  public void lost(int errno, boolean asked) {
    ConnectFailure failure = ConnectFailure.of(errno, false);
    owner.failed(this, failure.cause(), failure.errno());
  }

  @Override
  public void shortage(int errno) {
    owner.failed(this, Cause.SYSTEM, errno);
  }

  @Override
  public void pending() {
    // The owner looks after those that take too long.
  }

  /** Since when it is open, or begun. */
  long since() {
    return since;
  }

  /** Where it leads. */
  Address address() {
    return address;
  }

  /**
   * What the target has done meanwhile.
   *
   * @return EAGAIN for nothing; 0 where it has said something; else that it has closed or reset it
   */
  int heard() {
    long peeked = Libc.recv(fd, BYTE.address(), 1, Const.MSG_PEEK | Const.MSG_DONTWAIT);
    return peeked > 0 ? 0 : peeked == 0 ? Errno.EPIPE : (int) -peeked;
  }

  /** Moves the descriptor out, unwatched: it is the session's, which counts it with its own. */
  int take() {
    int taken = fd;
    worker.loop().remove(this, fd);
    fd = -1;
    close();
    return taken;
  }

  /** Ends it, whatever has become of it; nothing is left open. */
  void close() {
    question.giveUp();
    race.clear();
    if (fd >= 0) {
      worker.loop().remove(this, fd);
      Libc.close(fd);
      fd = -1;
    }
    if (counted) {
      counted = false;
      worker.giveExtraDescriptor();
    }
  }

  @Override
  protected void ready(int events) {
    int heard = heard();
    if (heard != Errno.EAGAIN && heard != Errno.EINTR) {
      owner.ended(this, heard == 0);
    }
  }
}
