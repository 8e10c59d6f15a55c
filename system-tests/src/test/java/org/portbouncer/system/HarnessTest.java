package org.portbouncer.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The parts of the harness that can be shown to work without a server. */
class HarnessTest {
  @Test
  void shouldReadLogfmtWithQuotedAndEmptyValues() {
    AccessLine line =
        AccessLine.parse(
                "ts=2026-11-21T08:00:00.123Z event=end id=17 listener=\"a \\\"b\\\" c\" client="
                    + "127.0.0.1:40000 acl= rule=- result=ok term=-- up=5 down=0")
            .orElseThrow();
    assertThat(line.isEnd()).isTrue();
    assertThat(line.id()).isEqualTo("17");
    assertThat(line.get("listener")).isEqualTo("a \"b\" c");
    assertThat(line.get("acl")).isEmpty();
    assertThat(line.number("up")).isEqualTo(5);
  }

  @Test
  void shouldReadJsonAsTheSameFields() {
    AccessLine line =
        AccessLine.parse("{\"ts\":\"x\",\"event\":\"end\",\"id\":17,\"result\":\"ok\",\"up\":5}")
            .orElseThrow();
    assertThat(line.fields()).containsEntry("id", "17").containsEntry("result", "ok");
    assertThat(line.number("up")).isEqualTo(5);
  }

  @Test
  void shouldTakeOtherOutputForNoAccessLine() {
    assertThat(
            List.of("bouncer ready: 2 listeners", "12:00 INFO worker io pid=17 id=3 event=x", "{x"))
        .allSatisfy(line -> assertThat(AccessLine.parse(line)).isEmpty());
  }

  @Test
  void shouldLeaveConnectionsHangingWhenTheListenQueueIsFull() throws IOException {
    try (HangingTarget target = new HangingTarget();
        Socket socket = new Socket()) {
      assertThatThrownBy(
              () -> socket.connect(new InetSocketAddress(Client.LOOPBACK, target.port()), 1_000))
          .isInstanceOf(SocketTimeoutException.class);
    }
  }

  @Test
  void shouldCountOwnDescriptorsAndThreads() throws IOException {
    long self = ProcessHandle.current().pid();
    int before = ProcessTree.descriptors(self).getOrDefault("socket:", 0);
    try (Socket client = new Socket();
        Target target = Target.start(Handler.echo())) {
      client.connect(new InetSocketAddress(Client.LOOPBACK, target.port()));
      assertThat(ProcessTree.descriptors(self).get("socket:")).isGreaterThan(before);
    }
    assertThat(ProcessTree.threads(self)).isPositive();
    assertThat(ProcessTree.isAlive(self)).isTrue();
    assertThat(ProcessTree.residentBytes(self)).isPositive();
  }
}
