package org.portbouncer.core.shared;

import org.portbouncer.core.config.BandwidthClass.SharedBy;
import org.portbouncer.core.config.Configuration.StateTransfer;
import org.portbouncer.core.session.Result;
import org.portbouncer.core.session.SessionState;
import org.portbouncer.core.session.StageId;
import org.portbouncer.core.session.Term;
import org.portbouncer.core.sys.Coded;

/**
 * What tells one arrangement of the shared memory from another: one number, made of the sizes, of
 * the constants that have a place there, in their order, and of the codes that stand there. Two
 * versions of the program can use one area where it is the same; it stands in the headers, and a
 * process that opens an area compares it. In every process; computed once, when the class is
 * loaded.
 *
 * <p>A {@link org.portbouncer.core.session.Cause} is not part of it: who does not know its code
 * leaves it out of a line, and nothing is counted by it.
 */
final class SharedLayout {

  /** Raise it with a change that nothing below shows: fields that change places or meaning. */
  private static final int MEANING = 2;

  /** This program's. */
  static final int ID = id();

  private SharedLayout() {}

  private static int id() {
    long id = MEANING;
    // Both, so that what a record grows by is not taken for what a table does.
    id = 31 * id + SharedArea.size(64);
    id = 31 * id + SharedArea.size(128);
    id = 31 * id + SessionTable.RECORD;
    id = 31 * id + SessionState.BYTES;
    id = places(id, WorkerBoard.Count.values());
    id = places(id, ListenerCounters.Count.values());
    id = places(id, ListenerTimes.Step.values());
    id = places(id, DatagramDrop.values());
    id = places(id, AclCounters.Decision.values());
    id = places(id, TargetBoard.Outcome.values());
    id = places(id, TargetBoard.Ahead.values());
    id = places(id, Limit.Per.values());
    id = places(id, Result.values());
    id = places(id, StageId.values());
    id = codes(id, Result.values());
    id = codes(id, StageId.values());
    id = codes(id, SessionTable.Phase.values());
    id = codes(id, SessionFlow.Place.values());
    id = codes(id, Term.values());
    id = codes(id, TargetBoard.Mode.values());
    id = codes(id, StateTransfer.Mode.values());
    id = codes(id, SharedBy.values());
    return (int) (id ^ id >>> 32);
  }

  /** Constants whose order is that of places. */
  static long places(long id, Enum<?>[] constants) {
    long mixed = 31 * id + constants.length;
    for (Enum<?> each : constants) {
      mixed = 31 * mixed + each.name().hashCode();
    }
    return mixed;
  }

  /** Constants whose codes stand there. */
  static long codes(long id, Coded[] constants) {
    long mixed = 31 * id + constants.length;
    for (Coded each : constants) {
      mixed = 31 * (31 * mixed + ((Enum<?>) each).name().hashCode()) + each.code();
    }
    return mixed;
  }
}
