package org.portbouncer.core.worker;

import org.portbouncer.core.hop.Session;
import org.portbouncer.core.session.Cause;
import org.portbouncer.core.session.Result;
import org.portbouncer.core.session.SessionState;
import org.portbouncer.core.session.Term;
import org.portbouncer.core.shared.SessionTable;
import org.portbouncer.core.shared.WorkerBoard;

/**
 * What becomes of a session that comes to a worker: its record is claimed, and the {@link Stage}
 * gets it, or it ends at once, because it is not wanted any more or names what nobody knows. In
 * every worker, on the thread of its loop.
 */
final class Arrivals {

  private final Worker worker;
  private final Stage stage;
  private final Epochs epochs;

  /** Set once the server ends all sessions: those still on their way end with it too. */
  private Result endingWith;

  Arrivals(Worker worker, Stage stage, Epochs epochs) {
    this.worker = worker;
    this.stage = stage;
    this.epochs = epochs;
  }

  /** A session came over the hop. */
  void arrived(Session session) {
    SessionTable table = worker.table();
    long now = worker.loop().now();
    int hopMicros = table.arrive(session.state(), stage.id(), worker.pid(), now);
    if (hopMicros == SessionTable.GONE) {
      // Ended while it was on its way, by the mother's clock or the operator.
      worker.pool().release(session);
      return;
    }
    if (session.state().resumed()) {
      resumed(session.state());
    } else {
      worker.hop(hopMicros);
    }
    if (worker.log().debugs()) {
      String came = "session " + session.state().id() + " came, after " + hopMicros + " us";
      worker.log().debug(now, came);
    }
    if (endingWith != null) {
      worker.end(session, endingWith, Term.KILLED_SETUP, endingCause(), 0);
    } else if (table.unwanted(session.state().record()) != null) {
      endUnwanted(session);
    } else if (!understood(session)) {
      worker.log().error(now, "session " + session.state().id() + " names what is not configured");
      worker.end(session, Result.ERROR, Term.INTERNAL_SETUP, Cause.NOT_CONFIGURED, 0);
    } else {
      stage.session(session);
    }
  }

  /** One that another worker has forwarded so far. */
  private void resumed(SessionState state) {
    worker.count(WorkerBoard.Count.RESUMED, 1);
    worker.count(WorkerBoard.Count.RECEIVED, -1);
    worker.table().flow().stoodStill(state.record(), System.nanoTime() - state.deadline());
    state.deadline(0);
  }

  /** A session came without all of its descriptors. */
  void endLacking(Session session) {
    long now = worker.loop().now();
    if (worker.table().arrive(session.state(), stage.id(), worker.pid(), now)
        == SessionTable.GONE) {
      worker.pool().release(session);
    } else {
      worker.end(session, Result.ERROR, Term.RESOURCE);
    }
  }

  /** Whether the state's indexes lie in its configuration; a sender that was taken over may lie. */
  private boolean understood(Session session) {
    Epoch epoch = epochs.get(session.state().epoch());
    return epoch != null && epoch.knows(session.state());
  }

  /** Ends a session that came and is to go at once. */
  private void endUnwanted(Session session) {
    int record = session.state().record();
    Result result = worker.table().unwanted(record);
    Cause cause = worker.table().unwantedCause(record);
    worker.end(session, result, unwantedTerm(result, false), cause, 0);
  }

  /** A held session that stood still for another server goes on here after all. */
  void stays(Session session) {
    stage.goOn(session);
    if (endingWith != null) {
      worker.because(session, endingCause(), 0);
      stage.endHeld(session, endingWith, Term.KILLED_DATA);
    }
  }

  /** Ends those held sessions that the operator, or newer rules, want gone. */
  void endUnwantedHeld() {
    boolean data = stage.id().forwards();
    for (Session session : worker.allHeld()) {
      int record = session.state().record();
      Result result = worker.table().unwanted(record);
      if (result != null) {
        worker.because(session, worker.table().unwantedCause(record), 0);
        stage.endHeld(session, result, unwantedTerm(result, data));
      }
    }
  }

  private static Term unwantedTerm(Result result, boolean data) {
    if (result == Result.BLOCKED) {
      return data ? Term.BLOCKED_DATA : Term.BLOCKED;
    }
    return data ? Term.KILLED_DATA : Term.KILLED_SETUP;
  }

  /** Ends all held sessions, and from here on all that come. */
  void endAll(Result result) {
    endingWith = result;
    Term term = stage.id().forwards() ? Term.KILLED_DATA : Term.KILLED_SETUP;
    for (Session session : worker.allHeld()) {
      worker.because(session, endingCause(), 0);
      stage.endHeld(session, result, term);
    }
  }

  private Cause endingCause() {
    return endingWith == Result.KILLED ? Cause.STOPPED : Cause.UNSAID;
  }
}
