package org.portbouncer.io;

import java.lang.management.ManagementFactory;
import java.util.ArrayDeque;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.portbouncer.core.config.BandwidthClass.SharedBy;
import org.portbouncer.core.config.Timeouts;
import org.portbouncer.core.hop.Session;
import org.portbouncer.core.loop.EventLoop;
import org.portbouncer.core.loop.Mailbox;
import org.portbouncer.core.session.Descriptors;
import org.portbouncer.core.session.Result;
import org.portbouncer.core.session.Term;
import org.portbouncer.core.shared.BucketTable;
import org.portbouncer.core.shared.RecordAllocator;
import org.portbouncer.core.shared.SessionFlow;
import org.portbouncer.core.shared.SharedArea;

/** One flow on a loop of its own thread, without the worker around it. */
final class FlowRig implements FlowOwner, EventLoop.Turn, AutoCloseable {

  final Peer client;
  final Peer target;
  final PipePool pipes;
  final CountDownLatch ended = new CountDownLatch(1);
  volatile Result result;
  volatile Term term;
  volatile int failure;
  volatile long turns;
  volatile long up;
  volatile long down;

  private static final int PID = 7;

  private final EventLoop loop = new EventLoop();
  private final SharedArea area;
  private int record = -1;
  private final Mailbox mailbox = new Mailbox(loop);
  private final TransferBuffers buffers;
  private final Flow flow;
  private final Session session = new Session();
  private final Thread thread;
  private ArrayDeque<Forwarding> waiting = new ArrayDeque<>();

  FlowRig(Peer.Kind client, Peer.Kind target) throws Exception {
    this(client, target, Pipe::fromKernel);
  }

  FlowRig(Peer.Kind client, Peer.Kind target, Pipe.Maker maker) throws Exception {
    this(client, target, maker, null, new Timeouts(0, 0, 0, 0));
  }

  /** A flow of TCP connections whose session has a bandwidth class, the one at place 0. */
  static FlowRig limited(SharedArea area, Timeouts timeouts) throws Exception {
    return new FlowRig(Peer.Kind.TCP, Peer.Kind.TCP, Pipe::fromKernel, area, timeouts);
  }

  private FlowRig(
      Peer.Kind clientKind,
      Peer.Kind targetKind,
      Pipe.Maker maker,
      SharedArea area,
      Timeouts timeouts)
      throws Exception {
    this.area = area;
    client = Peer.connect(clientKind, 1);
    target = Peer.connect(targetKind, 2);
    pipes = new PipePool(maker, 8, loop::now, (what, errno) -> {});
    buffers = new TransferBuffers(pipes);
    flow = new Flow(this);
    session.descriptors().put(Descriptors.CLIENT, client.inner());
    session.descriptors().put(Descriptors.TARGET, target.inner());
    if (area != null) {
      record = new RecordAllocator(area.sessions(), PID).allocate();
      session.create(0, 0);
      session.state().identify(1, record, area.sessions().generation(record));
      area.buckets().acquire(record, 0, SharedBy.ALL, 0, 0, loop.now(), PID);
    }
    flow.begin(session, new StreamGreeting(), timeouts, area == null ? -1 : 0, 0, 0);
    thread = new Thread(() -> loop.run(this), "loop");
    thread.setDaemon(true);
    thread.start();
  }

  @Override
  public EventLoop loop() {
    return loop;
  }

  @Override
  public TransferBuffers buffers() {
    return buffers;
  }

  @Override
  public SessionFlow flows() {
    return null;
  }

  @Override
  public BucketTable buckets() {
    return area.buckets();
  }

  @Override
  public void moved(Session session, long up, long down, long now) {
    this.up = up;
    this.down = down;
  }

  @Override
  public void continueNextTurn(Forwarding flow) {
    if (flow.markQueued()) {
      waiting.add(flow);
    }
  }

  @Override
  @SuppressWarnings("NonAtomicVolatileUpdate") // written by the loop's thread alone
  public boolean endOfTurn(long now) {
    turns++;
    Forwarding next = waiting.poll();
    if (next != null) {
      next.unqueue();
      if (next.session() != null) {
        next.pump();
      }
    }
    return !waiting.isEmpty();
  }

  @Override
  public void failed(Session session, int errno) {
    failure = errno;
  }

  @Override
  public void ended(Flow flow, Session session, Result result, Term term) {
    session.clear();
    this.result = result;
    this.term = term;
    ended.countDown();
  }

  /** Runs on the loop's thread. */
  <T> T onLoop(Callable<T> task) throws Exception {
    CompletableFuture<T> done = new CompletableFuture<>();
    mailbox.post(
        () -> {
          try {
            done.complete(task.call());
          } catch (Exception | AssertionError e) {
            done.completeExceptionally(e);
          }
        });
    return done.get(20, TimeUnit.SECONDS);
  }

  /** Says that the class has changed, as the mother does. */
  void classChanged() throws Exception {
    onLoop(
        () -> {
          flow.classChanged();
          return null;
        });
  }

  /** How long the session has waited for its class. */
  long throttledNanos() {
    return area.sessions().throttledNanos(record);
  }

  /** Ends the session as the operator does. */
  void kill() throws Exception {
    onLoop(
        () -> {
          flow.end(Result.KILLED, Term.KILLED_DATA);
          return null;
        });
  }

  void awaitEnd() throws Exception {
    if (!ended.await(20, TimeUnit.SECONDS)) {
      throw new AssertionError("the session has not ended; up " + up + ", down " + down);
    }
  }

  /** Bytes the loop's thread has allocated so far. */
  long allocated() {
    return ((com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean())
        .getThreadAllocatedBytes(thread.threadId());
  }

  /** Closes everything but the loop's own descriptors. */
  @Override
  public void close() {
    client.close();
    target.close();
    try {
      onLoop(
          () -> {
            if (flow.session() != null) {
              flow.end(Result.KILLED, Term.KILLED_DATA);
            }
            pipes.trim();
            loop.stop();
            return null;
          });
      thread.join(20_000);
    } catch (Exception e) {
      throw new IllegalStateException("the loop does not stop", e);
    }
  }
}
