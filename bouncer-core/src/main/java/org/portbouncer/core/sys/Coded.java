package org.portbouncer.core.sys;

/**
 * A constant that another process sees as a number: in shared memory, in a hop's message, on a
 * control link. The number stands beside the name, so that neither a new constant nor another order
 * changes what is there already. In every process.
 */
public interface Coded {

  /** What the others see; 0 to 255, and no other's of its kind. */
  int code();
}
