package org.portbouncer.io;

import org.portbouncer.core.loop.Timer;
import org.portbouncer.core.shared.Throttle;
import org.portbouncer.core.shared.Way;

/**
 * What a {@link Flow} whose session has a bandwidth class waits for: where each way takes from, and
 * a turn of the loop when the first of the two may go on. In the io worker, on its loop's thread;
 * one for each flow, pooled with it.
 */
final class RateWait {

  /**
   * Flows that wait for their rate are woken on a grid, many at once. The line they stand in does
   * not move by that, so nobody loses anything.
   */
  private static final long WAKE_GRID_NANOS = 10_000_000;

  private final FlowOwner owner;
  private final Direction up;
  private final Direction down;
  private final Timer turn;

  /** Made for the first session that has a bandwidth class, and kept. */
  private Throttle upThrottle;

  private Throttle downThrottle;

  RateWait(Flow flow, FlowOwner owner, Direction up, Direction down) {
    this.owner = owner;
    this.up = up;
    this.down = down;
    this.turn =
        new Timer() {
          @Override
          protected void expired(long now) {
            flow.pump();
          }
        };
  }

  /** A session has a class, at this place of the board. */
  void open(int record, int place) {
    if (upThrottle == null) {
      upThrottle = new Throttle(owner.buckets(), Way.UP);
      downThrottle = new Throttle(owner.buckets(), Way.DOWN);
    }
    upThrottle.open(record, place);
    downThrottle.open(record, place);
  }

  /** Where the session's bytes up take from; only after {@link #open}. */
  Throttle up() {
    return upThrottle;
  }

  Throttle down() {
    return downThrottle;
  }

  /** Whether bytes are there that wait for their rate. */
  boolean waits() {
    return up.throttled() || down.throttled();
  }

  /** Has the loop call when the first of the two directions may go on. */
  void arm() {
    if (!waits()) {
      end();
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

  /** Waits no more. */
  void end() {
    owner.loop().timers().clear(turn);
  }
}
