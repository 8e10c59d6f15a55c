package org.portbouncer.core.worker;

import org.portbouncer.core.hop.HopReceiver;
import org.portbouncer.core.hop.HopSender;
import org.portbouncer.core.hop.Session;

/**
 * Session objects that are used again, so that setting a session up makes no garbage. One thread.
 */
public final class SessionPool implements HopReceiver.Pool, HopSender.Sent {

  private static final int KEPT = 4096;

  private final Session[] free = new Session[KEPT];
  private int count;

  @Override
  public Session obtain() {
    return count > 0 ? free[--count] : new Session();
  }

  /** Closes what the session still holds and keeps the object. */
  @Override
  public void release(Session session) {
    session.clear();
    if (count < KEPT) {
      free[count++] = session;
    }
  }

  @Override
  public void sent(Session session) {
    release(session);
  }
}
