package org.portbouncer.negotiator.connect;

import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.util.ArrayDeque;
import org.portbouncer.core.config.ChainSecrets;
import org.portbouncer.core.config.Configuration;
import org.portbouncer.core.config.Listener;
import org.portbouncer.core.config.Rule;
import org.portbouncer.core.hop.Session;
import org.portbouncer.core.session.Descriptors;
import org.portbouncer.core.session.Result;
import org.portbouncer.core.session.SessionState;
import org.portbouncer.core.session.StageId;
import org.portbouncer.core.session.Term;
import org.portbouncer.core.shared.ListenerTimes;
import org.portbouncer.core.sys.Const;
import org.portbouncer.core.sys.Libc;
import org.portbouncer.core.sys.Native;
import org.portbouncer.core.worker.Epoch;
import org.portbouncer.core.worker.SessionWait;
import org.portbouncer.core.worker.Stage;
import org.portbouncer.core.worker.Worker;

/**
 * The third stage: opens the connection to the target. Thousands may be pending at once; a target
 * that hangs, or a name server that does, delays no other session. Runs in the connect worker.
 */
final class ConnectStage implements Stage {

  private static final MemorySegment BYTE = Native.allocate(8);

  private final Worker worker;
  private ProxyGreeting greeting;
  private PortsAdded portsAdded;
  private final TargetSockets sockets = new TargetSockets();
  private final AddressBook book = new AddressBook();
  private final Resolver resolver;
  private final MemberChoice choice;
  private final MemberChecks checks;
  private final SpareConnections spares = new SpareConnections(this);
  private final SecretBook secrets = new SecretBook();
  private final ArrayDeque<ConnectAttempt> free = new ArrayDeque<>();

  ConnectStage(Worker worker) {
    this.worker = worker;
    this.resolver =
        new Resolver(
            worker.loop(),
            text -> worker.log().warn(worker.loop().now(), text),
            InetAddress::getAllByName);
    this.choice = new MemberChoice(worker.area().targets());
    this.checks = new MemberChecks(this, resolver);
  }

  @Override
  public StageId id() {
    return StageId.CONNECT;
  }

  /** Client and target; what else an {@link AddressRace} has open it counts itself. */
  @Override
  public int descriptorsPerSession() {
    return 2;
  }

  @Override
  public void session(Session session) {
    SessionState state = session.state();
    Listener listener = worker.configuration(session).listeners().get(state.listener());
    ConnectAttempt attempt = free.isEmpty() ? new ConnectAttempt(this) : free.pop();
    attempt.begin(session, listener);
  }

  // What an attempt needs.

  Worker worker() {
    return worker;
  }

  TargetSockets sockets() {
    return sockets;
  }

  Resolver resolver() {
    return resolver;
  }

  AddressBook book() {
    return book;
  }

  MemberChoice choice() {
    return choice;
  }

  SpareConnections spares() {
    return spares;
  }

  @Override
  public void configured(Epoch epoch) {
    checks.configured(epoch);
    spares.configured(epoch);
  }

  @Override
  public void retired(int oldest) {
    choice.forget();
    secrets.retire(oldest);
  }

  /** The chain that the session goes through, as its configuration has it; null for none. */
  ChainPath path(Session session) {
    Configuration configuration = worker.configuration(session);
    if (configuration.chains().isEmpty()) {
      return null;
    }
    SessionState state = session.state();
    Rule rule = configuration.rule(state.listener(), state.rule());
    int chain = configuration.via(state.listener(), rule);
    return chain < 0 ? null : path(configuration, state.epoch(), chain);
  }

  /** A chain of a configuration, by its index. */
  ChainPath path(Epoch epoch, int chain) {
    return path(epoch.configuration(), epoch.number(), chain);
  }

  private ChainPath path(Configuration configuration, int epoch, int chain) {
    return new ChainPath(chain, configuration.chains().get(chain), secrets.of(epoch));
  }

  @Override
  public void secrets(int epoch, ChainSecrets come) {
    secrets.add(epoch, come);
  }

  @Override
  public void withdrawn(int epoch) {
    secrets.withdraw(epoch);
  }

  /** Makes the headers of targets that get one; made for the first. */
  ProxyGreeting greeting() {
    if (greeting == null) {
      greeting = new ProxyGreeting();
    }
    return greeting;
  }

  /** Targets whose port counts from the client's; made for the first. */
  PortsAdded portsAdded() {
    if (portsAdded == null) {
      portsAdded = new PortsAdded();
    }
    return portsAdded;
  }

  /** Whether nothing of what a client may have said waits in its socket. */
  static boolean saidNothing(Session session) {
    int fd = session.descriptors().peek(Descriptors.CLIENT);
    return Libc.recv(fd, BYTE.address(), 1, Const.MSG_PEEK | Const.MSG_DONTWAIT) <= 0;
  }

  /** The target answered: the session goes on. */
  void connected(ConnectAttempt attempt, Session session) {
    worker.took(session, ListenerTimes.Step.CONNECT, worker.loop().now() - attempt.begun());
    recycle(attempt);
    worker.forward(session);
  }

  /** The target cannot be had: the session ends, and the log says why. */
  void failed(ConnectAttempt attempt, Session session, Result result, Term term, String why) {
    SessionState state = session.state();
    Listener listener = worker.configuration(session).listeners().get(state.listener());
    worker
        .log()
        .warn(
            worker.loop().now(),
            listener.name()
                + ": session "
                + state.id()
                + ": target "
                + listener.target().text()
                + attempt.goal().tried()
                + ": "
                + why);
    ended(attempt, session, result, term);
  }

  /** The session ends, for a reason that is not the target's. */
  void ended(ConnectAttempt attempt, Session session, Result result, Term term) {
    recycle(attempt);
    worker.end(session, result, term);
  }

  private void recycle(ConnectAttempt attempt) {
    attempt.clear();
    free.push(attempt);
  }

  @Override
  public void endHeld(Session session, Result result, Term term) {
    ((SessionWait) session.attachment()).end(result, term);
  }
}
