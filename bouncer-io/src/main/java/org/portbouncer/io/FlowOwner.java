package org.portbouncer.io;

import org.portbouncer.core.hop.Session;
import org.portbouncer.core.loop.EventLoop;
import org.portbouncer.core.session.Result;
import org.portbouncer.core.session.Term;
import org.portbouncer.core.shared.BucketTable;
import org.portbouncer.core.shared.SessionFlow;

/** Whose flow it is: the stage, as far as a {@link Flow} sees it. In the io worker. */
interface FlowOwner {
  EventLoop loop();

  TransferBuffers buffers();

  /** Where it stands how far sessions are, for others to go on; null for nowhere. */
  SessionFlow flows();

  /** Where limited flows take from. */
  BucketTable buckets();

  /** Says what has moved so far, where others look. */
  void moved(Session session, long up, long down, long now);

  /** Gives a flow another turn, after the events of all others. */
  void continueNextTurn(Forwarding flow);

  /** A session ends because a call failed by a fault that is no peer's. */
  void failed(Session session, int errno);

  /** A flow has let go of its session. */
  void ended(Flow flow, Session session, Result result, Term term);
}
