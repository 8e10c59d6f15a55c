package org.portbouncer.io;

import org.portbouncer.core.config.Timeouts;
import org.portbouncer.core.loop.Timer;
import org.portbouncer.core.session.Term;

/**
 * Ends a {@link Flow} whose peers are silent for too long, or for longer than they may be once one
 * of them has ended. In the io worker, on its loop's thread; one for each flow, pooled with it.
 */
final class IdleLimit extends Timer {

  private final Flow flow;
  private final FlowOwner owner;
  private final Direction up;
  private final Direction down;
  private Timeouts timeouts;

  IdleLimit(Flow flow, FlowOwner owner, Direction up, Direction down) {
    this.flow = flow;
    this.owner = owner;
    this.up = up;
    this.down = down;
  }

  /** The limits of a new session. */
  void open(Timeouts timeouts) {
    this.timeouts = timeouts;
  }

  private long nanos() {
    boolean half = up.closed() || down.closed();
    long ms = half && timeouts.halfClosedMs() > 0 ? timeouts.halfClosedMs() : timeouts.idleMs();
    return ms * 1_000_000;
  }

  /** Begins to count, or counts by the limit that holds now where that is over sooner. */
  void arm() {
    long limit = nanos();
    if (limit > 0) {
      long due = flow.lastActivity() + limit;
      if (!isSet() || due - due() < 0) {
        owner.loop().timers().set(this, due);
      }
    }
  }

  /** It runs late on purpose: activity does not move it, it looks when it comes. */
  @Override
  protected void expired(long now) {
    long limit = nanos();
    if (limit == 0 || flow.passesReset()) {
      return;
    }
    // Bytes that wait for their rate are there: this is not what the limit is for.
    long active = up.throttled() || down.throttled() ? now : flow.lastActivity();
    if (now - active < limit) {
      owner.loop().timers().set(this, active + limit);
      return;
    }
    Term term =
        up.closed()
            ? Term.TARGET_IDLE_LAST
            : down.closed() ? Term.CLIENT_IDLE_LAST : Term.CLIENT_IDLE;
    flow.endIdle(term);
  }

  /** The session ends, for whatever reason. */
  void end() {
    owner.loop().timers().clear(this);
  }
}
