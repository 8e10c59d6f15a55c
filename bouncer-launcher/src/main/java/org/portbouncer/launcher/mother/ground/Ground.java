package org.portbouncer.launcher.mother.ground;

import org.portbouncer.core.loop.EventLoop;
import org.portbouncer.core.loop.Mailbox;
import org.portbouncer.core.session.StageId;
import org.portbouncer.core.shared.RecordAllocator;
import org.portbouncer.core.shared.SessionTable;
import org.portbouncer.core.shared.SharedArea;
import org.portbouncer.core.worker.Epochs;
import org.portbouncer.core.worker.SessionEnd;

/**
 * What every part of the mother stands on: her loop, the memory that she shares with the workers,
 * the books of sessions. Made before any of them, and never changed.
 *
 * @param mailbox of the loop, for tasks from other threads
 * @param records hands out the records of the session table
 * @param live walks over those of live sessions
 * @param epochs the configurations that live sessions began under
 * @param pid the mother's
 * @param batch how many sessions one message between {@linkplain StageId stages} holds at most
 */
public record Ground(
    EventLoop loop,
    Mailbox mailbox,
    SharedArea area,
    RecordAllocator records,
    LiveRecords live,
    Epochs epochs,
    SessionEnd ends,
    StateMaker states,
    int pid,
    int batch) {

  public SessionTable table() {
    return area.sessions();
  }

  /** How many sessions there are, from accept to end; from any thread. */
  public int active() {
    return records.active();
  }

  /** Has {@code task} run on the loop's thread; from any other. */
  public void post(Runnable task) {
    mailbox.post(task);
  }
}
