package org.portbouncer.launcher.mother.staff;

import java.util.List;
import org.portbouncer.launcher.mother.rescue.Inboxes;

/** Who goes on with the live sessions of an io worker that has ended. On the mother's loop. */
final class Heirs {

  private final Staff staff;
  private final Shares shares;

  Heirs(Staff staff, Shares shares) {
    this.staff = staff;
    this.shares = shares;
  }

  /**
   * Those who get them, in turn: another server's workers where there is one; all, where it ended
   * so that new ones have their share; others, or else its successor.
   */
  List<Inboxes.Inbox> of(WorkerProcess gone) {
    return staff.successors().isEmpty()
        ? here(gone).stream().map(WorkerProcess::inbox).toList()
        : staff.successors();
  }

  private List<WorkerProcess> here(WorkerProcess gone) {
    List<WorkerProcess> sharing = shares.heirs(gone);
    if (!sharing.isEmpty()) {
      return sharing;
    }
    List<WorkerProcess> io = staff.forwarding();
    List<WorkerProcess> serving =
        io.stream().filter(one -> one != gone && one.linked() && one.serves()).toList();
    return serving.isEmpty() ? io : serving;
  }
}
