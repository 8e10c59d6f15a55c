package org.portbouncer.launcher.mother.rescue;

import java.util.List;
import org.portbouncer.core.hop.Session;
import org.portbouncer.core.session.Cause;
import org.portbouncer.core.session.Result;
import org.portbouncer.core.session.StageId;
import org.portbouncer.core.session.Term;
import org.portbouncer.core.sys.Const;
import org.portbouncer.core.sys.Libc;
import org.portbouncer.core.worker.Handover;
import org.portbouncer.core.worker.Outbox;
import org.portbouncer.core.worker.SessionPool;
import org.portbouncer.launcher.mother.ground.Ground;

/**
 * The way to io workers of sessions that others have forwarded so far: over the ordinary hop, to
 * their inboxes in turn. In the mother, on her loop's thread.
 */
public final class Onward {

  private final Ground ground;
  private final SessionPool pool = new SessionPool();
  private final Outbox outbox;
  private int offered;

  public Onward(Ground ground) {
    this.ground = ground;
    this.outbox =
        new Outbox(
            ground.loop(),
            new int[0],
            ground.batch(),
            new Handover(
                ground.table(),
                StageId.LAST,
                StageId.LAST,
                ground.pid(),
                pool,
                this::undeliverable));
  }

  /** Where the sessions that it sends come from, and go to where they cannot be sent. */
  public SessionPool pool() {
    return pool;
  }

  /**
   * Leads there from now on.
   *
   * @return false where the process has no descriptors left for it
   */
  public boolean lead(List<Inboxes.Inbox> to) {
    outbox.takeSettled();
    int[] ids = new int[to.size()];
    int[] inboxes = new int[to.size()];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = to.get(i).id();
      inboxes[i] = Libc.fcntl(to.get(i).writing(), Const.F_DUPFD_CLOEXEC, 0);
      if (inboxes[i] < 0) {
        for (int j = 0; j < i; j++) {
          Libc.close(inboxes[j]);
        }
        return false;
      }
    }
    outbox.lead(ids, inboxes);
    return true;
  }

  /**
   * Sends a session on, whose record is the mother's and says how far it is.
   *
   * @param session has its descriptors; its state is made of the record
   * @param pausedAt since when nobody forwards it, CLOCK_MONOTONIC ns
   */
  public void send(int record, Session session, long pausedAt) {
    ground.table().restore(record, session.state());
    session.state().deadline(pausedAt);
    outbox.offer(session);
    if (++offered % ground.batch() == 0) {
      outbox.flush();
    }
  }

  /** Sends what is still here. */
  public void flush() {
    outbox.flush();
  }

  /** Sends what is still here; the inboxes are held no longer than something is on its way. */
  public void end() {
    outbox.flush();
    outbox.lead(new int[0], new int[0]);
    outbox.takeSettled();
  }

  private void undeliverable(Session session) {
    int record = session.state().record();
    int generation = session.state().generation();
    pool.release(session);
    ground
        .ends()
        .end(record, generation, Result.ERROR, Term.INTERNAL_DATA, Cause.LOST, ground.loop().now());
  }
}
