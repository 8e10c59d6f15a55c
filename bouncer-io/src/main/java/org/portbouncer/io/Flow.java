package org.portbouncer.io;

import org.portbouncer.core.config.Timeouts;
import org.portbouncer.core.hop.Session;
import org.portbouncer.core.loop.EventLoop;
import org.portbouncer.core.loop.Timer;
import org.portbouncer.core.session.Descriptors;
import org.portbouncer.core.session.Result;
import org.portbouncer.core.session.Term;
import org.portbouncer.core.shared.BucketTable;
import org.portbouncer.core.shared.SessionFlow;
import org.portbouncer.core.shared.Throttle;
import org.portbouncer.core.shared.Way;
import org.portbouncer.core.sys.Errno;

/**
 * One session being forwarded: its two sides, its two directions, its time limits, and how it ends.
 * In the io worker, on its loop's thread; pooled by {@link IoStage}.
 *
 * <p>How it ends: when both directions have ended, well. When a side resets, what that side sent
 * before is delivered first and acknowledged by the other side's kernel, then the other side is
 * reset too: a reset sent earlier would throw away what still waits in the send queue.
 */
final class Flow implements Side.Owner, Forwarding {

  /**
   * A reset waits this long, without any progress, for the other side to take what was sent before.
   */
  private static final long RESET_PATIENCE_NANOS = 30_000_000_000L;

  private static final long RESET_LOOK_NANOS = 2_000_000;
  private static final long RESET_LOOK_MAX_NANOS = 200_000_000;

  /** What nobody is left to read is thrown away, so much at each look. */
  private static final long RESET_LOOK_BYTES = 4 << 20;

  /**
   * Flows that wait for their rate are woken on a grid, many at once. The line they stand in does
   * not move by that, so nobody loses anything.
   */
  private static final long WAKE_GRID_NANOS = 10_000_000;

  /** Whose flow it is: the stage, as far as a flow sees it. */
  interface Owner {
    EventLoop loop();

    TransferBuffers buffers();

    /** Where it stands how far sessions are, for others to go on; null for nowhere. */
    SessionFlow flows();

    /** Where limited flows take from. */
    BucketTable buckets();

    /** Says what has moved so far, where others look. */
    void moved(Session session, long up, long down, long now);

    /** Gives a flow another turn, after the events of all others. */
    void continueNextTurn(Forwarding flow);

    /** A session ends because a call failed by a fault that is no peer's. */
    void failed(Session session, int errno);

    /** A flow has let go of its session. */
    void ended(Flow flow, Session session, Result result, Term term);
  }

  private final Owner owner;
  private final Side client;
  private final Side target;
  private final Direction up;
  private final Direction down;

  /** Null where nobody would go on with its sessions. */
  private final SessionFlow notes;

  private Session session;
  private Timeouts timeouts;
  private long lastActivity;
  private Side resetSide;
  private long resetLook;
  private int lastUnacknowledged;
  private boolean queued;

  /** Whether the target had ended, or reset, its side before the client did. */
  private boolean clientLast;

  private final Timer idle =
      new Timer() {
        @Override
        protected void expired(long now) {
          idleExpired(now);
        }
      };

  private final Timer resetTimer =
      new Timer() {
        @Override
        protected void expired(long now) {
          other().throwAway(owner.buffers().shared(), RESET_LOOK_BYTES);
          passReset(now);
        }
      };

  private final Timer turn =
      new Timer() {
        @Override
        protected void expired(long now) {
          pump();
        }
      };

  /** Made for the first session that has a bandwidth class, and kept. */
  private Throttle upThrottle;

  private Throttle downThrottle;

  /** Made for the first session whose sockets have a user timeout, and kept. */
  private PeerWatch peerWatch;

  private boolean watchesPeers;

  Flow(Owner owner) {
    this.owner = owner;
    client = new Side(owner.loop(), this);
    target = new Side(owner.loop(), this);
    notes = owner.flows();
    up = new Direction(owner.loop(), owner.buffers(), new FlowNotes(notes, Way.UP));
    down = new Direction(owner.loop(), owner.buffers(), new FlowNotes(notes, Way.DOWN));
  }

  /**
   * Begins to forward.
   *
   * @param place of the session's bandwidth class, -1 where it has none
   * @param clientMs the user timeout of its client's socket, 0 where that has none
   * @param targetMs and of its target's
   * @return 0, or the errno where one of the two descriptors is nothing to forward with: the caller
   *     ends the session
   */
  int begin(Session session, Timeouts timeouts, int place, int clientMs, int targetMs) {
    int errno = open(session, timeouts, place, clientMs, targetMs, 0, 0);
    if (errno != 0) {
      return errno;
    }
    // What is served inside this process ends with it.
    if (notes != null && session.descriptors().peek(Descriptors.SERVICE) < 0) {
      int header =
          (session.state().header() ? SessionFlow.HEADER : 0)
              | (session.state().relayed() ? SessionFlow.RELAYED : 0);
      notes.begin(record(), client.fd(), target.fd(), 0, 0, SessionFlow.LIVE | header);
    }
    armIdle();
    beginUp();
    return client.watch();
  }

  /**
   * Goes on with a session that another worker had, from its notes: what was on its way comes
   * first. As {@link #begin}.
   *
   * @param activity when a byte last moved, CLOCK_MONOTONIC ns
   */
  int resume(
      Session session, Timeouts timeouts, int place, int clientMs, int targetMs, long activity) {
    int record = session.state().record();
    int flags = notes.flags(record);
    long bytesUp = notes.bytes(record, Way.UP);
    long bytesDown = notes.bytes(record, Way.DOWN);
    int errno = open(session, timeouts, place, clientMs, targetMs, bytesUp, bytesDown);
    if (errno != 0) {
      return errno;
    }
    lastActivity = activity;
    clientLast = (flags & SessionFlow.CLIENT_LAST) != 0;
    boolean pipeUp = notes.pipe(record, Way.UP) >= 0;
    boolean pipeDown = notes.pipe(record, Way.DOWN) >= 0;
    notes.begin(record, client.fd(), target.fd(), bytesUp, bytesDown, flags);
    if (!carry(up, Way.UP, pipeUp) || !carry(down, Way.DOWN, pipeDown)) {
      return Errno.EIO;
    }
    if ((flags & (SessionFlow.CLIENT_RESET | SessionFlow.TARGET_RESET)) != 0) {
      Side side = (flags & SessionFlow.CLIENT_RESET) != 0 ? client : target;
      side.markReset();
      beginReset(side);
    }
    notes.now(record, SessionFlow.LIVE);
    armIdle();
    beginUp();
    owner.continueNextTurn(this);
    return client.watch();
  }

  /** Gives a direction what was on its way in it; whether it is there. */
  private boolean carry(Direction direction, int way, boolean inPipe) {
    int fd = session.descriptors().take(Descriptors.CARRIED + way);
    return fd < 0 || direction.resume(fd, inPipe, notes.heldBytes(record(), way));
  }

  private int record() {
    return session.state().record();
  }

  private int open(
      Session session,
      Timeouts timeouts,
      int place,
      int clientMs,
      int targetMs,
      long bytesUp,
      long bytesDown) {
    this.session = session;
    this.timeouts = timeouts;
    lastActivity = owner.loop().now();
    resetSide = null;
    queued = false;
    clientLast = false;
    int errno = client.openUnwatched(session.descriptors().peek(Descriptors.CLIENT), true);
    int watching = target.open(session.descriptors().peek(Descriptors.TARGET));
    if (place >= 0) {
      throttle(session.state().record(), place);
    }
    watchesPeers = clientMs > 0 || targetMs > 0;
    if (watchesPeers) {
      watchPeers(clientMs, targetMs);
    }
    int record = notes == null ? -1 : record();
    up.open(record, client, target, place < 0 ? null : upThrottle, bytesUp);
    down.open(record, target, client, place < 0 ? null : downThrottle, bytesDown);
    return errno != 0 ? errno : watching;
  }

  /**
   * What the client has said while its session was set up goes out at once; it need not wait for an
   * event. All else that may have come of it the events of the two sockets tell.
   */
  private void beginUp() {
    if (up.pump()) {
      moved(lastActivity);
    }
    if (failure() != 0) {
      owner.continueNextTurn(this);
    }
  }

  private void throttle(int record, int place) {
    if (upThrottle == null) {
      upThrottle = new Throttle(owner.buckets(), Way.UP);
      downThrottle = new Throttle(owner.buckets(), Way.DOWN);
    }
    upThrottle.open(record, place);
    downThrottle.open(record, place);
  }

  private void watchPeers(int clientMs, int targetMs) {
    if (peerWatch == null) {
      peerWatch = new PeerWatch(owner.loop());
    }
    peerWatch.open(client.fd(), clientMs, target.fd(), targetMs);
  }

  private void moved(long now) {
    lastActivity = now;
    owner.moved(session, up.bytes(), down.bytes(), now);
    if (watchesPeers) {
      peerWatch.moved(now);
    }
  }

  @Override
  public Session session() {
    return session;
  }

  @Override
  public void sideReady(Side side) {
    pump();
  }

  @Override
  public void pump() {
    boolean movedUp = up.pump();
    boolean movedDown = down.pump();
    long now = owner.loop().now();
    if (movedUp || movedDown) {
      moved(now);
    }
    if (failure() != 0) {
      endFailed();
      return;
    }
    if (resetSide == null && (client.wasReset() || target.wasReset())) {
      beginReset(client.wasReset() ? client : target);
    }
    if (resetSide != null) {
      passReset(now);
    } else if (up.closed() && down.closed()) {
      end(Result.OK, Term.NORMAL);
    } else {
      if (up.closed() || down.closed()) {
        if (!up.closed() && !clientLast) {
          clientLast = true;
          note(SessionFlow.CLIENT_LAST);
        }
        armIdle();
      }
      if (up.more() || down.more()) {
        owner.continueNextTurn(this);
      }
    }
    armLimit();
  }

  // The rate of a bandwidth class.

  private boolean throttled() {
    return up.throttled() || down.throttled();
  }

  /** Has the loop call when the first of the two directions may go on. */
  private void armLimit() {
    if (!throttled()) {
      owner.loop().timers().clear(turn);
      return;
    }
    long due;
    if (up.throttled() && down.throttled()) {
      due = up.due() - down.due() < 0 ? up.due() : down.due();
    } else {
      due = up.throttled() ? up.due() : down.due();
    }
    due = Math.ceilDiv(due, WAKE_GRID_NANOS) * WAKE_GRID_NANOS;
    if (!turn.isSet() || turn.due() != due) {
      owner.loop().timers().set(turn, due);
    }
  }

  /** Whoever waits for what its class allows looks again. */
  @Override
  public void classChanged() {
    if (throttled()) {
      pump();
    }
  }

  // A reset.

  private void beginReset(Side side) {
    resetSide = side;
    note(side == client ? SessionFlow.CLIENT_RESET : SessionFlow.TARGET_RESET);
    resetLook = RESET_LOOK_NANOS;
    lastUnacknowledged = -1;
    // Nobody is left to read what the other side may still send.
    (side == client ? down : up).discard();
  }

  private void note(int flag) {
    if (notes != null) {
      notes.now(record(), flag);
    }
  }

  /** The side that is to be reset once it has everything. */
  private Side other() {
    return resetSide == client ? target : client;
  }

  private void passReset(long now) {
    Direction last = resetSide == client ? up : down;
    Side other = other();
    if (last.pump()) {
      moved(now);
    }
    if (failure() != 0) {
      endFailed();
      return;
    }
    if (last.more()) {
      owner.continueNextTurn(this);
      return;
    }
    if (other.wasReset()) {
      endReset();
      return;
    }
    if (last.throttled()) {
      armLimit();
      return;
    }
    int unacknowledged = last.drained() ? other.unacknowledged() : -1;
    if (unacknowledged == 0) {
      other.resetOnClose();
      endReset();
      return;
    }
    if (unacknowledged != lastUnacknowledged) {
      lastUnacknowledged = unacknowledged;
      lastActivity = now;
    }
    if (now - lastActivity > RESET_PATIENCE_NANOS) {
      other.resetOnClose();
      endReset();
      return;
    }
    owner.loop().timers().set(resetTimer, now + resetLook);
    resetLook = Math.min(2 * resetLook, RESET_LOOK_MAX_NANOS);
  }

  private void endReset() {
    boolean last =
        resetSide == client ? down.closed() && !down.discarded() : up.closed() && !up.discarded();
    Term term =
        resetSide == client
            ? (last ? Term.CLIENT_RESET_LAST : Term.CLIENT_RESET)
            : (last ? Term.TARGET_RESET_LAST : Term.TARGET_RESET);
    end(Result.RESET, term);
  }

  // A failure of our own.

  private int failure() {
    return up.failure() != 0 ? up.failure() : down.failure();
  }

  /** Both peers get a reset: an end of stream would say that they had everything. */
  private void endFailed() {
    int errno = failure();
    owner.failed(session, errno);
    client.resetOnClose();
    target.resetOnClose();
    end(Result.ERROR, Errno.isDescriptorLimit(errno) ? Term.RESOURCE_DATA : Term.INTERNAL_DATA);
  }

  // Time limits.

  private long limitNanos() {
    boolean half = up.closed() || down.closed();
    long ms = half && timeouts.halfClosedMs() > 0 ? timeouts.halfClosedMs() : timeouts.idleMs();
    return ms * 1_000_000;
  }

  private void armIdle() {
    long limit = limitNanos();
    if (limit > 0) {
      long due = lastActivity + limit;
      if (!idle.isSet() || due - idle.due() < 0) {
        owner.loop().timers().set(idle, due);
      }
    }
  }

  /** The timer runs late on purpose: activity does not move it, it looks when it comes. */
  private void idleExpired(long now) {
    long limit = limitNanos();
    if (limit == 0 || resetSide != null) {
      return;
    }
    // Bytes that wait for their rate are there: this is not what the limit is for.
    long active = throttled() ? now : lastActivity;
    if (now - active < limit) {
      owner.loop().timers().set(idle, active + limit);
      return;
    }
    Term term =
        up.closed()
            ? Term.TARGET_IDLE_LAST
            : down.closed() ? Term.CLIENT_IDLE_LAST : Term.CLIENT_IDLE;
    end(Result.TIMEOUT, term);
  }

  @Override
  public void end(Result result, Term term) {
    Session ended = session;
    clientLast |= resetSide == target;
    owner.moved(ended, up.bytes(), down.bytes(), owner.loop().now());
    if (notes != null) {
      notes.end(record());
    }
    owner.loop().timers().clear(idle);
    owner.loop().timers().clear(turn);
    owner.loop().timers().clear(resetTimer);
    if (watchesPeers) {
      peerWatch.close();
    }
    client.close();
    target.close();
    up.release();
    down.release();
    session = null;
    owner.ended(this, ended, result, term);
  }

  /**
   * Whether a session that ended so was none: its client ended it, or reset it, before it had sent
   * a byte. Of the session that ended last.
   */
  boolean isCheck(Result result) {
    return (result == Result.OK || result == Result.RESET) && !clientLast && up.bytes() == 0;
  }

  @Override
  public boolean markQueued() {
    boolean was = queued;
    queued = true;
    return !was;
  }

  @Override
  public void unqueue() {
    queued = false;
  }
}
