package org.portbouncer.launcher.mother.doors;

import java.lang.foreign.MemorySegment;
import org.portbouncer.core.config.Configuration;
import org.portbouncer.core.hop.Session;
import org.portbouncer.core.session.Descriptors;
import org.portbouncer.core.session.Result;
import org.portbouncer.core.session.Sections;
import org.portbouncer.core.session.SessionState;
import org.portbouncer.core.session.StageId;
import org.portbouncer.core.session.Term;
import org.portbouncer.core.shared.ListenerCounters;
import org.portbouncer.core.shared.RecordAllocator;
import org.portbouncer.core.shared.SharedArea;
import org.portbouncer.core.worker.Outbox;
import org.portbouncer.core.worker.SessionEnd;
import org.portbouncer.core.worker.SessionPool;
import org.portbouncer.launcher.mother.ground.Ground;
import org.portbouncer.launcher.mother.ground.StateMaker;

/**
 * Makes a session of each client, and gives it its first hop. In the mother, on her loop's thread;
 * no object per client that is not pooled.
 */
final class Admission {

  private final SharedArea area;
  private final RecordAllocator records;
  private final SessionEnd ends;
  private final SessionPool pool;
  private final StateMaker states;
  private final Outbox outbox;
  private long lastId;

  Admission(Ground ground, Outbox outbox, SessionPool pool) {
    this.area = ground.area();
    this.records = ground.records();
    this.ends = ground.ends();
    this.states = ground.states();
    this.outbox = outbox;
    this.pool = pool;
  }

  /** The number of the last session. */
  long lastId() {
    return lastId;
  }

  /** The next session has the number after this one. */
  void countFrom(long last) {
    lastId = last;
  }

  /**
   * Begins a session, which lacks its addresses.
   *
   * @param fd the client's socket, the session's from here on; -1 for none
   * @param record taken for it
   */
  Session begin(Door door, int fd, int record) {
    long negotiateMs =
        door.epoch().configuration().listeners().get(door.listener()).timeouts().negotiateMs();
    Session session = pool.obtain();
    if (fd >= 0) {
      session.descriptors().put(Descriptors.CLIENT, fd);
    }
    long id = ++lastId;
    states.begin(session, id);
    SessionState state = session.state();
    long now = System.nanoTime();
    state.identify(id, record, area.sessions().generation(record));
    state.origin(door.epoch().number(), door.listener(), door.endpoint());
    state.accepted(now);
    state.deadline(negotiateMs == 0 ? 0 : now + negotiateMs * 1_000_000);
    return session;
  }

  /** Fills in the record of a session that has its addresses. */
  void admit(Door door, Session session) {
    SessionState state = session.state();
    area.sessions().admit(state.record(), state, door.slot(), System.currentTimeMillis());
    if (session.slot() >= 0) {
      area.sessions().transfer().slot(state.record(), session.slot());
    }
    area.listeners().add(door.slot(), ListenerCounters.Count.ACCEPTED, 1);
  }

  /**
   * Adds what the client has said already to the session's state.
   *
   * @return 0 or the errno; the session is as it was then
   */
  int add(Session session, Sections.Type type, MemorySegment from, int length) {
    boolean inSlot = session.slot() >= 0;
    int errno = states.addSection(session, type, from, length);
    if (inSlot && session.slot() < 0) {
      ends.freeSlot(session.state().record());
    }
    return errno;
  }

  /** Whether there are as many sessions as there may be, and so many more. */
  boolean isFull(Configuration configuration, int more) {
    return records.active() + more > configuration.maxSessions();
  }

  /** Passes an admitted session on, unless there are too many. */
  void goOn(Door door, Session session) {
    SessionState state = session.state();
    int record = state.record();
    if (isFull(door.epoch().configuration(), 0)) {
      refuse(session, Result.LIMITED, Term.BLOCKED);
      return;
    }
    states.place(session);
    area.sessions().transfer().set(record, session.transfer(), state.length());
    area.sessions().offered(record, StageId.FIRST, state.accepted());
    outbox.offer(session);
  }

  /** Ends an admitted session here. */
  void refuse(Session session, Result result, Term term) {
    int record = session.state().record();
    long accepted = session.state().accepted();
    pool.release(session);
    ends.end(record, area.sessions().generation(record), result, term, accepted);
  }
}
