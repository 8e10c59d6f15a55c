package org.portbouncer.core.worker;

import java.util.function.Consumer;
import org.portbouncer.core.hop.HopSender;
import org.portbouncer.core.hop.Session;
import org.portbouncer.core.session.SessionState;
import org.portbouncer.core.session.StageId;
import org.portbouncer.core.shared.SessionTable;

/**
 * The books of a hop, at its sending end: a session is its sender's until the moment it is sent, so
 * that what waits in the outbox of a process that dies is known to be lost with it. In the mother
 * and in every worker but io, on the thread of its loop.
 */
public final class Handover implements HopSender.Sent {

  private final SessionTable table;
  private final StageId here;
  private final StageId next;
  private final int pid;
  private final SessionPool pool;
  private final Consumer<Session> undeliverable;

  /**
   * Keeps the books of one sender.
   *
   * @param here the stage that `sessions` shows while they wait to be sent
   * @param next whose inbox they go to
   * @param pid this process
   * @param pool gets the session objects back
   * @param undeliverable ends a session that nobody is there to take any more
   */
  public Handover(
      SessionTable table,
      StageId here,
      StageId next,
      int pid,
      SessionPool pool,
      Consumer<Session> undeliverable) {
    this.table = table;
    this.here = here;
    this.next = next;
    this.pid = pid;
    this.pool = pool;
    this.undeliverable = undeliverable;
  }

  @Override
  public void leaving(Session session) {
    SessionState state = session.state();
    // Where it has been ended meanwhile, the receiver finds that out, and closes what it gets.
    table.queue(state.record(), state.generation(), pid, next);
  }

  @Override
  public void kept(Session session) {
    SessionState state = session.state();
    table.unqueue(state.record(), state.generation(), pid, here);
  }

  @Override
  public void undeliverable(Session session) {
    undeliverable.accept(session);
  }

  @Override
  public void sent(Session session) {
    pool.release(session);
  }
}
