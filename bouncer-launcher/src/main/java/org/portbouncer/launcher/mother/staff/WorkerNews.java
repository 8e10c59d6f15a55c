package org.portbouncer.launcher.mother.staff;

/** Who waits for workers; told on the thread of the mother's loop. */
public interface WorkerNews {
  /** Every worker is ready, for the first time; called once. */
  default void allReady() {}

  /** A worker has come, gone, or learnt a configuration. */
  default void changed() {}

  /** A worker cannot take a configuration. */
  default void refused(WorkerProcess worker, int epoch, String why) {}

  /** A worker's JVM does not take the options that it is started with, nor will it ever. */
  default void unstartable(String why) {}

  /** A worker has died. */
  default void died(WorkerProcess worker, String how) {}
}
