package org.portbouncer.negotiator.connect;

import org.portbouncer.core.config.Endpoint;

/**
 * The targets of clients whose port counts: made once for each, and kept for the next client of the
 * same port. On the thread of the connect worker's loop.
 */
final class PortsAdded {

  /** Of two that meet in one place, the later stays. A power of two. */
  private static final int PLACES = 4096;

  private final Endpoint[] relative = new Endpoint[PLACES];
  private final Endpoint[] made = new Endpoint[PLACES];

  /** The target of a client who came to port {@code cameTo}. */
  Endpoint target(Endpoint target, int cameTo) {
    int place = (target.hashCode() * 31 + cameTo) & PLACES - 1;
    if (made[place] == null
        || made[place].port() != cameTo + target.port()
        || !target.equals(relative[place])) {
      relative[place] = target;
      made[place] = target.from(cameTo);
    }
    return made[place];
  }
}
