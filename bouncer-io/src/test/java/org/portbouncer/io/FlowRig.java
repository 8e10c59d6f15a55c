package org.portbouncer.io;

import java.lang.management.ManagementFactory;
import java.util.ArrayDeque;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.portbouncer.core.config.Timeouts;
import org.portbouncer.core.hop.Session;
import org.portbouncer.core.loop.EventLoop;
import org.portbouncer.core.loop.Mailbox;
import org.portbouncer.core.session.Descriptors;
import org.portbouncer.core.session.Result;
import org.portbouncer.core.session.Term;
import org.portbouncer.core.shared.BucketTable;

/** One flow on a loop of its own thread, without the worker around it. */
final class FlowRig implements Flow.Owner, EventLoop.Turn, AutoCloseable {

  final Peer client;
  final Peer target;
  final PipePool pipes;
  final CountDownLatch ended = new CountDownLatch(1);
  volatile Result result;
  volatile Term term;
  volatile long turns;
  volatile long up;
  volatile long down;

  private final EventLoop loop = new EventLoop();
  private final Mailbox mailbox = new Mailbox(loop);
  private final TransferBuffers buffers;
  private final Flow flow;
  private final Session session = new Session();
  private final Thread thread;
  private ArrayDeque<Flow> waiting = new ArrayDeque<>();

  FlowRig(Peer.Kind client, Peer.Kind target) throws Exception {
    this(client, target, Pipe::fromKernel);
  }

  FlowRig(Peer.Kind clientKind, Peer.Kind targetKind, Pipe.Maker maker) throws Exception {
    client = Peer.connect(clientKind, 1);
    target = Peer.connect(targetKind, 2);
    pipes = new PipePool(maker, 8, loop::now, errno -> {});
    buffers = new TransferBuffers(pipes);
    flow = new Flow(this);
    session.descriptors().put(Descriptors.CLIENT, client.inner());
    session.descriptors().put(Descriptors.TARGET, target.inner());
    flow.begin(session, new Timeouts(0, 0, 0, 0), -1);
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
  public BucketTable buckets() {
    return null;
  }

  @Override
  public void moved(Session session, long up, long down, long now) {
    this.up = up;
    this.down = down;
  }

  @Override
  public void continueNextTurn(Flow flow) {
    if (flow.markQueued()) {
      waiting.add(flow);
    }
  }

  @Override
  @SuppressWarnings("NonAtomicVolatileUpdate") // written by the loop's thread alone
  public boolean endOfTurn(long now) {
    turns++;
    Flow next = waiting.poll();
    if (next != null) {
      next.unqueue();
      if (next.session() != null) {
        next.pump();
      }
    }
    return !waiting.isEmpty();
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
