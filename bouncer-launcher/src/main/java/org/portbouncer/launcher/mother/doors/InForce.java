package org.portbouncer.launcher.mother.doors;

import org.portbouncer.core.config.Configuration;
import org.portbouncer.core.worker.Epoch;

/**
 * What is in force: the configuration that new sessions begin under, the sockets that they come
 * through, and whether the server serves. Changed on the loop's thread; the sockets are for that
 * alone, the rest may be read from any.
 */
public final class InForce {

  private volatile Epoch epoch;
  private Listeners listeners;
  private volatile boolean serving;
  private volatile boolean stopping;

  /** From now on this counts. */
  public void put(Epoch newer, Listeners sockets) {
    epoch = newer;
    listeners = sockets;
  }

  public Epoch epoch() {
    return epoch;
  }

  public Configuration configuration() {
    return epoch.configuration();
  }

  public Listeners listeners() {
    return listeners;
  }

  /** Every worker has served once. */
  public void serve() {
    serving = true;
  }

  /** Clients are not accepted any more. */
  public void stop() {
    serving = false;
    stopping = true;
  }

  /** Whether every worker has served once, and the server does not stop. */
  public boolean serving() {
    return serving;
  }

  public boolean stopping() {
    return stopping;
  }
}
