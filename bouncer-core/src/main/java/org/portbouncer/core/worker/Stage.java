package org.portbouncer.core.worker;

import org.portbouncer.core.config.ChainSecrets;
import org.portbouncer.core.control.Staying;
import org.portbouncer.core.hop.Session;
import org.portbouncer.core.session.Result;
import org.portbouncer.core.session.StageId;
import org.portbouncer.core.session.Term;

/**
 * What one stage does; everything else of a worker is {@link Worker}. Called on the thread of the
 * worker's loop alone.
 */
public interface Stage {

  /** Which one this is. */
  StageId id();

  /**
   * Makes ready what a configuration needs. At the start on the loop's thread, later on another
   * one, so that sessions do not wait: nothing of the stage may be changed here.
   *
   * @return what to do on the loop's thread when the configuration is known there
   */
  default Runnable prepare(Epoch epoch) {
    return () -> configured(epoch);
  }

  /** A configuration came; called on the loop's thread before any session of its epoch. */
  default void configured(Epoch epoch) {}

  /**
   * What proxies are to be told by sessions of {@code epoch} and later ones, until others come; for
   * connect alone, before that configuration.
   */
  default void secrets(int epoch, ChainSecrets secrets) {
    throw new IllegalStateException("the " + id().text() + " stage is told no secrets");
  }

  /** No session that is still being set up began before {@code oldest}, and none will. */
  default void retired(int oldest) {}

  /** A configuration that had come will not come into force. */
  default void withdrawn(int epoch) {}

  /**
   * What bandwidth classes allow has changed, on the operator's word; {@link #configured} may mean
   * that too.
   */
  default void classesChanged() {}

  /**
   * Takes a session that arrived. The stage owns it until it passes it on with {@link
   * Worker#forward}, ends it with {@link Worker#end}, or keeps it with {@link Worker#hold}.
   */
  void session(Session session);

  /**
   * Ends a session that the stage holds: lets go of what it hung on it, then {@link Worker#end}. A
   * stage that never calls {@link Worker#hold} is never asked.
   */
  default void endHeld(Session session, Result result, Term term) {
    throw new IllegalStateException("the " + id().text() + " stage holds no session");
  }

  /**
   * Has a held session stand still, so that it may be another server's: what its record says of its
   * bytes is all there is to say, until {@link #goOn} or {@link #depart}.
   *
   * @return null, or why it stays here, and does not stand still
   */
  default Staying pause(Session session) {
    return Staying.ENDING;
  }

  /** It goes on here after all. */
  default void goOn(Session session) {}

  /** It goes on there: lets go of what was hung on it, and of it. */
  default void depart(Session session) {}

  /** Whether another process could go on with all that is held, were this one to end now. */
  default boolean canBeFollowed() {
    return false;
  }

  /** The most descriptors a held session has open here; 0 where the stage holds none. */
  default int descriptorsPerSession() {
    return 0;
  }

  /**
   * Called once a turn of the loop, after all its events.
   *
   * @return true where the stage has work left and the loop must not wait
   */
  default boolean endOfTurn() {
    return false;
  }
}
