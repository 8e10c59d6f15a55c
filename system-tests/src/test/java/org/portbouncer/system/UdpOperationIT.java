package org.portbouncer.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What an operator does to a server whose clients send datagrams. */
class UdpOperationIT {

  private final int port = Ports.free();

  @TempDir private Path folder;
  private UdpTarget a;
  private UdpTarget b;

  @BeforeEach
  void start() throws Exception {
    a = UdpTarget.saying("a");
    b = UdpTarget.saying("b");
  }

  @AfterEach
  void close() throws Exception {
    Closing.all(a, b);
  }

  private String to(UdpTarget target) {
    return "listeners.dns { listen = \"udp:127.0.0.1:%d\", target = \"udp:127.0.0.1:%d\" }\n"
        .formatted(port, target.port());
  }

  private static String asked(UdpClient client) throws Exception {
    client.send("x");
    return client.receiveText();
  }

  @Test
  void shouldLeaveLiveSessionsAloneWhenAReloadSendsNewOnesElsewhereOrEndsTheListener()
      throws Exception {
    int other = Ports.free();
    String moved = to(b).replace("udp:127.0.0.1:" + port, "udp:127.0.0.1:" + other);
    try (BouncerServer server = BouncerServer.start(folder, to(a));
        UdpClient old = UdpClient.to(port);
        UdpClient fresh = UdpClient.to(port);
        UdpClient last = UdpClient.to(other)) {
      assertThat(asked(old)).isEqualTo("a");
      server.reloaded(to(b));
      assertThat(asked(fresh)).isEqualTo("b");
      assertThat(asked(old)).isEqualTo("a");
      server.reloaded(moved);
      assertThat(asked(last)).isEqualTo("b");
      assertThat(asked(old)).isEqualTo("a");
      assertThat(asked(fresh)).isEqualTo("b");
      server.killFrom("127.0.0.0/8");
      assertThat(server.awaitEndOf(old.address()).number("up")).isEqualTo(3);
      server.awaitNoSession();
    }
  }

  @Test
  void shouldSendSessionsToMembersThatAnswerTheirChecks() throws Exception {
    String body =
        """
        listeners.dns { listen = "udp:127.0.0.1:%d", target = "group:g" }
        targets.g {
          check { type = expect, send = "ping", expect = "b", every = 100ms, timeout = 1s, fall = 1 }
          members = [ { name = odd, address = "udp:127.0.0.1:%d" }
                      { name = gone, address = "udp:127.0.0.1:%d" }
                      { name = well, address = "udp:127.0.0.1:%d" } ]
        }
        """
            .formatted(port, a.port(), Ports.free(), b.port());
    try (BouncerServer server = BouncerServer.start(folder, body)) {
      server.awaitLog("member gone");
      server.awaitLog("member odd");
      await()
          .atMost(Patience.seconds(20))
          .until(
              () -> {
                try (UdpClient client = UdpClient.to(port)) {
                  return asked(client).equals("b");
                }
              });
      try (UdpClient client = UdpClient.to(port)) {
        assertThat(asked(client)).isEqualTo("b");
        assertThat(server.awaitSession(client.address()).get("member").asText()).isEqualTo("well");
      }
      server.killFrom("127.0.0.0/8");
      server.awaitNoSession();
    }
  }

  @Test
  void shouldTakeDatagramsOfTheSocketThatAUnitMade() throws Exception {
    String activate =
        "set -- '%s' -cp '%s' org.portbouncer.system.Activator dns=udp:%d -- \"$0\" \"$@\"; exec \"$@\""
            .formatted(
                Path.of(System.getProperty("java.home"), "bin", "java"),
                Checkout.root().resolve("system-tests/target/test-classes"),
                port);
    try (BouncerServer server = BouncerServer.startAfter(activate, folder, to(a));
        UdpClient one = UdpClient.to(port);
        UdpClient two = UdpClient.to(port)) {
      assertThat(server.err().text()).contains("dns: udp:127.0.0.1:" + port + " was passed");
      assertThat(asked(one)).isEqualTo("a");
      assertThat(asked(two)).isEqualTo("a");
      assertThat(asked(one)).isEqualTo("a");
      server.reloaded(to(b));
      try (UdpClient three = UdpClient.to(port)) {
        assertThat(asked(three)).isEqualTo("b");
      }
      server.killFrom("127.0.0.0/8");
      server.awaitNoSession();
    }
  }
}
