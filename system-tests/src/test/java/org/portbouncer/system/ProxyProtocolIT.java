package org.portbouncer.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** PROXY headers, taken from whoever may send one and sent to targets. */
@ExtendWith(Randomness.class)
class ProxyProtocolIT {
  private static final int PORT = Ports.free();
  private static final byte[] SIGNATURE = HexFormat.of().parseHex("0d0a0d0a000d0a515549540a");
  private static final String V1 = "PROXY TCP4 203.0.113.9 198.51.100.7 4711 443\r\n";

  @TempDir private Path folder;

  private Target echo;
  private Target sink;
  private final CompletableFuture<byte[]> got = new CompletableFuture<>();

  @BeforeEach
  void targets() throws IOException {
    echo = Target.start(Handler.echo());
    sink = Target.start(connection -> got.complete(connection.in().readAllBytes()));
  }

  @AfterEach
  void close() throws Exception {
    Closing.all(echo, sink);
  }

  private static String listener(Target target, String more) {
    return """
    listeners.web {
      listen = "127.0.0.1:%d", target = "127.0.0.1:%d", acl = all
      accept-proxy { from = ["127.0.0.1", "::1"] }
      %s
    }
    acls.all = [ { name = bad, action = block, from = "203.0.113.66" }
                 { name = one, action = pass, from = "203.0.113.0/24", max-sessions-per-source = 1 }
                 { name = rest, action = pass } ]
    """
        .formatted(PORT, target.port(), more);
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }

  /** A header of version 2 for 203.0.113.9:4711, who came to 198.51.100.7:443. */
  private static byte[] second(byte... tlvs) {
    byte[] addresses = HexFormat.of().parseHex("cb007109" + "c6336407" + "1267" + "01bb");
    return ByteBuffer.allocate(28 + tlvs.length)
        .put(SIGNATURE)
        .put((byte) 0x21)
        .put((byte) 0x11)
        .putShort((short) (12 + tlvs.length))
        .put(addresses)
        .put(tlvs)
        .array();
  }

  private static byte[] tlv(int type, byte[] value) {
    return ByteBuffer.allocate(3 + value.length)
        .put((byte) type)
        .putShort((short) value.length)
        .put(value)
        .array();
  }

  private static AccessLine end(BouncerServer server) {
    await().atMost(Patience.seconds(10)).until(() -> !ends(server).isEmpty());
    return ends(server).getLast();
  }

  private static List<AccessLine> ends(BouncerServer server) {
    return server.accessLines(AccessLine::isEnd);
  }

  @Test
  void shouldTakeClientAndDestinationFromAHeaderAndPassOnWhatFollows() throws Exception {
    try (BouncerServer server = BouncerServer.start(folder, listener(echo, ""))) {
      List<byte[]> headers = List.of(bytes(V1), second(), second(tlv(0xe1, bytes("text"))));
      for (byte[] header : headers) {
        try (Client client = Client.to(PORT)) {
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
      try (Client first = Client.to(PORT)) {
        for (byte one : second(tlv(0x05, new byte[40]))) {
          first.send(new byte[] {one});
        }
        first.echo("whole");
        try (Client other = Client.to(PORT)) {
          other.send(V1);
          assertThat(other.receiveAll().bytes()).isZero();
        }
        try (Client blocked = Client.to(PORT)) {
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
        try (Client client = Client.to(PORT)) {
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
        assertThat(line.get("local")).isEqualTo("127.0.0.1:" + PORT);
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
      try (Client client = Client.to(PORT)) {
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
      try (Client silent = Client.to(PORT);
          Client slow = Client.to(PORT)) {
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
      try (Client ended = Client.to(PORT)) {
        ended.finish();
        ended.receiveAll();
      }
      try (Client half = Client.to(PORT)) {
        half.send("PROXY TCP4 ");
        half.finish();
        half.receiveAll();
      }
      try (Client reset = Client.to(PORT)) {
        reset.send(new byte[] {13, 10});
        reset.reset();
      }
      try (Client whole = Client.to(PORT)) {
        whole.send(second());
        whole.finish();
        whole.receiveAll();
      }
      try (Client later = Client.to(PORT)) {
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
      try (Client client = Client.to(PORT)) {
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
      try (Client client = Client.to(PORT)) {
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
  void shouldTellTheTargetWhoTheClientIsBeforeAllElse() throws Exception {
    List<String> greetings = new ArrayList<>();
    String plain = listener(sink, "send-proxy = v1").replaceAll("accept-proxy .*\n", "\n");
    try (BouncerServer server = BouncerServer.start(folder, plain)) {
      try (Client client = Client.to(PORT)) {
        client.send("abc");
        greetings.add(client.address());
        client.finish();
        client.receiveAll();
      }
      String from = greetings.getFirst().replaceAll(".*:", "");
      assertThat(new String(got.get(10, TimeUnit.SECONDS), StandardCharsets.US_ASCII))
          .isEqualTo("PROXY TCP4 127.0.0.1 127.0.0.1 " + from + " " + PORT + "\r\nabc");
      assertThat(server.isRunning()).isTrue();
    }
  }

  @Test
  void shouldSayWhatIsSetInAHeaderOfVersionTwo() throws Exception {
    String tlvs =
        "send-proxy = v2, send-proxy-tlvs { unique-id = true, crc32c = true, alpn = h2,"
            + " authority = \"a.example\", custom { \"0xE1\" = tenant } }";
    try (BouncerServer server = BouncerServer.start(folder, listener(sink, tlvs))) {
      try (Client client = Client.to(PORT)) {
        client.send(V1 + "x");
        client.finish();
        client.receiveAll();
      }
      AccessLine line = end(server);
      byte[] all = got.get(10, TimeUnit.SECONDS);
      byte[] header = java.util.Arrays.copyOf(all, all.length - 1);
      assertThat(all[all.length - 1]).isEqualTo((byte) 'x');
      assertThat(java.util.Arrays.copyOf(header, 14))
          .isEqualTo(java.util.Arrays.copyOf(second(), 14));
      assertThat(java.util.Arrays.copyOfRange(header, 16, 28))
          .isEqualTo(java.util.Arrays.copyOfRange(second(), 16, 28));
      assertThat(new String(header, StandardCharsets.ISO_8859_1))
          .contains(
              "\u0001\u0000\u0002h2", "\u0002\u0000\u0009a.example", "\u00e1\u0000\u0006tenant")
          .contains(line.get("id") + "-");
      int said = ByteBuffer.wrap(header, header.length - 4, 4).getInt();
      ByteBuffer.wrap(header).putInt(header.length - 4, 0);
      CRC32C crc = new CRC32C();
      crc.update(header);
      assertThat(said).isEqualTo((int) crc.getValue());
    }
  }

  @Test
  void shouldGreetATargetThatSpeaksFirst() throws Exception {
    try (Target first =
            Target.start(
                connection -> {
                  byte[] header = connection.in().readNBytes(28);
                  connection.send("220 " + header.length + "\r\n");
                  Handler.echo().handle(connection);
                });
        BouncerServer server =
            BouncerServer.start(
                folder, listener(first, "send-proxy = v2").replaceAll("accept-proxy .*\n", "\n"))) {
      try (Client client = Client.to(PORT)) {
        assertThat(client.receiveText(8)).isEqualTo("220 28\r\n");
        client.echo("QUIT");
        client.finish();
        client.receiveAll();
      }
      assertThat(end(server).get("result")).isEqualTo("ok");
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
            .formatted(PORT, echo.port());
    try (BouncerServer server = BouncerServer.start(folder, settings)) {
      for (String line : List.of(V1, V1.replace(" 443", " 444"), V1.replace(".100.7", ".101.7"))) {
        try (Client client = Client.to(PORT)) {
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

  private static int aclTest(List<String> asked, String from, String peer, String to)
      throws Exception {
    List<String> all = new ArrayList<>(asked);
    all.addAll(List.of("--from", from, "--peer", peer, "--to", to));
    return CommandResult.bouncer(all.toArray(String[]::new)).exit();
  }

  @Test
  void shouldSendEachMemberTheHeaderThatItWants() throws Exception {
    String configuration =
        """
        listeners.web { listen = "127.0.0.1:%d", target = "group:app", acl = all, send-proxy = v2 }
        acls.all = [ { action = pass } ]
        targets.app { balance = round-robin, members = [
          { name = a, address = "127.0.0.1:%3$d", send-proxy = none }
          { name = b, address = "127.0.0.1:%3$d", send-proxy = v1 }
          { name = c, address = "127.0.0.1:%3$d" } ] }
        """
            .replace("%d", String.valueOf(PORT))
            .replace("%3$d", String.valueOf(echo.port()));
    try (BouncerServer server = BouncerServer.start(folder, configuration)) {
      Set<String> seen = new TreeSet<>();
      for (int i = 0; i < 6; i++) {
        String address;
        String begin;
        try (Client client = Client.to(PORT)) {
          client.send("hello");
          begin = client.receiveText(5);
          address = client.address();
        }
        seen.add(server.awaitEndOf(address).get("member") + " " + begin.strip());
      }
      assertThat(seen).containsExactly("a hello", "b PROXY", "c \0");
    }
  }

  @Test
  void shouldBeginChecksWithAHeaderThatNamesNoClient() throws Exception {
    BlockingQueue<byte[]> second = new LinkedBlockingQueue<>();
    BlockingQueue<byte[]> first = new LinkedBlockingQueue<>();
    try (Target b = Target.start(connection -> second.add(connection.in().readNBytes(20)));
        Target a = Target.start(connection -> first.add(connection.in().readNBytes(200)));
        BouncerServer server =
            BouncerServer.start(
                folder,
                """
                listeners.web {
                  listen = "127.0.0.1:%d", target = "group:app", acl = all, send-proxy = v2
                }
                acls.all = [ { action = pass } ]
                targets.app {
                  members = [
                    { name = a, address = "127.0.0.1:%d", send-proxy = v1 }
                    { name = b, address = "127.0.0.1:%d" }
                  ], check { type = connect, every = 200ms }
                }
                """
                    .formatted(Ports.free(), a.port(), b.port()))) {
      assertThat(HexFormat.of().formatHex(second.poll(30, TimeUnit.SECONDS)))
          .isEqualTo("0d0a0d0a000d0a515549540a20000000");
      assertThat(new String(first.poll(30, TimeUnit.SECONDS), StandardCharsets.US_ASCII))
          .matches("PROXY TCP4 127[.]0[.]0[.]1 127[.]0[.]0[.]1 [0-9]+ " + a.port() + "\r\n");
      assertThat(server.targets().get(1).path("state").asText()).isEqualTo("up");
    }
  }
}
