package org.portbouncer.core.hop;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.portbouncer.core.session.SessionState;
import org.portbouncer.core.support.Descriptor;
import org.portbouncer.core.sys.Const;
import org.portbouncer.core.sys.SockAddr;
import org.portbouncer.core.worker.SessionPool;

/** Tests of both ends of a hop, over a real pair of datagram sockets. */
abstract class HopCase {

  final SessionPool pool = new SessionPool();
  int[] pair;
  HopSender sender;
  HopReceiver receiver;
  int openBefore;

  @BeforeEach
  void openHop() {
    pair = Descriptor.pair(Const.SOCK_DGRAM);
    hop();
    openBefore = Descriptor.open();
  }

  @AfterEach
  void closeHop() {
    Descriptor.close(pair);
  }

  /** Makes both ends; the only place that knows how. */
  void hop() {
    sender = new HopSender(pair[0], Frame.SESSIONS, pool);
    receiver = new HopReceiver(pair[1], null, pool);
  }

  Session session(long id) {
    Session session = pool.obtain();
    session.create(0, 0);
    SessionState state = session.state();
    state.identify(id, (int) id, 7);
    state.origin(1, 2, 3);
    state.accepted(1000 + id);
    SockAddr.put(state.memory(), state.client(), InetAddress.ofLiteral("192.0.2.1"), 4000);
    return session;
  }

  Session session(long id, int... roles) {
    Session session = session(id);
    for (int role : roles) {
      session.descriptors().put(role, Descriptor.named(name(id, role)));
    }
    return session;
  }

  static String name(long id, int role) {
    return "s" + id + "r" + role;
  }

  void require(Session session, long id, int... roles) {
    assertThat(session.state().id()).isEqualTo(id);
    assertThat(session.state().generation()).isEqualTo(7);
    assertThat(session.state().accepted()).isEqualTo(1000 + id);
    assertThat(SockAddr.text(session.state().memory(), session.state().client()))
        .isEqualTo("192.0.2.1:4000");
    int mask = 0;
    for (int role : roles) {
      mask |= 1 << role;
      assertThat(Descriptor.link(session.descriptors().peek(role)))
          .isEqualTo("/memfd:" + name(id, role) + " (deleted)");
    }
    assertThat(session.descriptors().mask()).isEqualTo(mask);
    pool.release(session);
  }

  void requireNothingLeaked() {
    assertThat(Descriptor.open()).as("descriptors open").isEqualTo(openBefore);
  }
}
