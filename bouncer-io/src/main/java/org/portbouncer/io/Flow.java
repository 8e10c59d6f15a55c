package org.portbouncer.io;

import org.portbouncer.core.config.Timeouts;
import org.portbouncer.core.hop.Session;
import org.portbouncer.core.session.Descriptors;
import org.portbouncer.core.session.Result;
import org.portbouncer.core.session.Term;
import org.portbouncer.core.shared.SessionFlow;
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
final class Flow extends Forwarding implements Side.Owner {

  private final FlowOwner owner;
  private final Side client;
  private final Side target;
  private final Direction up;
  private final Direction down;

  private final RateWait rate;
  private final IdleLimit idle;
  private final ResetPassing reset;

  /** Null where nobody would go on with its sessions. */
  private final SessionFlow notes;

  private Session session;
  private long lastActivity;

  /** It stands still: it may be another server's by now. */
  private boolean paused;

  /** Whether the target had ended, or reset, its side before the client did. */
  private boolean clientLast;

  /** Made for the first session whose sockets have a user timeout, and kept. */
  private PeerWatch peerWatch;

  private boolean watchesPeers;

  Flow(FlowOwner owner) {
    this.owner = owner;
    client = new Side(owner.loop(), this);
    target = new Side(owner.loop(), this);
    notes = owner.flows();
    up = new Direction(owner.loop(), owner.buffers(), new FlowNotes(notes, Way.UP));
    down = new Direction(owner.loop(), owner.buffers(), new FlowNotes(notes, Way.DOWN));
    rate = new RateWait(this, owner, up, down);
    idle = new IdleLimit(this, owner, up, down);
    reset = new ResetPassing(this, owner, rate);
  }

  /**
   * Begins to forward.
   *
   * @param greeting what the target gets before all else
   * @param place of the session's bandwidth class, -1 where it has none
   * @param clientMs the user timeout of its client's socket, 0 where that has none
   * @param targetMs and of its target's
   * @return 0, or the errno of a descriptor that is nothing to forward with: the caller ends it
   */
  int begin(
      Session session,
      StreamGreeting greeting,
      Timeouts timeouts,
      int place,
      int clientMs,
      int targetMs) {
    int errno = open(session, timeouts, place, clientMs, targetMs, 0, 0);
    if (errno != 0) {
      return errno;
    }
    if (canBeFollowed()) {
      int header = SessionFlow.header(session.state());
      // Nobody goes on with a session whose greeting may get lost.
      int live = greeting.length() == 0 ? SessionFlow.LIVE : 0;
      notes.begin(record(), client.fd(), target.fd(), 0, 0, live | header);
    }
    if (greeting.length() > 0) {
      up.lead(greeting.memory(), greeting.at(), greeting.length());
      if (canBeFollowed()) {
        notes.now(record(), SessionFlow.LIVE);
      }
    }
    idle.arm();
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
      passReset(side);
    }
    notes.now(record, SessionFlow.LIVE);
    idle.arm();
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
    idle.open(timeouts);
    lastActivity = owner.loop().now();
    reset.clear();
    unqueue();
    clientLast = false;
    int errno = client.openUnwatched(session.descriptors().peek(Descriptors.CLIENT), true);
    int watching = target.open(session.descriptors().peek(Descriptors.TARGET));
    if (place >= 0) {
      rate.open(session.state().record(), place);
    }
    watchesPeers = clientMs > 0 || targetMs > 0;
    if (watchesPeers) {
      watchPeers(clientMs, targetMs);
    }
    int record = notes == null ? -1 : record();
    up.open(record, client, target, place < 0 ? null : rate.up(), bytesUp);
    down.open(record, target, client, place < 0 ? null : rate.down(), bytesDown);
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

  /** What is served inside this process ends with it. */
  private boolean canBeFollowed() {
    return notes != null && session.descriptors().peek(Descriptors.SERVICE) < 0;
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
  Session session() {
    return session;
  }

  @Override
  public void sideReady(Side side) {
    pump();
  }

  @Override
  void pump() {
    if (paused) {
      return;
    }
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
    if (!reset.begun() && (client.wasReset() || target.wasReset())) {
      passReset(client.wasReset() ? client : target);
    }
    if (reset.begun()) {
      reset.pass(now);
    } else if (up.closed() && down.closed()) {
      end(Result.OK, Term.NORMAL);
    } else {
      if (up.closed() || down.closed()) {
        if (!up.closed() && !clientLast) {
          clientLast = true;
          note(SessionFlow.CLIENT_LAST);
        }
        idle.arm();
      }
      if (up.more() || down.more()) {
        owner.continueNextTurn(this);
      }
    }
    rate.arm();
  }

  /** Whoever waits for what its class allows looks again. */
  @Override
  void classChanged() {
    if (rate.waits()) {
      pump();
    }
  }

  // What a reset that is passed on needs; see ResetPassing.

  private void passReset(Side side) {
    note(side == client ? SessionFlow.CLIENT_RESET : SessionFlow.TARGET_RESET);
    if (side == client) {
      reset.begin(true, target, up, down);
    } else {
      reset.begin(false, client, down, up);
    }
  }

  private void note(int flag) {
    if (notes != null) {
      notes.now(record(), flag);
    }
  }

  /** Moves on, one way alone, and ends the session where that fails; false where it has. */
  boolean pumpLast(Direction last, long now) {
    if (last.pump()) {
      moved(now);
    }
    if (failure() != 0) {
      endFailed();
      return false;
    }
    return true;
  }

  long lastActivity() {
    return lastActivity;
  }

  /** The other side's kernel has taken bytes on its own: it lives. */
  void progressed(long now) {
    lastActivity = now;
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

  boolean passesReset() {
    return reset.begun();
  }

  /** Nobody has said anything for too long. */
  void endIdle(Term term) {
    end(Result.TIMEOUT, term);
  }

  @Override
  void end(Result result, Term term) {
    if (paused) {
      return;
    }
    Session ended = session;
    clientLast |= reset.ofTarget();
    owner.moved(ended, up.bytes(), down.bytes(), owner.loop().now());
    if (notes != null) {
      notes.end(record());
    }
    stopClocks();
    client.close();
    target.close();
    up.release();
    down.release();
    session = null;
    owner.ended(this, ended, result, term);
  }

  private void stopClocks() {
    idle.end();
    rate.end();
    reset.end();
    if (watchesPeers) {
      peerWatch.close();
    }
  }

  // Going on in another server.

  /**
   * Stands still until {@link #goOn} or {@link #depart}; its notes say all of where its bytes are.
   *
   * @return false where that cannot be, or it is about to end
   */
  boolean pause() {
    if (!canBeFollowed() || !notes.isWhole(record()) || reset.begun() || failure() != 0) {
      return false;
    }
    stopClocks();
    paused = true;
    return true;
  }

  /** Goes on here after all. */
  void goOn() {
    paused = false;
    idle.arm();
    owner.continueNextTurn(this);
  }

  /** Lets go of a session that is another server's; its descriptors here are still to be closed. */
  void depart() {
    paused = false;
    notes.end(record());
    client.leave();
    target.leave();
    up.release();
    down.release();
    session = null;
  }

  /**
   * Whether a session that ended so was none: its client ended it, or reset it, before it had sent
   * a byte. Of the session that ended last.
   */
  boolean isCheck(Result result) {
    return (result == Result.OK || result == Result.RESET) && !clientLast && up.bytes() == 0;
  }

  /**
   * Whether its target ended first, without having said anything. Of the session that ended last.
   */
  boolean isEmptyFromTarget() {
    return clientLast && down.bytes() == 0;
  }
}
