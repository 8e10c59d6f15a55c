package org.portbouncer.io;

import java.lang.foreign.MemorySegment;
import org.portbouncer.core.hop.Session;
import org.portbouncer.core.loop.Timer;
import org.portbouncer.core.session.Descriptors;
import org.portbouncer.core.session.Result;
import org.portbouncer.core.session.Term;
import org.portbouncer.core.shared.DatagramDrop;
import org.portbouncer.core.shared.Throttle;
import org.portbouncer.core.shared.Way;
import org.portbouncer.core.sys.DatagramBatch;
import org.portbouncer.core.sys.Errno;

/**
 * One session of datagrams being forwarded. It ends well when nothing has come for a while, or
 * after so many answers; and where the target's machine says that nobody is there, it had no
 * target. In the io worker, on its loop's thread; pooled by {@link DatagramFlows}.
 */
final class DatagramFlow extends Forwarding {

  private final DatagramFlows owner;
  private final DatagramSide client;
  private final DatagramSide target;
  private final DatagramWay up = new DatagramWay(this);
  private final DatagramWay down = new DatagramWay(this);
  private Session session;
  private long idleNanos;
  private long lastActivity;
  private long dropped;
  private int refused;

  /** Datagrams that the listener's counters have of this session. */
  private long countedUp;

  private long countedDown;

  /** Made for the first session that has a bandwidth class, and kept. */
  private Throttle upThrottle;

  private Throttle downThrottle;
  private boolean throttled;

  private final Timer idle =
      new Timer() {
        @Override
        protected void expired(long now) {
          idleExpired(now);
        }
      };

  DatagramFlow(DatagramFlows owner) {
    this.owner = owner;
    client = new DatagramSide(owner.loop(), this);
    target = new DatagramSide(owner.loop(), this);
  }

  /**
   * Begins to forward.
   *
   * @param idleMs silence after which it ends; 0 for never
   * @param answers datagrams of the target after which it ends, once each of the client's may have
   *     had one; 0 for no such end
   * @param place of the session's bandwidth class, -1 where it has none
   * @param lost datagrams of the client that were too many before this
   * @param head what each datagram to the target begins with; null for nothing
   * @return 0, or the errno where one of the two descriptors is nothing to forward with: the caller
   *     ends the session
   */
  int begin(Session session, long idleMs, int answers, int place, long lost, DatagramHead head) {
    this.session = session;
    idleNanos = idleMs * 1_000_000;
    lastActivity = owner.loop().now();
    dropped = lost;
    unqueue();
    refused = 0;
    countedUp = 0;
    countedDown = 0;
    throttled = place >= 0;
    if (throttled) {
      throttle(session.state().record(), place);
    }
    up.open(client, target, throttled ? upThrottle : null, head);
    down.open(target, client, throttled ? downThrottle : null, null);
    down.endAfter(answers, up);
    int errno = client.open(session.descriptors().peek(Descriptors.CLIENT));
    int watching = target.open(session.descriptors().peek(Descriptors.TARGET));
    if (errno == 0 && watching == 0 && idleNanos > 0) {
      owner.loop().timers().set(idle, lastActivity + idleNanos);
    }
    return errno != 0 ? errno : watching;
  }

  /** Passes on what the client had said before its socket could. */
  void first(MemorySegment memory, long at, int length) {
    up.pass(memory, at, length);
    moved(lastActivity);
    endIfRefused();
  }

  private void throttle(int record, int place) {
    if (upThrottle == null) {
      upThrottle = new Throttle(owner.buckets(), Way.UP);
      downThrottle = new Throttle(owner.buckets(), Way.DOWN);
    }
    upThrottle.open(record, place);
    downThrottle.open(record, place);
  }

  // What its ways need.

  DatagramBatch batch() {
    return owner.batch();
  }

  DatagramTrain train() {
    return owner.train();
  }

  long now() {
    return owner.loop().now();
  }

  /**
   * A datagram sent before could not be delivered.
   *
   * @return whether it was sent to the target, so that the session ends
   */
  boolean failed(DatagramSide side, int errno) {
    if (side == target) {
      refused = errno;
    }
    return side == target;
  }

  void dropped(DatagramDrop why, long count) {
    dropped += count;
    owner.dropped(session, why, count);
  }

  @Override
  Session session() {
    return session;
  }

  @Override
  void pump() {
    boolean any = up.pump();
    any |= down.pump();
    if (any) {
      moved(owner.loop().now());
    }
    if (endIfRefused()) {
      return;
    }
    if (down.done()) {
      end(Result.OK, Term.NORMAL);
    } else if (up.more() || down.more()) {
      owner.continueNextTurn(this);
    }
  }

  private void moved(long now) {
    lastActivity = now;
    owner.moved(session, up, down, dropped, now);
    if (countedDown == 0 && down.datagrams() > 0) {
      owner.answered(session);
    }
    owner.count(session, up.datagrams() - countedUp, down.datagrams() - countedDown);
    countedUp = up.datagrams();
    countedDown = down.datagrams();
  }

  private boolean endIfRefused() {
    if (refused == 0) {
      return false;
    }
    owner.refused(session, refused);
    end(Result.NO_TARGET, Term.TARGET_REFUSED);
    return true;
  }

  @Override
  void classChanged() {
    // Nothing waits for its class.
  }

  /** The timer runs late on purpose: activity does not move it, it looks when it comes. */
  private void idleExpired(long now) {
    if (now - lastActivity < idleNanos) {
      owner.loop().timers().set(idle, lastActivity + idleNanos);
    } else {
      end(Result.OK, Term.NORMAL);
    }
  }

  @Override
  void end(Result result, Term term) {
    Session ended = session;
    up.release();
    down.release();
    long full = client.lost() + target.lost();
    if (full > 0) {
      dropped(DatagramDrop.FULL, full);
    }
    owner.moved(ended, up, down, dropped, lastActivity);
    owner.loop().timers().clear(idle);
    client.close();
    target.close();
    if (throttled) {
      upThrottle.end(owner.loop().now());
      downThrottle.end(owner.loop().now());
    }
    session = null;
    owner.ended(this, ended, result, term);
  }

  // For the errno of a descriptor that is none.

  static String why(int errno) {
    return errno == Errno.EINVAL
        ? "no socket of datagrams that does not wait"
        : Errno.watching(errno);
  }
}
