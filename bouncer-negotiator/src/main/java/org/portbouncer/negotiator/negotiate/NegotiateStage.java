package org.portbouncer.negotiator.negotiate;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.MemorySegment;
import org.portbouncer.core.config.Endpoint;
import org.portbouncer.core.config.Listener;
import org.portbouncer.core.hop.Session;
import org.portbouncer.core.session.Descriptors;
import org.portbouncer.core.session.Result;
import org.portbouncer.core.session.SessionState;
import org.portbouncer.core.session.StageId;
import org.portbouncer.core.session.Term;
import org.portbouncer.core.sys.Const;
import org.portbouncer.core.sys.Libc;
import org.portbouncer.core.sys.Native;
import org.portbouncer.core.sys.SockAddr;
import org.portbouncer.core.worker.Stage;
import org.portbouncer.core.worker.Worker;

/**
 * The first stage: what is to be known of the client before any policy looks at it. A plain bounce
 * needs no word from the client, so that protocols in which the server speaks first work; what is
 * done here is to find the address that the client connected to, and to see that it has not waited
 * beyond its time. Runs in the negotiate worker.
 */
final class NegotiateStage implements Stage {

  private final Worker worker;
  private final MemorySegment address = Native.allocate(SockAddr.ROOM + 8L);

  NegotiateStage(Worker worker) {
    this.worker = worker;
  }

  @Override
  public StageId id() {
    return StageId.NEGOTIATE;
  }

  @Override
  public void session(Session session) {
    if (worker.outOfTime(session)) {
      worker.end(session, Result.TIMEOUT, Term.CLIENT_TIMEOUT_SETUP);
      return;
    }
    SessionState state = session.state();
    Listener listener = worker.configuration(session).listeners().get(state.listener());
    if (SockAddr.family(state.memory(), state.local()) == Const.AF_UNSPEC
        && listener.listen().get(state.endpoint()).kind() == Endpoint.Kind.INET) {
      findLocal(session);
    }
    worker.forward(session);
  }

  /**
   * A listener on all addresses does not know to which of them the client came; the socket does.
   */
  private void findLocal(Session session) {
    address.set(JAVA_INT, SockAddr.ROOM, SockAddr.ROOM);
    int result =
        Libc.getsockname(
            session.descriptors().peek(Descriptors.CLIENT),
            address.address(),
            address.address() + SockAddr.ROOM);
    if (result == 0) {
      SockAddr.normalize(address, 0);
      SessionState state = session.state();
      state.local(address, 0);
      worker.table().local(state.record(), state);
    }
  }
}
