package org.portbouncer.launcher.mother.staff;

/** Who is told of a worker's news, on the thread of the mother's loop. */
interface WorkerWatcher {
  /** It serves. */
  void ready(WorkerProcess worker);

  /** It has learnt a configuration, or its next inboxes. */
  void knows(WorkerProcess worker);

  /** It cannot take a configuration. */
  void refused(WorkerProcess worker, int epoch, String why);

  /**
   * Its process has ended, and touches nothing any more.
   *
   * @param how for the log
   */
  void gone(WorkerProcess worker, String how);

  /**
   * Its sessions would end with it, though they should not.
   *
   * @param why for the log
   */
  void unkept(WorkerProcess worker, String why);

  /** Whether a worker runs in that process. */
  boolean isWorker(int pid);

  /** Whether a worker has said that this is its keeper. */
  boolean isKeeper(int pid);

  /** It has answered {@link WorkerLink#sync}. */
  void synced(WorkerProcess worker, int token);

  /**
   * It says that it has read a mark from its inbox.
   *
   * @return false where no such mark can be there
   */
  boolean marked(WorkerProcess worker, int token);
}
