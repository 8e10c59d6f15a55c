package org.portbouncer.launcher.bench;

/**
 * One way of handing states over, from one process to another over one datagram socket. The sending
 * process calls {@link #send} for each message in turn, the receiving one {@link #receive}; an
 * instance serves one of them, for one run.
 */
interface Carrier {

  /** Sends message {@code number}; waits where the receiver is behind. */
  void send(long number);

  /**
   * Receives and checks messages, at least number {@code next}; the number of the one that is due
   * then.
   */
  long receive(long next);

  /** Gives back what the run held; called once at its end. */
  default void close() {}
}
