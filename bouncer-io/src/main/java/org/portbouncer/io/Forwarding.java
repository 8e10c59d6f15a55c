package org.portbouncer.io;

import org.portbouncer.core.hop.Session;
import org.portbouncer.core.session.Result;
import org.portbouncer.core.session.Term;

/**
 * A session being forwarded, whatever it carries: a {@link Flow} of bytes, or a {@link
 * DatagramFlow}. In the io worker, on its loop's thread.
 */
interface Forwarding {

  /** Its session; null once it has ended. */
  Session session();

  /** Moves what can be moved, both ways, and ends the session where it is time. */
  void pump();

  /** What its class allows may have changed. */
  void classChanged();

  /** Lets go of everything and ends the session. */
  void end(Result result, Term term);

  /** Whether it waited for no turn until now; kept here so that it is queued once. */
  boolean markQueued();

  void unqueue();
}
