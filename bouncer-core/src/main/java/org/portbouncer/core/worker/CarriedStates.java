package org.portbouncer.core.worker;

import java.lang.foreign.MemorySegment;
import org.portbouncer.core.config.Configuration.StateTransfer.Mode;
import org.portbouncer.core.hop.Session;
import org.portbouncer.core.hop.StateFiles;
import org.portbouncer.core.session.Sections;
import org.portbouncer.core.shared.WorkerBoard;

/**
 * The states of the sessions that a worker has, as they were carried to it: what grows on the way,
 * and what goes when the set-up is done. On the thread of the worker's loop.
 */
final class CarriedStates {

  private final Worker worker;
  private final SessionEnd ends;
  private final Padding padding = new Padding();
  private final StateFiles files = new StateFiles("");

  /**
   * @param ends has the slots that states lie in given back
   */
  CarriedStates(Worker worker, SessionEnd ends) {
    this.worker = worker;
    this.ends = ends;
  }

  /** As {@link Worker#setUp}. */
  boolean setUp(Session session) {
    int record = session.state().record();
    int length = session.state().length();
    worker.table().transfer().set(record, session.transfer(), length);
    worker.count(WorkerBoard.Count.stateBytes(session.transfer()), length);
    boolean intact = padding.intact(session);
    session.keepHead();
    ends.freeSlot(record);
    return intact;
  }

  /** As {@link Worker#addSection}. */
  int addSection(Session session, Sections.Type type, MemorySegment from, long at, int length) {
    boolean inSlot = session.transfer() == Mode.SHM;
    int errno = files.addSection(session, type, from, at, length);
    int record = session.state().record();
    if (inSlot && session.transfer() != Mode.SHM) {
      worker.count(WorkerBoard.Count.SPILLED, 1);
      ends.freeSlot(record);
    }
    worker.table().transfer().set(record, session.transfer(), session.state().length());
    return errno;
  }
}
