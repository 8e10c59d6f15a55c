package org.portbouncer.core.worker;

/**
 * What a worker's process can become: one for each stage, implemented by the main class of the
 * stage's workers, so that one process can have all of them on its class path and be any. Has a
 * constructor without parameters.
 */
public interface Role {

  /** Called once as the process starts, whether or not it comes to serve this stage. */
  default void begin() {}

  /** Makes the stage; on the thread of the worker's loop, once in a process. */
  Stage stage(Worker worker);
}
