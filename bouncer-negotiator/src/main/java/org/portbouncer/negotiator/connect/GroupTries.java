package org.portbouncer.negotiator.connect;

import java.util.BitSet;
import org.portbouncer.core.config.Endpoint;
import org.portbouncer.core.config.ProxyProtocol;
import org.portbouncer.core.config.SocketSettings;
import org.portbouncer.core.config.TargetGroup;
import org.portbouncer.core.hop.Session;
import org.portbouncer.core.loop.Timer;
import org.portbouncer.core.session.Cause;
import org.portbouncer.core.session.SessionState;
import org.portbouncer.core.shared.SessionRoute;
import org.portbouncer.core.shared.TargetBoard;
import org.portbouncer.core.worker.MemberFailure;
import org.portbouncer.core.worker.Worker;

/**
 * The members of a group that one session tries, one after the other: which are left, how long each
 * may take, and what each comes to on the {@link TargetBoard}. Belongs to a {@link ConnectAttempt},
 * which is told when the time of one is over. On the thread of the connect worker's loop.
 */
abstract class GroupTries {

  private final Worker worker;
  private final MemberChoice choice;
  private final BitSet tried = new BitSet();
  private final Timer share =
      new Timer() {
        @Override
        protected void expired(long now) {
          late();
        }
      };

  private Session session;
  private TargetGroup group;
  private int[] places;
  private int count;
  private int member = -1;

  GroupTries(Worker worker, MemberChoice choice) {
    this.worker = worker;
    this.choice = choice;
  }

  /** The member that is tried has had its part of the time. */
  abstract void late();

  /** Begins with a session; no member is tried yet. */
  void begin(Session session, int index) {
    this.session = session;
    group = worker.configuration(session).targets().get(index);
    places = worker.places(session).targets()[index];
  }

  /** Whether the session's target is a group. */
  boolean used() {
    return group != null;
  }

  /** How long an answer of name service serves for its members. */
  long keepNanos() {
    return group.resolveMs() * 1_000_000;
  }

  private TargetBoard board() {
    return worker.area().targets();
  }

  private SessionRoute route() {
    return worker.table().route();
  }

  private int record() {
    return session.state().record();
  }

  /**
   * Chooses the next member and counts the session there.
   *
   * @param deadline when all of it must be over, by the loop's clock; 0 for never
   * @return its address; null where there is none, and {@link #nothing} says why: what was tried
   *     last stays so
   */
  Endpoint next(long deadline) {
    SessionState state = session.state();
    long now = worker.loop().now();
    boolean late = false;
    int chosen = MemberChoice.NONE;
    while (count < group.attempts()) {
      chosen = choice.next(group, places, tried, state.memory(), state.client(), now);
      if (chosen < 0) {
        break;
      }
      tried.set(chosen);
      // Another worker may have taken the last of a member's places meanwhile.
      if (route()
          .enter(record(), board(), places[chosen], group.members().get(chosen).maxSessions())) {
        break;
      }
      late = true;
      chosen = MemberChoice.FULL;
    }
    if (chosen < 0) {
      full = late || chosen == MemberChoice.FULL;
      return null;
    }
    member = chosen;
    count++;
    route().attempt(record(), member, count);
    int left = left();
    if (deadline != 0 && left > 0) {
      worker.loop().timers().set(share, now + Math.max(0, deadline - now) / (left + 1));
    }
    return group.members().get(member).address();
  }

  private boolean full;

  /** Why there was no member. */
  Cause nothing() {
    return full ? Cause.MEMBERS_FULL : Cause.MEMBERS_DOWN;
  }

  /** How many more members may be tried, as things are now. */
  private int left() {
    int more = group.attempts() - count;
    return more == 0 ? 0 : Math.min(more, choice.left(group, places, tried, worker.loop().now()));
  }

  /** Which PROXY header the member gets, where the listener says {@code standard}. */
  ProxyProtocol.Send send(ProxyProtocol.Send standard) {
    ProxyProtocol.Send own = group.members().get(member).send();
    return own == null ? standard : own;
  }

  /** How sockets to the member are made. */
  SocketSettings sockets() {
    return group.members().get(member).sockets();
  }

  /** Where the member that is tried counts on the board. */
  int place() {
    return places[member];
  }

  /** How many were tried. */
  int count() {
    return count;
  }

  /** Which member is tried, in words; "" for none. */
  String text() {
    return member < 0
        ? ""
        : group.members().get(member).name()
            + " ("
            + group.members().get(member).address().text()
            + ")";
  }

  /**
   * The member answered: the session stays counted there.
   *
   * @param unproven whether nobody has said so yet: it is reached by datagrams, and the io worker
   *     sees what comes of them
   */
  void connected(boolean unproven) {
    worker.loop().timers().clear(share);
    if (!unproven) {
      board().connected(places[member]);
    }
  }

  /** A proxy did not lead to it: that is no word about the member. */
  void notReached(Cause cause, int code) {
    worker.loop().timers().clear(share);
    board().notReached(places[member], cause, code);
    route().leave(record(), board());
  }

  /** The member did not: the session is not counted there any more. */
  void failed(Cause cause, int errno) {
    worker.loop().timers().clear(share);
    MemberFailure.note(worker, group, member, places[member], cause, errno);
    route().leave(record(), board());
  }

  /** Forgets the session; what it is counted at goes with its record. */
  void clear() {
    if (group == null) {
      return;
    }
    worker.loop().timers().clear(share);
    tried.clear();
    session = null;
    group = null;
    places = null;
    count = 0;
    member = -1;
    full = false;
  }
}
