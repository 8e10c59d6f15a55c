package org.portbouncer.negotiator.connect;

import java.net.InetAddress;
import org.portbouncer.core.config.Endpoint;
import org.portbouncer.core.config.Listener;
import org.portbouncer.core.config.ProxyProtocol;
import org.portbouncer.core.hop.Session;
import org.portbouncer.core.loop.Timer;
import org.portbouncer.core.session.Cause;
import org.portbouncer.core.session.Descriptors;
import org.portbouncer.core.session.Result;
import org.portbouncer.core.session.Term;
import org.portbouncer.core.sys.Errno;
import org.portbouncer.core.worker.SessionWait;
import org.portbouncer.negotiator.connect.TargetSockets.Address;

/**
 * One session on its way to its target: at most a name look-up, then an {@link AddressRace}, until
 * one address answers or the time is over. Pooled by {@link ConnectStage}; on the thread of its
 * loop.
 */
final class ConnectAttempt extends SessionWait
    implements AddressRace.Owner, ChainDialogue.Owner, NameQuestion.Owner {

  /** How soon a shortage (a full backlog, no descriptor) is tried again. */
  private static final long RETRY_NANOS = 10_000_000;

  private final ConnectStage stage;
  private final AddressRace race;
  private final NameQuestion question;
  private final Timer retry =
      new Timer() {
        @Override
        protected void expired(long now) {
          if (goal.target().kind() == Endpoint.Kind.INTERNAL) {
            internal();
          } else {
            race.go();
          }
        }
      };

  private final GroupTries tries;

  private final ConnectGoal goal;
  private final TargetGreeting greeting;
  private final ChainTalk chain;

  private Session session;
  private ProxyProtocol proxy;

  /** What it waits for to come back; 0 for nothing. */
  private int lacking;

  private long begun;

  /** 0 for no limit. */
  private long timeoutMs;

  ConnectAttempt(ConnectStage stage) {
    super(stage.worker());
    this.stage = stage;
    this.race = new AddressRace(stage.worker(), stage.sockets(), this);
    this.question = new NameQuestion(stage.resolver(), this);
    this.greeting = new TargetGreeting(stage, this);
    this.tries =
        new GroupTries(stage.worker(), stage.choice()) {
          @Override
          void late() {
            memberFailed(
                question.isOpen() ? Cause.NAME_LATE : chain.lateness(),
                0,
                Result.TIMEOUT,
                chain.isTargetsLateness());
          }
        };
    this.goal = new ConnectGoal(stage, tries);
    this.chain = new ChainTalk(stage, goal, this);
  }

  void begin(Session session, Listener listener) {
    this.session = session;
    this.proxy = listener.proxy();
    this.begun = stage.worker().loop().now();
    this.timeoutMs = listener.timeouts().connectMs();
    goal.begin(session, listener);
    if (goal.target().kind() == Endpoint.Kind.GROUP) {
      tries.begin(session, listener.group());
      if (!nextMember()) {
        fail(Result.NO_TARGET, Term.TARGET_REFUSED, tries.nothing(), 0);
      }
    } else {
      connect();
    }
  }

  private void connect() {
    if (!goal.aim()) {
      lost(Errno.EADDRNOTAVAIL, true);
      return;
    }
    if (goal.chain() != null) {
      hop(1);
    }
    if (goal.takesSpares() && stage.spares().any() && spare()) {
      return;
    }
    Endpoint towards = goal.towards();
    switch (towards.kind()) {
      case INTERNAL -> internal();
      case NAME -> {
        question.ask(towards.host(), tries.used() ? tries.keepNanos() : Resolver.KEEP_NANOS);
        if (question.isOpen()) {
          hold();
        }
      }
      case INET, UNIX -> race.begin(goal.address(), goal.setup());
      case GROUP -> throw new IllegalStateException("a group is no member of one");
    }
  }

  /** Goes on with a connection that was opened ahead; false where there is none. */
  private boolean spare() {
    SpareConnection spare = stage.spares().take(tries.place(), goal.settings());
    if (spare != null) {
      note(spare.address());
      connected(spare.take());
    }
    return spare != null;
  }

  /** Tries the next member; false where there is none. */
  private boolean nextMember() {
    long deadline = timeoutMs == 0 ? 0 : begun + timeoutMs * 1_000_000;
    Endpoint next = tries.next(deadline);
    if (next != null) {
      goal.member(next);
      connect();
    }
    return next != null;
  }

  /**
   * A member could not be connected: the next one is tried, if there is any.
   *
   * @param its whether that is its own fault, and no proxy's
   */
  private void memberFailed(Cause cause, int errno, Result result, boolean its) {
    note(race.last());
    race.clear();
    chain.clear();
    question.giveUp();
    notConnected(cause, errno, its);
    if (!nextMember()) {
      fail(
          result,
          result == Result.TIMEOUT ? Term.TARGET_TIMEOUT : Term.TARGET_REFUSED,
          cause,
          errno);
    }
  }

  /** Where it goes, for the log. */
  ConnectGoal goal() {
    return goal;
  }

  /** When it began. */
  long begun() {
    return begun;
  }

  @Override
  public void resolved(InetAddress[] found, String why) {
    if (found.length == 0 && tries.used()) {
      memberFailed(Cause.ofLookup(why), 0, Result.NO_TARGET, goal.chain() == null);
    } else if (found.length == 0) {
      stage.worker().because(session, Cause.ofLookup(why), 0);
      fail(Result.NO_TARGET, Term.TARGET_REFUSED, why);
    } else {
      long now = stage.worker().loop().now();
      race.begin(stage.book().order(goal.towards(), found, now), goal.setup());
    }
  }

  /**
   * An internal target is a pair of sockets: one end is the target, the io worker serves the other.
   */
  private void internal() {
    int result = stage.sockets().openPair();
    if (Errno.isDescriptorLimit(-result)) {
      shortage(-result);
    } else if (result < 0) {
      fail(Result.ERROR, Term.INTERNAL_SETUP, Cause.SYSTEM, -result);
    } else {
      session.descriptors().put(Descriptors.TARGET, stage.sockets().end(0));
      session.descriptors().put(Descriptors.SERVICE, stage.sockets().end(1));
      stage.connected(this, session);
    }
  }

  /** The access log tells where it went, or was tried last, where the target does not say it. */
  private void note(Address address) {
    if (address != null && goal.isUnsaid()) {
      address.note(stage.worker().table().route(), session.state().record());
    }
  }

  // What comes of the race.

  @Override
  public void won(int fd, Address address) {
    Endpoint towards = goal.towards();
    // A socket of datagrams is connected to whoever is there or not.
    if (towards.kind() == Endpoint.Kind.NAME && !towards.udp()) {
      stage.book().answered(towards, address, stage.worker().loop().now());
    }
    note(address);
    if (goal.chain() != null) {
      hold();
      chain.begin(fd);
    } else {
      connected(fd);
    }
  }

  private void connected(int fd) {
    if (tries.used()) {
      tries.connected(goal.target().udp());
    }
    session.descriptors().put(Descriptors.TARGET, fd);
    ProxyProtocol.Send send = tries.used() ? tries.send(proxy.send()) : proxy.send();
    if (send == ProxyProtocol.Send.NONE) {
      done();
    } else {
      greeting.greet(session, proxy, send, goal.target().udp(), fd);
    }
  }

  /** The session may go on. */
  void done() {
    stage.connected(this, session);
  }

  // What comes of a chain.

  @Override
  public void hop(int hop) {
    stage.worker().table().route().chain(session.state().record(), goal.chain().index(), hop);
  }

  @Override
  public void through(int fd) {
    hop(0);
    connected(fd);
  }

  @Override
  public void refused(Cause cause, int code, boolean targets) {
    if (cause == Cause.WATCHES) {
      fail(Result.ERROR, Term.RESOURCE, cause, code);
    } else if (tries.used()) {
      memberFailed(cause, code, Result.NO_TARGET, targets);
    } else {
      attempted();
      fail(Result.NO_TARGET, Term.TARGET_REFUSED, cause, code);
    }
  }

  /** For the log: a target that is no group was tried. */
  private void attempted() {
    stage.worker().table().route().attempt(session.state().record(), -1, 1);
  }

  private void notConnected(Cause cause, int errno, boolean its) {
    if (its) {
      tries.failed(cause, errno);
    } else {
      tries.notReached(cause, errno);
    }
  }

  @Override
  public void lost(int errno, boolean asked) {
    boolean unix = goal.target().kind() == Endpoint.Kind.UNIX;
    if (!asked) {
      // No socket, for whatever reason, is not the target's doing.
      fail(Result.ERROR, Term.INTERNAL_SETUP, unix ? Cause.CONNECT_UNIX : Cause.CONNECT, errno);
    } else if (Errno.isWatchLimit(errno)) {
      fail(Result.ERROR, Term.RESOURCE, Cause.WATCHES, errno);
    } else {
      ConnectFailure failure = ConnectFailure.of(errno, unix);
      if (tries.used() && failure.result() != Result.ERROR) {
        memberFailed(failure.cause(), failure.errno(), failure.result(), goal.chain() == null);
        return;
      }
      if (!tries.used()) {
        attempted();
      }
      fail(failure.result(), failure.term(), failure.cause(), failure.errno());
    }
  }

  @Override
  public void shortage(int errno) {
    lacking = errno;
    hold();
    stage.worker().loop().timers().set(retry, stage.worker().loop().now() + RETRY_NANOS);
  }

  @Override
  public void pending() {
    lacking = 0;
    hold();
  }

  // What may happen while it waits.

  private void hold() {
    hold(session, begun, timeoutMs);
  }

  @Override
  protected void timedOut() {
    if (Errno.isDescriptorLimit(lacking)) {
      fail(Result.ERROR, Term.RESOURCE, Cause.SYSTEM, lacking);
    } else if (question.isOpen()) {
      countLate(Cause.NAME_LATE);
      fail(Result.NO_TARGET, Term.TARGET_TIMEOUT, Cause.NAME_LATE, 0);
    } else {
      Cause late = chain.lateness();
      countLate(late);
      fail(Result.TIMEOUT, Term.TARGET_TIMEOUT, late, 0);
    }
  }

  private void countLate(Cause cause) {
    if (tries.used()) {
      notConnected(cause, 0, chain.isTargetsLateness());
    } else {
      attempted();
    }
  }

  @Override
  protected void clientReset() {
    if (session.state().header() && ConnectStage.saidNothing(session)) {
      end(Result.CHECK, Term.CLIENT_CHECK);
    } else {
      end(Result.RESET, Term.CLIENT_RESET_SETUP);
    }
  }

  @Override
  public void end(Result result, Term term) {
    stage.ended(this, session, result, term);
  }

  /** The target cannot be had. */
  void fail(Result result, Term term, Cause cause, int errno) {
    stage.worker().because(session, cause, errno);
    fail(result, term, cause.text(errno));
  }

  private void fail(Result result, Term term, String why) {
    note(race.last());
    stage.failed(this, session, result, term, why);
  }

  /** Lets go of the session and everything that waits for it; closes no descriptor of it. */
  void clear() {
    race.clear();
    greeting.clear();
    chain.clear();
    tries.clear();
    goal.clear();
    stage.worker().loop().timers().clear(retry);
    letGo();
    lacking = 0;
    question.giveUp();
    session = null;
  }
}
