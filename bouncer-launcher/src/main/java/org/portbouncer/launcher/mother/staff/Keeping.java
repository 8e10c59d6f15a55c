package org.portbouncer.launcher.mother.staff;

import java.util.function.Consumer;
import java.util.function.IntPredicate;
import org.portbouncer.core.loop.EventLoop;
import org.portbouncer.core.sys.Errno;
import org.portbouncer.core.sys.SystemCallException;
import org.portbouncer.launcher.mother.rescue.Keeper;
import org.portbouncer.launcher.privilege.Confinement;

/**
 * Has the descriptors of one worker kept, one process of it after the other. On the thread of the
 * mother's loop.
 */
final class Keeping {

  private final EventLoop loop;
  private final Confinement confinement;

  /** What keeps them when the process dies; null for nothing. */
  private Keeper keeper;

  Keeping(EventLoop loop, Confinement confinement) {
    this.loop = loop;
    this.confinement = confinement;
  }

  /** What keeps its descriptors when it has ended; null for nothing. */
  Keeper keeper() {
    return keeper;
  }

  /**
   * Has a worker start its keeper.
   *
   * @param unkept told why there can be none
   * @return 0, or the errno of a link that does not take it
   */
  int begin(WorkerLink link, Consumer<String> unkept) {
    try {
      keeper = Keeper.prepare(loop);
    } catch (SystemCallException e) {
      unkept.accept(e.getMessage());
      return 0;
    }
    int errno = link.keep(confinement.keeperFilter(), keeper.reading());
    keeper.sent();
    return errno;
  }

  /**
   * It is started, says the worker.
   *
   * @param keeperPid its pid, or the negated errno of clone(2)
   * @param worker the pid of the worker
   * @param isWorker whether that is a worker's process
   * @return why it is none; "" where it is
   */
  String started(int keeperPid, int worker, boolean isWorker) {
    String why =
        keeperPid <= 0
            ? "clone: " + Errno.text(-keeperPid)
            : keeper.found(worker, keeperPid, isWorker);
    if (!why.isEmpty()) {
      keeper.release();
      keeper = null;
    }
    return why;
  }

  /**
   * Lets go of what has kept the descriptors of a process that has ended.
   *
   * @param gone its keeper; null for none
   * @param isKeeper whether a worker has said so of a process
   */
  void release(Keeper gone, IntPredicate isKeeper) {
    if (gone != null) {
      gone.release();
      if (gone.process() == null) {
        Keeper.reapStrays(loop, isKeeper);
      }
    }
  }
}
