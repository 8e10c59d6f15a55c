package org.portbouncer.core.shared;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import org.junit.jupiter.api.Test;
import org.portbouncer.core.session.SessionState;
import org.portbouncer.core.sys.Native;
import org.portbouncer.core.sys.SockAddr;

class SessionRouteTest {

  private final SharedArea area = SharedArea.create(64);
  private final SessionTable table = area.sessions();
  private final SessionRoute route = table.route();
  private final SessionState state = new SessionState();
  private final MemorySegment memory = Native.allocate(SessionState.BYTES);
  private final MemorySegment address = Native.allocate(SockAddr.ROOM);

  SessionRouteTest() {
    state.create(memory, 0, 0);
    SockAddr.put(address, 0, InetAddress.ofLiteral("192.0.2.7"), 4711);
  }

  private void admit(int record) {
    table.open(record, 1);
    table.admit(record, state, 0, 0);
  }

  @Test
  void shouldSayNothingWhenASessionIsPlain() {
    admit(1);
    assertThat(route.peer(1)).isEmpty();
    assertThat(route.server(1)).isEmpty();
    assertThat(route.member(1)).isEqualTo(-1);
    assertThat(route.attempts(1)).isZero();
    assertThat(route.chain(1)).isEqualTo(-1);
    assertThat(route.hop(1)).isZero();
  }

  @Test
  void shouldSayWhatWasNotedAndNoMore() {
    admit(1);
    route.server(1, address, 0);
    assertThat(route.server(1)).isEqualTo("192.0.2.7:4711");
    assertThat(route.peer(1)).isEmpty();
    assertThat(route.attempts(1)).isZero();
    route.attempt(1, 3, 2);
    route.peer(1, address, 0);
    route.chain(1, 0, 2);
    assertThat(route.member(1)).isEqualTo(3);
    assertThat(route.attempts(1)).isEqualTo(2);
    assertThat(route.peer(1)).isEqualTo("192.0.2.7:4711");
    assertThat(route.chain(1)).isZero();
    assertThat(route.hop(1)).isEqualTo(2);
    route.attempt(1, -1, 1000);
    assertThat(route.member(1)).isEqualTo(-1);
    assertThat(route.attempts(1)).isEqualTo(255);
  }

  @Test
  void shouldForgetItWhenTheRecordIsAnotherSessions() {
    admit(1);
    route.peer(1, address, 0);
    route.attempt(1, 3, 2);
    admit(1);
    assertThat(route.peer(1)).isEmpty();
    assertThat(route.member(1)).isEqualTo(-1);
  }

  @Test
  void shouldLeaveTheNextRecordAloneWhenItIsFilled() {
    admit(1);
    admit(2);
    route.server(1, address, 0);
    route.peer(1, address, 0);
    route.attempt(1, -2, 255);
    route.chain(1, 200, 200);
    assertThat(table.id(2)).isEqualTo(state.id());
    assertThat(table.generation(2)).isZero();
    assertThat(route.server(2)).isEmpty();
  }
}
