package org.portbouncer.io;

import org.portbouncer.core.loop.Timer;
import org.portbouncer.core.session.Result;
import org.portbouncer.core.session.Term;

/**
 * Passes a reset of one side of a {@link Flow} on to the other: what the side that reset had sent
 * before is delivered first, and acknowledged by the other side's kernel; only then is that side
 * reset too. In the io worker, on its loop's thread; one for each flow, pooled with it.
 */
final class ResetPassing {

  /**
   * A reset waits this long, without any progress, for the other side to take what was sent before.
   */
  private static final long PATIENCE_NANOS = 30_000_000_000L;

  private static final long LOOK_NANOS = 2_000_000;
  private static final long LOOK_MAX_NANOS = 200_000_000;

  /** What nobody is left to read is thrown away, so much at each look. */
  private static final long LOOK_BYTES = 4 << 20;

  private final Flow flow;
  private final FlowOwner owner;
  private final RateWait rate;
  private final Timer timer =
      new Timer() {
        @Override
        protected void expired(long now) {
          other.throwAway(owner.buffers().shared(), LOOK_BYTES);
          pass(now);
        }
      };

  private boolean byClient;

  /** The side that is to be reset once it has everything; null while no side has reset. */
  private Side other;

  /** The direction towards it. */
  private Direction last;

  /** Whether the other side had ended, and this one been told, before it reset. */
  private boolean afterEnd;

  private long look;
  private int lastUnacknowledged;

  ResetPassing(Flow flow, FlowOwner owner, RateWait rate) {
    this.flow = flow;
    this.rate = rate;
    this.owner = owner;
  }

  /** No side has reset. */
  void clear() {
    other = null;
    last = null;
    byClient = false;
  }

  boolean begun() {
    return other != null;
  }

  /** Whether it is the target that has reset. */
  boolean ofTarget() {
    return begun() && !byClient;
  }

  /**
   * A side has reset.
   *
   * @param byClient whether it is the client's
   * @param other the other side
   * @param last the direction towards that
   * @param back the direction from it, whose reader is gone
   */
  void begin(boolean byClient, Side other, Direction last, Direction back) {
    this.byClient = byClient;
    this.other = other;
    this.last = last;
    look = LOOK_NANOS;
    lastUnacknowledged = -1;
    afterEnd = back.closed() && !back.discarded();
    // Nobody is left to read what the other side may still send.
    back.discard();
  }

  /** Goes on delivering, and ends the session once all is delivered, or cannot be. */
  void pass(long now) {
    if (!flow.pumpLast(last, now)) {
      return;
    }
    if (last.more()) {
      owner.continueNextTurn(flow);
      return;
    }
    if (other.wasReset()) {
      endSession();
      return;
    }
    if (last.throttled()) {
      rate.arm();
      return;
    }
    int unacknowledged = last.drained() ? other.unacknowledged() : -1;
    if (unacknowledged == 0) {
      other.resetOnClose();
      endSession();
      return;
    }
    if (unacknowledged != lastUnacknowledged) {
      lastUnacknowledged = unacknowledged;
      flow.progressed(now);
    }
    if (now - flow.lastActivity() > PATIENCE_NANOS) {
      other.resetOnClose();
      endSession();
      return;
    }
    owner.loop().timers().set(timer, now + look);
    look = Math.min(2 * look, LOOK_MAX_NANOS);
  }

  private void endSession() {
    Term term =
        byClient
            ? (afterEnd ? Term.CLIENT_RESET_LAST : Term.CLIENT_RESET)
            : (afterEnd ? Term.TARGET_RESET_LAST : Term.TARGET_RESET);
    flow.end(Result.RESET, term);
  }

  /** The session ends, for whatever reason. */
  void end() {
    owner.loop().timers().clear(timer);
  }
}
