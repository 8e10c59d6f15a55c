package org.portbouncer.core.worker;

import org.portbouncer.core.hop.Session;
import org.portbouncer.core.loop.Deadline;
import org.portbouncer.core.session.Descriptors;
import org.portbouncer.core.session.Result;
import org.portbouncer.core.session.Term;

/**
 * Keeps a session in its stage until what it needs is ready. What may happen meanwhile is the same
 * whatever that is: its time is over, its client resets, somebody else ends it. A stage extends
 * this by what it waits for, and pools the objects; a session that need not wait never calls {@link
 * #hold} and pays nothing. On the thread of the worker's loop.
 */
public abstract class SessionWait {

  private final Worker worker;
  private final Deadline deadline;
  private final ClientWatch client =
      new ClientWatch() {
        @Override
        void reset() {
          clientReset();
        }

        @Override
        void said(boolean ended) {
          clientSaid(ended);
        }
      };
  private Session held;

  protected SessionWait(Worker worker) {
    this.worker = worker;
    this.deadline =
        new Deadline(worker.loop()) {
          @Override
          protected void over(long now) {
            timedOut();
          }
        };
  }

  /**
   * Begins to keep a session; nothing happens where it is kept already.
   *
   * @param since when the wait began, by the loop's clock
   * @param limitMs how long it may last in all; 0 for no limit
   */
  protected final void hold(Session session, long since, long limitMs) {
    if (held != null) {
      return;
    }
    held = session;
    session.attach(this);
    worker.hold(session);
    client.begin(worker.loop(), session.descriptors().peek(Descriptors.CLIENT), listens());
    if (limitMs > 0) {
      deadline.begin(since, limitMs * 1_000_000);
    }
  }

  /** Lets go of the session, if it was kept: it may be passed on or ended after this. */
  protected final void letGo() {
    if (held != null) {
      client.end();
      deadline.end();
      worker.letGo(held);
      held = null;
    }
  }

  /** The time is over. */
  protected abstract void timedOut();

  /** The client has reset its connection: nobody waits for an answer. */
  protected abstract void clientReset();

  /** Whether it waits for what the client says; otherwise that stays in the socket, unseen. */
  protected boolean listens() {
    return false;
  }

  /**
   * The client has said something, or all: once for each time that something came, whether the rest
   * was taken or not.
   *
   * @param ended whether it has said all that it will say
   */
  protected void clientSaid(boolean ended) {}

  /** Somebody else ends the session, for a reason of his own: it is to be let go and ended. */
  public abstract void end(Result result, Term term);
}
