package org.portbouncer.negotiator.negotiate;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import org.portbouncer.core.config.Endpoint;
import org.portbouncer.core.config.Listener;
import org.portbouncer.core.config.NetworkSet;
import org.portbouncer.core.hop.Session;
import org.portbouncer.core.session.Cause;
import org.portbouncer.core.session.Descriptors;
import org.portbouncer.core.session.Result;
import org.portbouncer.core.session.Sections;
import org.portbouncer.core.session.SessionState;
import org.portbouncer.core.session.StageId;
import org.portbouncer.core.session.Term;
import org.portbouncer.core.sys.Const;
import org.portbouncer.core.sys.Libc;
import org.portbouncer.core.sys.Native;
import org.portbouncer.core.sys.SockAddr;
import org.portbouncer.core.worker.SessionWait;
import org.portbouncer.core.worker.Stage;
import org.portbouncer.core.worker.Worker;

/**
 * The first stage: what is to be known of the client before any policy looks at it. A plain bounce
 * needs no word from the client, so that protocols in which the server speaks first work; what is
 * done here is to find the address that the client connected to, and to see that it has not waited
 * beyond its time. Where it comes from one whose connections begin with a PROXY header, a {@link
 * HeaderWait} takes that first. Runs in the negotiate worker.
 */
final class NegotiateStage implements Stage {

  private final Worker worker;
  private final MemorySegment address = Native.allocate(SockAddr.ROOM + 8L);

  private final ProxyHeader header = new ProxyHeader();
  private final ArrayDeque<HeaderWait> free = new ArrayDeque<>();
  private MemorySegment bytes = MemorySegment.NULL;

  NegotiateStage(Worker worker) {
    this.worker = worker;
  }

  @Override
  public StageId id() {
    return StageId.NEGOTIATE;
  }

  /** The client; what waits for a header is held. */
  @Override
  public int descriptorsPerSession() {
    return 1;
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
    if (listener.proxy().accepts() && isPeer(state, listener.proxy().peers())) {
      HeaderWait wait = free.isEmpty() ? new HeaderWait(this) : free.pop();
      wait.begin(session, listener);
    } else {
      worker.forward(session);
    }
  }

  // Sessions that begin with a header.

  private static boolean isPeer(SessionState state, NetworkSet peers) {
    MemorySegment m = state.memory();
    long at = state.client();
    return switch (SockAddr.family(m, at)) {
      case Const.AF_INET -> peers.containsV4(SockAddr.v4(m, at));
      case Const.AF_INET6 -> peers.containsV6(SockAddr.v6High(m, at), SockAddr.v6Low(m, at));
      default -> false;
    };
  }

  Worker worker() {
    return worker;
  }

  /** Where headers are read to, one after the other: the longest and a byte more. */
  MemorySegment bytes() {
    if (bytes.byteSize() == 0) {
      bytes = Native.allocate(ProxyHeader.MOST + 1L);
    }
    return bytes;
  }

  ProxyHeader header() {
    return header;
  }

  void recycle(HeaderWait wait) {
    wait.clear();
    free.push(wait);
  }

  /** The client and the address it came to are what a header says, where it says so. */
  void addresses(SessionState state, ProxyHeader header) {
    state.header(header.hasSource());
    if (!header.hasSource()) {
      return;
    }
    int record = state.record();
    worker.table().route().peer(record, state.memory(), state.client());
    state.client(header.addresses(), header.sourceAt());
    worker.table().client(record, state);
    if (header.hasDestination()) {
      state.local(header.addresses(), header.destinationAt());
      worker.table().local(record, state);
    }
  }

  /** A header was taken: the session goes on, with what the header says beside addresses. */
  void goOn(Session session, ProxyHeader header) {
    if (header.tlvsLength() > 0) {
      int errno =
          worker.addSection(
              session, Sections.Type.PROXY_TLVS, bytes, header.tlvs(), header.tlvsLength());
      if (errno != 0) {
        worker.end(session, Result.ERROR, Term.RESOURCE, Cause.SYSTEM, errno);
        return;
      }
    }
    worker.forward(session);
  }

  /** Says that a header is refused: under the address that it came from, and without its bytes. */
  void refused(Session session, Listener listener, String why) {
    SessionState state = session.state();
    worker
        .log()
        .warn(
            worker.loop().now(),
            listener.name()
                + ": session "
                + state.id()
                + ": no PROXY header from "
                + SockAddr.text(state.memory(), state.client())
                + ": "
                + why);
  }

  @Override
  public void endHeld(Session session, Result result, Term term) {
    ((SessionWait) session.attachment()).end(result, term);
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
