package org.portbouncer.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** PROXY headers, taken from whoever may send one and sent to targets. */
@ExtendWith(Randomness.class)
class ProxyProtocolIT extends ProxyProtocolCase {

  @Test
  void shouldTakeClientAndDestinationFromAHeaderAndPassOnWhatFollows() throws Exception {
    try (BouncerServer server = BouncerServer.start(folder, listener(echo, ""))) {
      List<byte[]> headers = List.of(bytes(V1), second(), second(tlv(0xe1, bytes("text"))));
      for (byte[] header : headers) {
        try (Client client = Client.to(port)) {
          byte[] both =
              ByteBuffer.allocate(header.length + 5).put(header).put(bytes("hello")).array();
          client.send(both);
          assertThat(client.receiveText(5)).isEqualTo("hello");
          assertThat(server.sessions().get(0).get("client").asText()).isEqualTo("203.0.113.9:4711");
          client.echo("more");
          client.finish();
          client.receiveAll();
        }
        server.awaitNoSession();
      }
      await().atMost(Patience.seconds(10)).until(() -> ends(server).size() == 3);
      for (AccessLine line : ends(server)) {
        assertThat(line.get("client")).isEqualTo("203.0.113.9:4711");
        assertThat(line.get("local")).isEqualTo("198.51.100.7:443");
        assertThat(line.get("peer")).startsWith("127.0.0.1:");
        assertThat(line.get("rule")).isEqualTo("one");
        assertThat(line.get("result")).isEqualTo("ok");
        assertThat(line.get("up")).isEqualTo("9");
      }
    }
  }

  @Test
  void shouldTakeAHeaderInPiecesAndCountItsClientAsTheSource() throws Exception {
    try (BouncerServer server = BouncerServer.start(folder, listener(echo, ""))) {
      server.rememberDescriptors();
      try (Client first = Client.to(port)) {
        for (byte one : second(tlv(0x05, new byte[40]))) {
          first.send(new byte[] {one});
        }
        first.echo("whole");
        try (Client other = Client.to(port)) {
          other.send(V1);
          assertThat(other.receiveAll().bytes()).isZero();
        }
        try (Client blocked = Client.to(port)) {
          blocked.send("PROXY TCP4 203.0.113.66 198.51.100.7 1 443\r\nabc");
          blocked.receiveAll();
        }
        first.finish();
        first.receiveAll();
      }
      server.awaitNoSession();
      await().atMost(Patience.seconds(10)).until(() -> ends(server).size() == 3);
      assertThat(ends(server))
          .extracting(line -> line.get("result"))
          .as("each by another process, in any order")
          .containsExactlyInAnyOrder("limited", "blocked", "ok");
      assertThat(echo.accepted()).isEqualTo(1);
      server.assertNothingLeaked();
    }
  }

  @Test
  void shouldKeepTheRealAddressesWhenAHeaderSaysNothing() throws Exception {
    byte[] local = second();
    local[12] = 0x20;
    byte[] unspecified = second();
    unspecified[13] = 0;
    try (BouncerServer server = BouncerServer.start(folder, listener(echo, ""))) {
      for (byte[] header : List.of(local, unspecified, bytes("PROXY UNKNOWN\r\n"))) {
        try (Client client = Client.to(port)) {
          client.send(header);
          client.echo("x");
          client.finish();
          client.receiveAll();
        }
      }
      server.awaitNoSession();
      await().atMost(Patience.seconds(10)).until(() -> ends(server).size() == 3);
      for (AccessLine line : ends(server)) {
        assertThat(line.get("client")).startsWith("127.0.0.1:");
        assertThat(line.get("local")).isEqualTo("127.0.0.1:" + port);
        assertThat(line.get("peer")).isEqualTo("-");
        assertThat(line.get("result")).isEqualTo("ok");
      }
    }
  }

  @Test
  void shouldRefuseWhatIsNoHeaderAndEndWhoSaysNone() throws Exception {
    String settings = listener(echo, "timeouts { negotiate = 1s }");
    try (BouncerServer server = BouncerServer.start(folder, settings)) {
      server.rememberDescriptors();
      try (Client client = Client.to(port)) {
        client.send("GET /secret HTTP/1.1\r\n\r\n");
        client.receiveAll();
      } catch (IOException e) {
        // Closed with bytes unread, the connection is reset.
      }
      AccessLine refused = end(server);
      assertThat(refused.get("result")).isEqualTo("blocked");
      assertThat(refused.get("term")).isEqualTo("PR");
      server.awaitLog("no PROXY header from " + refused.get("client"));
      assertThat(server.err().text()).doesNotContain("secret");
      try (Client silent = Client.to(port);
          Client slow = Client.to(port)) {
        slow.send("PROXY TCP4 203.0.113.9 ");
        assertThat(silent.receiveAll().bytes()).isZero();
        await().atMost(Patience.seconds(10)).until(() -> ends(server).size() == 3);
      }
      assertThat(ends(server).subList(1, 3))
          .extracting(line -> line.get("result"))
          .containsOnly("timeout");
      server.awaitNoSession();
      assertThat(echo.accepted()).isZero();
      server.assertNothingLeaked();
    }
  }

  @Test
  void shouldCountWhoEndsBeforeOrRightAfterTheHeaderAsACheck() throws Exception {
    try (BouncerServer server = BouncerServer.start(folder, listener(echo, ""))) {
      server.rememberDescriptors();
      try (Client ended = Client.to(port)) {
        ended.finish();
        ended.receiveAll();
      }
      try (Client half = Client.to(port)) {
        half.send("PROXY TCP4 ");
        half.finish();
        half.receiveAll();
      }
      try (Client reset = Client.to(port)) {
        reset.send(new byte[] {13, 10});
        reset.reset();
      }
      try (Client whole = Client.to(port)) {
        whole.send(second());
        whole.finish();
        whole.receiveAll();
      }
      try (Client later = Client.to(port)) {
        later.send(second());
        await().atMost(Patience.seconds(10)).until(() -> echo.open() == 1);
        later.reset();
      }
      await().atMost(Patience.seconds(10)).until(() -> ends(server).size() == 5);
      assertThat(ends(server)).extracting(line -> line.get("result")).containsOnly("check");
      assertThat(server.status().get("listeners").get("web").get("failed").asLong()).isZero();
      assertThat(server.err().text()).doesNotContain("WARN").doesNotContain("no PROXY header");
      server.awaitNoSession();
      server.assertNothingLeaked();
    }
  }

  @Test
  void shouldNotLookAtTheBytesOfWhoIsNotToSendAHeader() throws Exception {
    String settings = listener(echo, "").replace("\"127.0.0.1\", ", "\"192.0.2.0/24\", ");
    try (BouncerServer server = BouncerServer.start(folder, settings)) {
      try (Client client = Client.to(port)) {
        client.echo(V1);
        client.finish();
        client.receiveAll();
      }
      assertThat(end(server).get("client")).startsWith("127.0.0.1:");
    }
  }

  private static final String LONGEST = "accept and pass on the longest header there is";

  @ParameterizedTest(name = LONGEST + ": {0}")
  @ValueSource(strings = {"inline", "file-fd", "shm"})
  void shouldPassOnTheLongestHeaderInEveryMode(String mode, Random random) throws Exception {
    byte[] value = new byte[65_535 - 12 - 3];
    random.nextBytes(value);
    byte[] header = second(tlv(0xe0, value));
    assertThat(header).hasSize(65_551);
    String settings =
        listener(sink, "send-proxy = v2, send-proxy-tlvs { pass = all }")
            + "state-transfer.mode = "
            + mode;
    try (BouncerServer server = BouncerServer.start(folder, settings)) {
      server.rememberDescriptors();
      try (Client client = Client.to(port)) {
        client.send(header);
        client.send("and then");
        client.finish();
        client.receiveAll();
      }
      byte[] all = ByteBuffer.allocate(65_551 + 8).put(header).put(bytes("and then")).array();
      assertThat(got.get(10, TimeUnit.SECONDS)).isEqualTo(all);
      server.awaitNoSession();
      server.assertNothingLeaked();
    }
  }

  @Test
  void shouldDecideByPeerAndDestinationWhenARuleAsksForThem() throws Exception {
    String settings =
        """
        listeners.web {
          listen = "127.0.0.1:%d", target = "127.0.0.1:%d", acl = all
          accept-proxy { from = ["127.0.0.1"] }
        }
        acls.all = [ { name = elsewhere, action = pass, peer = "192.0.2.0/24" }
                     { name = port, action = pass, peer = "127.0.0.0/8", to-port = 443
                       to = "198.51.100.0/24", from = "203.0.113.0/24" } ]
        """
            .formatted(port, echo.port());
    try (BouncerServer server = BouncerServer.start(folder, settings)) {
      for (String line : List.of(V1, V1.replace(" 443", " 444"), V1.replace(".100.7", ".101.7"))) {
        try (Client client = Client.to(port)) {
          client.send(line + "x");
          client.finish();
          client.receiveAll();
        } catch (IOException e) {
          // Blocked with a byte unread, the connection is reset.
        }
      }
      await().atMost(Patience.seconds(10)).until(() -> ends(server).size() == 3);
      assertThat(ends(server))
          .extracting(line -> line.get("result") + " " + line.get("rule"))
          .as("each by another process, in any order")
          .containsExactlyInAnyOrder("ok port", "blocked -", "blocked -");
      String config = server.config().toString();
      List<String> asked = List.of("acl", "test", "-c", config, "--listener", "web");
      assertThat(aclTest(asked, "203.0.113.9", "127.0.0.1", "198.51.100.7:443")).isZero();
      assertThat(aclTest(asked, "203.0.113.9", "192.0.2.1", "198.51.100.7:1")).isZero();
      assertThat(aclTest(asked, "203.0.113.9", "127.0.0.1", "198.51.100.7:1")).isOne();
      assertThat(server.err().text()).doesNotContain("can never match");
    }
  }

  private int aclTest(List<String> asked, String from, String peer, String to) throws Exception {
    List<String> all = new ArrayList<>(asked);
    all.addAll(List.of("--from", from, "--peer", peer, "--to", to));
    return CommandResult.bouncer(all.toArray(String[]::new)).exit();
  }
}
