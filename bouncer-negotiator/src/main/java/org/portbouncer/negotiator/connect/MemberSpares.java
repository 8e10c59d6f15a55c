package org.portbouncer.negotiator.connect;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.portbouncer.core.config.Endpoint;
import org.portbouncer.core.config.SocketSettings;
import org.portbouncer.core.config.TargetGroup;
import org.portbouncer.core.loop.Timer;
import org.portbouncer.core.session.Cause;
import org.portbouncer.core.shared.TargetBoard;
import org.portbouncer.core.shared.TargetBoard.Ahead;
import org.portbouncer.core.sys.Errno;
import org.portbouncer.core.worker.SocketSetup;
import org.portbouncer.core.worker.Worker;

/**
 * The connections that this worker has opened ahead to one member. It keeps as many as the group
 * says while the member is up, none while it is not, and none that is old: what lies between may
 * have forgotten it, and nobody would be told. On the thread of the connect worker's loop.
 */
final class MemberSpares {

  /** How often it looks whether the member is up, and which connections are old. */
  private static final long LOOK_NANOS = 500_000_000;

  /** The next so many are opened after a moment, so that sessions come between. */
  private static final int AT_ONCE = 32;

  private static final long MOMENT_NANOS = 1_000_000;

  /**
   * The oldest that a session gets: below what servers give a client to say something (20 s with
   * Apache, 50 to 60 with others).
   */
  private static final long OLDEST_NANOS = 10_000_000_000L;

  /** A target that ends a connection sooner than this does not want it. */
  private static final long SOON_NANOS = 1_000_000_000;

  /** How long it waits after failures, at most. */
  private static final long LONGEST_WAIT_NANOS = 30_000_000_000L;

  private final ConnectStage stage;
  private final Worker worker;
  private final TargetGroup group;
  private final TargetGroup.Member member;
  private final int place;
  private final SocketSetup setup;
  private final List<SpareConnection> opening = new ArrayList<>();

  /** The youngest first. */
  private final ArrayDeque<SpareConnection> open = new ArrayDeque<>();

  private final ArrayDeque<SpareConnection> free = new ArrayDeque<>();
  private final Timer next =
      new Timer() {
        @Override
        protected void expired(long now) {
          look(now);
        }
      };

  /** Learned from the target, which may end them sooner. */
  private long oldest = OLDEST_NANOS;

  /** In a row. */
  private int failures;

  /** No new one before this; 0 for at once. */
  private long notBefore;

  /** Whether the target speaks first: it is left alone. */
  private boolean unwanted;

  MemberSpares(ConnectStage stage, TargetGroup group, int index, int place) {
    this.stage = stage;
    this.worker = stage.worker();
    this.group = group;
    this.member = group.members().get(index);
    this.place = place;
    if (member.sockets().isNone()) {
      setup = null;
    } else {
      setup = new SocketSetup();
      setup.begin(member.sockets());
    }
  }

  private TargetBoard board() {
    return worker.area().targets();
  }

  Endpoint target() {
    return member.address();
  }

  SocketSetup setup() {
    return setup;
  }

  void begin() {
    look(worker.loop().now());
  }

  /** Drops what is old or in vain, opens what is missing. */
  private void look(long now) {
    if (unwanted) {
      return;
    }
    long again = LOOK_NANOS;
    if (!board().isUp(place, now)) {
      drop();
      failures = 0;
      notBefore = 0;
    } else {
      expire(now);
      again = fill(now) ? LOOK_NANOS : MOMENT_NANOS;
      if (!open.isEmpty()) {
        again = Math.min(again, open.peekLast().since() + oldest - now + 1);
      }
    }
    worker.loop().timers().set(next, now + again);
  }

  private void expire(long now) {
    while (!open.isEmpty() && now - open.peekLast().since() > oldest) {
      release(open.pollLast(), Ahead.DROPPED);
      // A target that was restarted once is not one that ends them early for ever.
      oldest = Math.min(OLDEST_NANOS, oldest + oldest / 16);
    }
    // Those behind fail with it, and each takes itself out.
    while (!opening.isEmpty() && now - opening.getFirst().since() > OLDEST_NANOS) {
      failed(opening.getFirst(), Cause.NO_ANSWER, 0);
    }
  }

  /** Opens what is missing; false where there is more to open in a moment. */
  private boolean fill(long now) {
    int begun = 0;
    while (lacks() && (notBefore == 0 || now - notBefore >= 0)) {
      if (begun++ == AT_ONCE) {
        return false;
      }
      SpareConnection spare = free.isEmpty() ? new SpareConnection(stage, this) : free.pop();
      opening.add(spare);
      if (!spare.open(target(), group.resolveMs() * 1_000_000)) {
        opening.remove(spare);
        free.push(spare);
        return true;
      }
    }
    return true;
  }

  /** A member of which no more sessions may be has no more connections either. */
  private boolean lacks() {
    int most = group.spareConnections();
    if (member.maxSessions() > 0) {
      most = Math.min(most, member.maxSessions() - board().active(place));
    }
    return open.size() + opening.size() < most;
  }

  /**
   * The youngest that still lives, for a session whose socket is to be made like this; null for
   * none. {@link SpareConnection#take} comes next.
   */
  SpareConnection take(SocketSettings settings) {
    if (open.isEmpty() || !settings.equals(member.sockets())) {
      return null;
    }
    while (!open.isEmpty()) {
      SpareConnection youngest = open.peekFirst();
      int heard = youngest.heard();
      if (heard == Errno.EAGAIN) {
        open.pollFirst();
        board().ahead(place, Ahead.USED);
        free.push(youngest);
        failures = 0;
        notBefore = 0;
        worker.loop().timers().set(next, worker.loop().now());
        return youngest;
      }
      ended(youngest, heard == 0);
    }
    return null;
  }

  // What becomes of them.

  void opened(SpareConnection spare) {
    opening.remove(spare);
    open.push(spare);
    board().ahead(place, Ahead.OPENED);
  }

  /** It could not be opened: there is no hurry to try again. */
  void failed(SpareConnection spare, Cause cause, int errno) {
    opening.remove(spare);
    release(spare, Ahead.FAILED);
    board().error(place, cause, errno);
    waits();
  }

  private void waits() {
    long wait = Math.min(LONGEST_WAIT_NANOS, LOOK_NANOS << Math.min(failures, 6));
    failures++;
    notBefore = worker.loop().now() + wait;
  }

  /** The target has ended it, or has said something. */
  void ended(SpareConnection spare, boolean said) {
    long age = worker.loop().now() - spare.since();
    open.remove(spare);
    release(spare, Ahead.DROPPED);
    if (age >= SOON_NANOS) {
      // It has waited long enough for a client, and has perhaps said so.
      oldest = Math.max(SOON_NANOS, Math.min(oldest, age / 4 * 3));
      worker.loop().timers().set(next, worker.loop().now());
    } else if (said) {
      leaveAlone();
    } else {
      waits();
    }
  }

  private void leaveAlone() {
    unwanted = true;
    end();
    worker
        .log()
        .warn(
            worker.loop().now(),
            group.named(member)
                + " speaks before the client does: no connections are opened ahead to it");
  }

  private void release(SpareConnection spare, Ahead what) {
    spare.close();
    free.push(spare);
    board().ahead(place, what);
  }

  private void drop() {
    while (!open.isEmpty()) {
      release(open.pollLast(), Ahead.DROPPED);
    }
    for (SpareConnection spare : opening) {
      spare.close();
      free.push(spare);
    }
    opening.clear();
  }

  /** Keeps none any more. */
  void end() {
    worker.loop().timers().clear(next);
    drop();
  }
}
