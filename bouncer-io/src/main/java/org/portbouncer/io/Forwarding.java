package org.portbouncer.io;

import org.portbouncer.core.hop.Session;
import org.portbouncer.core.session.Result;
import org.portbouncer.core.session.Term;

/**
 * A session being forwarded, whatever it carries: a {@link Flow} of bytes, or a {@link
 * DatagramFlow}. In the io worker, on its loop's thread.
 */
abstract class Forwarding {

  /** Whether it waits for a turn, so that it is queued once. */
  private boolean queued;

  /** Its session; null once it has ended. */
  abstract Session session();

  /** Moves what can be moved, both ways, and ends the session where it is time. */
  abstract void pump();

  /** What its class allows may have changed. */
  abstract void classChanged();

  /** Lets go of everything and ends the session. */
  abstract void end(Result result, Term term);

  /** Whether it waited for no turn until now. */
  final boolean markQueued() {
    boolean was = queued;
    queued = true;
    return !was;
  }

  final void unqueue() {
    queued = false;
  }
}
