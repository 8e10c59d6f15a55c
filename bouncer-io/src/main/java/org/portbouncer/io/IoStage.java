package org.portbouncer.io;

import java.util.ArrayDeque;
import org.portbouncer.core.config.Endpoint;
import org.portbouncer.core.config.Listener;
import org.portbouncer.core.config.SocketSettings;
import org.portbouncer.core.control.Staying;
import org.portbouncer.core.hop.Session;
import org.portbouncer.core.loop.EventLoop;
import org.portbouncer.core.session.Cause;
import org.portbouncer.core.session.Descriptors;
import org.portbouncer.core.session.Result;
import org.portbouncer.core.session.StageId;
import org.portbouncer.core.session.Term;
import org.portbouncer.core.shared.BucketTable;
import org.portbouncer.core.shared.ListenerTimes;
import org.portbouncer.core.shared.SessionFlow;
import org.portbouncer.core.sys.Errno;
import org.portbouncer.core.worker.DescriptorLimit;
import org.portbouncer.core.worker.Stage;
import org.portbouncer.core.worker.TowardsTarget;
import org.portbouncer.core.worker.UserTimeout;
import org.portbouncer.core.worker.Worker;

/** The last stage: forwards until the session ends. Runs in each io worker. */
final class IoStage implements Stage, FlowOwner {

  private static final int KEPT_FLOWS = 4096;

  private final Worker worker;
  private final TransferBuffers buffers;
  private final InternalServices services;
  private final DatagramFlows datagrams;
  private final StreamGreeting greeting = new StreamGreeting();
  private final ArrayDeque<Flow> free = new ArrayDeque<>();

  /** Flows that had more to do than one turn allows. */
  private ArrayDeque<Forwarding> waiting = new ArrayDeque<>();

  private ArrayDeque<Forwarding> turn = new ArrayDeque<>();

  IoStage(Worker worker) {
    this.worker = worker;
    this.buffers = new TransferBuffers(pipes());
    this.services = new InternalServices(worker, buffers);
    this.datagrams = new DatagramFlows(worker, this);
  }

  private PipePool pipes() {
    EventLoop loop = worker.loop();
    return new PipePool(
        Pipe::fromKernel,
        DescriptorLimit.pipes(DescriptorLimit.current()),
        loop::now,
        (what, errno) ->
            worker
                .log()
                .warn(
                    loop.now(),
                    "no " + what + ": " + Errno.text(errno) + "; copying, which costs more"));
  }

  @Override
  public StageId id() {
    return StageId.IO;
  }

  /** What is served in this process is not, and no session of datagrams. */
  @Override
  public boolean canBeFollowed() {
    return services.none() && datagrams.none();
  }

  @Override
  public int descriptorsPerSession() {
    return DescriptorLimit.FORWARDED;
  }

  @Override
  public void session(Session session) {
    if (session.descriptors().peek(Descriptors.CLIENT) < 0
        || session.descriptors().peek(Descriptors.TARGET) < 0) {
      worker.log().error(worker.loop().now(), "a session came without its descriptors");
      worker.end(session, Result.ERROR, Term.INTERNAL_SETUP, Cause.UNFIT, 0);
      return;
    }
    Listener listener = worker.configuration(session).listeners().get(session.state().listener());
    // What travels with it goes with the set-up.
    boolean whole = listener.udp() ? datagrams.read(session) : greeting.read(session);
    if (session.state().resumed()) {
      session.keepHead();
    } else if (!worker.setUp(session) || !whole) {
      worker.log().error(worker.loop().now(), "a session's state came damaged");
      worker.end(session, Result.ERROR, Term.INTERNAL_SETUP, Cause.DAMAGED, 0);
      return;
    }
    worker.hold(session);
    if (!session.state().resumed()) {
      long now = worker.loop().now();
      worker.table().setUp(session.state().record(), now);
      worker.took(session, ListenerTimes.Step.SETUP, now - session.state().accepted());
    }
    if (listener.udp()) {
      datagrams.begin(session, listener);
      return;
    }
    Flow flow = free.isEmpty() ? new Flow(this) : free.pop();
    session.attach(flow);
    int bandwidth = session.state().bandwidth();
    int place = bandwidth < 0 ? -1 : worker.places(session).classes()[bandwidth];
    int clientMs = userTimeout(session, listener);
    int targetMs = towardsMs(session, listener, clientMs);
    int errno;
    if (session.state().resumed()) {
      long activity = worker.table().activity(session.state().record());
      errno = flow.resume(session, listener.timeouts(), place, clientMs, targetMs, activity);
    } else {
      errno = flow.begin(session, greeting, listener.timeouts(), place, clientMs, targetMs);
    }
    if (errno == 0 && listener.target().kind() == Endpoint.Kind.INTERNAL) {
      errno = services.start(session, listener.target().path());
    }
    if (errno != 0) {
      unfit(flow, session.state().id(), errno);
    }
  }

  /**
   * A session came with a descriptor that cannot be forwarded with: whoever sent it may have been
   * taken over, and no other session is to suffer.
   */
  private void unfit(Flow flow, long id, int errno) {
    worker
        .log()
        .error(
            worker.loop().now(),
            "session " + id + " cannot be forwarded: " + Errno.watching(errno));
    boolean watches = Errno.isWatchLimit(errno);
    worker.because(flow.session(), watches ? Cause.WATCHES : Cause.UNFIT, errno);
    flow.end(Result.ERROR, watches ? Term.RESOURCE : Term.INTERNAL_SETUP);
  }

  /** That of the session's TCP sockets; the bandwidth stage has set it. */
  private static int userTimeout(Session session, Listener listener) {
    boolean overTcp = listener.target().isTcp();
    int fd = session.descriptors().peek(overTcp ? Descriptors.TARGET : Descriptors.CLIENT);
    return UserTimeout.millis(listener.keepAlive(), fd);
  }

  /** The same of the target's socket, where its group or member has another. */
  private int towardsMs(Session session, Listener listener, int clientMs) {
    if (listener.group() < 0) {
      return clientMs;
    }
    int own = TowardsTarget.of(worker, session, listener).userTimeoutMs();
    return own == SocketSettings.UNSET ? clientMs : own;
  }

  @Override
  public EventLoop loop() {
    return worker.loop();
  }

  @Override
  public TransferBuffers buffers() {
    return buffers;
  }

  @Override
  public SessionFlow flows() {
    return worker.table().flow();
  }

  @Override
  public BucketTable buckets() {
    return worker.area().buckets();
  }

  @Override
  public void classesChanged() {
    for (Session session : worker.allHeld()) {
      Forwarding flow = (Forwarding) session.attachment();
      if (flow != null && flow.session() == session) {
        flow.classChanged();
      }
    }
  }

  @Override
  public void moved(Session session, long up, long down, long now) {
    worker.table().moved(session.state().record(), up, down, now);
  }

  @Override
  public void continueNextTurn(Forwarding flow) {
    if (flow.markQueued()) {
      waiting.add(flow);
    }
  }

  @Override
  public boolean endOfTurn() {
    if (waiting.isEmpty()) {
      return false;
    }
    ArrayDeque<Forwarding> now = waiting;
    waiting = turn;
    turn = now;
    Forwarding flow;
    while ((flow = now.poll()) != null) {
      flow.unqueue();
      if (flow.session() != null) {
        flow.pump();
      }
    }
    return !waiting.isEmpty();
  }

  @Override
  public void failed(Session session, int errno) {
    worker
        .log()
        .error(
            worker.loop().now(),
            "session " + session.state().id() + " cannot be forwarded: " + Errno.text(errno));
    worker.because(session, Cause.SYSTEM, errno);
  }

  @Override
  public void ended(Flow flow, Session session, Result result, Term term) {
    worker.letGo(session);
    services.stop(session);
    if (result == Result.TIMEOUT && term != Term.CLIENT_IDLE) {
      halfClosed(session);
    }
    if (session.state().header() && flow.isCheck(result)) {
      worker.end(session, Result.CHECK, Term.CLIENT_CHECK);
    } else if (result == Result.OK && flow.isEmptyFromTarget() && isNotReached(session)) {
      worker.end(session, Result.NO_TARGET, Term.TARGET_REFUSED, Cause.PROXY_EMPTY, 0);
    } else {
      worker.end(session, result, term);
    }
    keep(flow);
  }

  private void keep(Flow flow) {
    if (free.size() < KEPT_FLOWS) {
      free.push(flow);
    }
  }

  /**
   * Whether a session whose target has ended without a byte has never reached it: a proxy's yes
   * proves nothing, for some say it before they have connected, and end where they cannot. What has
   * lasted longer than connecting may was the target's own end.
   */
  private boolean isNotReached(Session session) {
    int record = session.state().record();
    if (worker.table().route().chain(record) < 0) {
      return false;
    }
    Listener listener = worker.configuration(session).listeners().get(session.state().listener());
    long lasted = worker.loop().now() - session.state().accepted();
    long setUp = worker.table().setupMicros(record) * 1_000L;
    return lasted - setUp <= listener.timeouts().connectMs() * 1_000_000;
  }

  /** One side had ended: that has a limit of its own, or the one for all. */
  private void halfClosed(Session session) {
    Listener listener = worker.configuration(session).listeners().get(session.state().listener());
    boolean own = listener.timeouts().halfClosedMs() > 0;
    worker.because(session, own ? Cause.HALF_CLOSED : Cause.IDLE, 0);
  }

  @Override
  public Staying pause(Session session) {
    if (session.descriptors().peek(Descriptors.SERVICE) >= 0) {
      return Staying.INTERNAL;
    }
    if (!(session.attachment() instanceof Flow flow)) {
      return Staying.DATAGRAMS;
    }
    return flow.session() == session && flow.pause() ? null : Staying.ENDING;
  }

  @Override
  public void goOn(Session session) {
    ((Flow) session.attachment()).goOn();
  }

  @Override
  public void depart(Session session) {
    Flow flow = (Flow) session.attachment();
    worker.letGo(session);
    flow.depart();
    keep(flow);
  }

  @Override
  public void endHeld(Session session, Result result, Term term) {
    ((Forwarding) session.attachment()).end(result, term);
  }
}
