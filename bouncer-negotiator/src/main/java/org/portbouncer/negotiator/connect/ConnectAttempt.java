package org.portbouncer.negotiator.connect;

import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import org.portbouncer.core.config.Endpoint;
import org.portbouncer.core.config.Listener;
import org.portbouncer.core.config.ProxyProtocol;
import org.portbouncer.core.config.SocketSettings;
import org.portbouncer.core.hop.Session;
import org.portbouncer.core.loop.Timer;
import org.portbouncer.core.session.Cause;
import org.portbouncer.core.session.Descriptors;
import org.portbouncer.core.session.Result;
import org.portbouncer.core.session.Sections;
import org.portbouncer.core.session.SessionState;
import org.portbouncer.core.session.Term;
import org.portbouncer.core.sys.Errno;
import org.portbouncer.core.worker.SessionWait;
import org.portbouncer.core.worker.SocketSetup;
import org.portbouncer.negotiator.connect.TargetSockets.Address;

/**
 * One session on its way to its target: at most a name look-up, then an {@link AddressRace}, until
 * one address answers or the time is over. Pooled by {@link ConnectStage}; on the thread of its
 * loop.
 */
final class ConnectAttempt extends SessionWait
    implements AddressRace.Owner, ChainDialogue.Owner, Resolver.Asker {

  /** How soon a shortage (a full backlog, no descriptor) is tried again. */
  private static final long RETRY_NANOS = 10_000_000;

  private static final int LAST_PORT = 65_535;

  private final ConnectStage stage;
  private final AddressRace race;
  private final Address[] only = new Address[1];
  private final Timer retry =
      new Timer() {
        @Override
        protected void expired(long now) {
          if (target.kind() == Endpoint.Kind.INTERNAL) {
            internal();
          } else {
            race.go();
          }
        }
      };

  private final GroupTries tries;

  private final GreetingWrite greets;

  private Session session;
  private ProxyProtocol proxy;

  /** The member that is tried, where the listener's target is a group. */
  private Endpoint target;

  /** What is connected to: the target, or the first proxy on the way to it. */
  private Endpoint towards;

  /** The proxies on the way; null for none. */
  private ChainPath chain;

  /** Those of the listener. */
  private SocketSettings sockets;

  /** Made for the first session that has any. */
  private SocketSetup setup;

  /** Made for the first session that goes through a chain. */
  private ChainDialogue dialogue;

  /** What it waits for to come back; 0 for nothing. */
  private int lacking;

  private boolean resolving;

  /** Whether the target's port was made of the one that the client came to. */
  private boolean added;

  private long begun;

  /** 0 for no limit. */
  private long timeoutMs;

  /** Grows with each use, so that a look-up that ends late finds its attempt gone. */
  private int use;

  ConnectAttempt(ConnectStage stage) {
    super(stage.worker());
    this.stage = stage;
    this.race = new AddressRace(stage.worker(), stage.sockets(), this);
    this.greets =
        new GreetingWrite(stage.worker().loop()) {
          @Override
          void sent(int errno) {
            greeted(errno);
          }
        };
    this.tries =
        new GroupTries(stage.worker(), stage.choice()) {
          @Override
          void late() {
            memberFailed(lateness(resolving), 0, Result.TIMEOUT, isTargetsLateness());
          }
        };
  }

  void begin(Session session, Listener listener) {
    this.session = session;
    this.target = listener.target();
    this.proxy = listener.proxy();
    this.sockets = listener.sockets();
    this.begun = stage.worker().loop().now();
    this.timeoutMs = listener.timeouts().connectMs();
    chain = stage.path(session);
    if (target.kind() == Endpoint.Kind.GROUP) {
      tries.begin(session, listener.group());
      if (!nextMember()) {
        fail(Result.NO_TARGET, Term.TARGET_REFUSED, tries.nothing(), 0);
      }
    } else {
      connect();
    }
  }

  private void connect() {
    added = target.isRelative();
    if (added) {
      target = stage.portsAdded().target(target, cameTo());
      if (target.port() > LAST_PORT) {
        // Who came by a service manager's socket on another port than is configured.
        lost(Errno.EADDRNOTAVAIL, true);
        return;
      }
    }
    towards = target;
    if (chain != null) {
      towards = chain.chain().hops().getFirst().proxy();
      hop(1);
    }
    if (tries.used() && chain == null && !added && stage.spares().any() && spare()) {
      return;
    }
    switch (towards.kind()) {
      case INTERNAL -> internal();
      case NAME -> {
        resolving = true;
        stage.resolve(towards, tries.used() ? tries.keepNanos() : Resolver.KEEP_NANOS, this);
        if (resolving) {
          hold();
        }
      }
      case INET, UNIX -> {
        only[0] =
            tries.used() || chain != null || added
                ? stage.sockets().member(towards)
                : stage.sockets().fixed(session.state().listener(), target);
        race.begin(only, setup());
      }
      case GROUP -> throw new IllegalStateException("a group is no member of one");
    }
  }

  /** Goes on with a connection that was opened ahead; false where there is none. */
  private boolean spare() {
    Spare spare = stage.spares().take(tries.place(), tries.sockets().over(sockets));
    if (spare != null) {
      note(spare.address());
      connected(spare.take());
    }
    return spare != null;
  }

  /** The port of the listener that the client came to, whatever a PROXY header says of others. */
  private int cameTo() {
    SessionState state = session.state();
    return stage
        .worker()
        .configuration(session)
        .listeners()
        .get(state.listener())
        .listen()
        .get(state.endpoint())
        .port();
  }

  /** How sockets to the target are made; null where nothing is said of it. */
  private SocketSetup setup() {
    SocketSettings settings = tries.used() ? tries.sockets().over(sockets) : sockets;
    if (settings.isNone()) {
      return null;
    }
    if (setup == null) {
      setup = new SocketSetup();
    }
    setup.begin(settings);
    SessionState state = session.state();
    setup.client(state.memory(), state.client());
    return setup;
  }

  /** Tries the next member; false where there is none. */
  private boolean nextMember() {
    long deadline = timeoutMs == 0 ? 0 : begun + timeoutMs * 1_000_000;
    Endpoint next = tries.next(deadline);
    if (next != null) {
      target = next;
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
    clearDialogue();
    resolving = false;
    use++;
    notConnected(cause, errno, its);
    if (!nextMember()) {
      fail(
          result,
          result == Result.TIMEOUT ? Term.TARGET_TIMEOUT : Term.TARGET_REFUSED,
          cause,
          errno);
    }
  }

  /** Which member of a group was tried last, and how far through a chain, for the log. */
  String tried() {
    String member =
        !tries.used() || tries.count() == 0
            ? ""
            : ", member " + tries.text() + ", attempt " + tries.count();
    member += added ? ", port " + target.port() : "";
    int hop = chain == null ? 0 : stage.worker().table().route().hop(session.state().record());
    return hop == 0
        ? member
        : member
            + ", proxy "
            + hop
            + " of chain "
            + chain.chain().name()
            + " ("
            + chain.chain().hops().get(hop - 1).proxy().text()
            + ")";
  }

  @Override
  public int use() {
    return use;
  }

  /** When it began. */
  long begun() {
    return begun;
  }

  @Override
  public void resolved(int usedThen, InetAddress[] found, String why) {
    if (usedThen != use || !resolving) {
      return;
    }
    resolving = false;
    if (found.length == 0 && tries.used()) {
      memberFailed(Cause.ofLookup(why), 0, Result.NO_TARGET, chain == null);
    } else if (found.length == 0) {
      because(Cause.ofLookup(why), 0);
      fail(Result.NO_TARGET, Term.TARGET_REFUSED, why);
    } else {
      race.begin(stage.book().order(towards, found, stage.worker().loop().now()), setup());
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
    if (address != null
        && (tries.used() || chain != null || added || target.kind() == Endpoint.Kind.NAME)) {
      address.note(stage.worker().table().route(), session.state().record());
    }
  }

  // What comes of the race.

  @Override
  public void won(int fd, Address address) {
    // A socket of datagrams is connected to whoever is there or not.
    if (towards.kind() == Endpoint.Kind.NAME && !towards.udp()) {
      stage.book().answered(towards, address, stage.worker().loop().now());
    }
    note(address);
    if (chain != null) {
      speak(fd);
    } else {
      connected(fd);
    }
  }

  private void connected(int fd) {
    if (tries.used()) {
      tries.connected(target.udp());
    }
    session.descriptors().put(Descriptors.TARGET, fd);
    ProxyProtocol.Send send = tries.used() ? tries.send(proxy.send()) : proxy.send();
    if (send == ProxyProtocol.Send.NONE) {
      stage.connected(this, session);
    } else {
      greet(fd, send);
    }
  }

  /** The target learns who the client is, before all else. */
  private void greet(int fd, ProxyProtocol.Send send) {
    ProxyGreeting greeting = stage.greeting();
    int length =
        greeting.make(session, send, target.udp(), proxy.tlvs(), stage.worker().table(), fd);
    if (length < 0) {
      fail(Result.ERROR, Term.INTERNAL_SETUP, Cause.DAMAGED, 0);
      return;
    }
    if (target.udp()) {
      greetEach(greeting.bytes(), length);
      return;
    }
    int errno = greets.send(fd, greeting.bytes(), length);
    if (errno == Errno.EINPROGRESS) {
      pending();
    } else {
      greeted(errno);
    }
  }

  /** Every datagram begins with the header: io, which sends them, gets it with the session. */
  private void greetEach(MemorySegment header, int length) {
    int errno = stage.worker().addSection(session, Sections.Type.PROXY_HEADER, header, 0, length);
    if (errno == 0) {
      stage.connected(this, session);
    } else {
      fail(Result.ERROR, Term.RESOURCE, Cause.SYSTEM, errno);
    }
  }

  private void greeted(int errno) {
    if (errno == 0) {
      stage.connected(this, session);
    } else if (Errno.isWatchLimit(errno)) {
      fail(Result.ERROR, Term.RESOURCE, Cause.WATCHES, errno);
    } else {
      fail(Result.NO_TARGET, Term.TARGET_REFUSED, Cause.GREETING, errno);
    }
  }

  // What comes of a chain.

  private void speak(int fd) {
    if (dialogue == null) {
      dialogue = new ChainDialogue(stage.worker(), stage.resolver(), this);
    }
    hold();
    dialogue.begin(fd, chain, target);
  }

  @Override
  public void hop(int hop) {
    stage.worker().table().route().chain(session.state().record(), chain.index(), hop);
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
      stage.worker().table().route().attempt(session.state().record(), -1, 1);
      fail(Result.NO_TARGET, Term.TARGET_REFUSED, cause, code);
    }
  }

  private boolean isSpeaking() {
    return dialogue != null && dialogue.isSpeaking();
  }

  private void clearDialogue() {
    if (dialogue != null) {
      dialogue.clear();
    }
  }

  private void notConnected(Cause cause, int errno, boolean its) {
    if (its) {
      tries.failed(cause, errno);
    } else {
      tries.notReached(cause, errno);
    }
  }

  /** Whether who is late is the target: no chain, or its last proxy is waited for. */
  private boolean isTargetsLateness() {
    return chain == null || isSpeaking() && dialogue.isAtTarget();
  }

  /** What an answer that does not come in time is. */
  private Cause lateness(boolean name) {
    return name ? Cause.NAME_LATE : isSpeaking() ? Cause.PROXY_LATE : Cause.NO_ANSWER;
  }

  @Override
  public void lost(int errno, boolean asked) {
    boolean unix = target.kind() == Endpoint.Kind.UNIX;
    if (!asked) {
      // No socket, for whatever reason, is not the target's doing.
      fail(Result.ERROR, Term.INTERNAL_SETUP, unix ? Cause.CONNECT_UNIX : Cause.CONNECT, errno);
    } else if (Errno.isWatchLimit(errno)) {
      fail(Result.ERROR, Term.RESOURCE, Cause.WATCHES, errno);
    } else {
      ConnectFailure failure = ConnectFailure.of(errno, unix);
      if (tries.used() && failure.result() != Result.ERROR) {
        memberFailed(failure.cause(), failure.errno(), failure.result(), chain == null);
        return;
      }
      if (!tries.used()) {
        stage.worker().table().route().attempt(session.state().record(), -1, 1);
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
    } else if (resolving) {
      countLate(Cause.NAME_LATE);
      fail(Result.NO_TARGET, Term.TARGET_TIMEOUT, Cause.NAME_LATE, 0);
    } else {
      Cause late = lateness(false);
      countLate(late);
      fail(Result.TIMEOUT, Term.TARGET_TIMEOUT, late, 0);
    }
  }

  private void countLate(Cause cause) {
    if (tries.used()) {
      notConnected(cause, 0, isTargetsLateness());
    } else {
      stage.worker().table().route().attempt(session.state().record(), -1, 1);
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

  private void because(Cause cause, int errno) {
    stage.worker().because(session, cause, errno);
  }

  private void fail(Result result, Term term, Cause cause, int errno) {
    because(cause, errno);
    fail(result, term, cause.text(errno));
  }

  private void fail(Result result, Term term, String why) {
    note(race.last());
    stage.failed(this, session, result, term, why);
  }

  /** Lets go of the session and everything that waits for it; closes no descriptor of it. */
  void clear() {
    race.clear();
    greets.clear();
    clearDialogue();
    chain = null;
    towards = null;
    tries.clear();
    stage.worker().loop().timers().clear(retry);
    letGo();
    lacking = 0;
    resolving = false;
    session = null;
    target = null;
    added = false;
    use++;
  }
}
