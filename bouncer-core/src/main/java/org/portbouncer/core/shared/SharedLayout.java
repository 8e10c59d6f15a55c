package org.portbouncer.core.shared;

import java.util.List;
import org.portbouncer.core.config.BandwidthClass.SharedBy;
import org.portbouncer.core.config.Configuration.StateTransfer;
import org.portbouncer.core.session.Result;
import org.portbouncer.core.session.SessionState;
import org.portbouncer.core.session.StageId;
import org.portbouncer.core.session.Term;
import org.portbouncer.core.sys.Coded;

/**
 * What tells one arrangement of the shared memory from another: one number, made of the sizes, of
 * every {@link Layout}, with the constants that have a place there, and of the codes that stand
 * there. Two versions of the program can use one area where it is the same; it stands in the
 * headers, and a process that opens an area compares it. In every process; computed once, when the
 * class is loaded.
 *
 * <p>A {@link org.portbouncer.core.session.Cause} is not part of it: who does not know its code
 * leaves it out of a line, and nothing is counted by it.
 */
final class SharedLayout {

  /** Raise it with a change that nothing below shows: a field that means something else. */
  private static final int MEANING = 3;

  /** This program's. */
  static final int ID = id();

  private SharedLayout() {}

  private static int id() {
    long id = MEANING;
    // Both, so that what a record grows by is not taken for what a table does.
    id = 31 * id + SharedArea.size(64);
    id = 31 * id + SharedArea.size(128);
    id = 31 * id + SessionState.BYTES;
    for (Layout each : layouts()) {
      id = 31 * id + each.id();
    }
    // Places that are counted out by arithmetic, not by a layout.
    id = 31 * id + TimeBuckets.BYTES;
    id = 31 * id + HashedPlaces.WAYS;
    id = 31 * id + HashedPlaces.BUCKET;
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

  /** Of every piece of memory that several processes see. */
  static List<Layout> layouts() {
    return List.of(
        SharedArea.HEAD,
        StateSlots.HEAD,
        StateSlots.SLOT,
        WorkerBoard.LAYOUT,
        ListenerCounters.LAYOUT,
        ListenerTimes.LAYOUT,
        LastFailure.LAYOUT,
        AclCounters.LAYOUT,
        SharedParts.LAYOUT,
        RecordLayout.LAYOUT,
        RecordLayout.BEHIND,
        SessionRoute.LAYOUT,
        SessionFlow.LAYOUT,
        LimitTable.LAYOUT,
        RateWindow.LAYOUT,
        ClassBoard.LAYOUT,
        ClassBoard.SET,
        BucketTable.LAYOUT,
        Line.LAYOUT,
        TargetBoard.LAYOUT,
        TargetChecks.LAYOUT);
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
