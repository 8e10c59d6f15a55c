package org.portbouncer.system;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.URI;
import java.net.URLConnection;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Sessions of datagrams, from the first datagram to the line in the log. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class UdpIT {

  private static final int ECHO = Ports.free();
  private static final int ANY = Ports.free();
  private static final int BOTH = Ports.free();
  private static final int SHORT = Ports.free();
  private static final int TWICE = Ports.free();
  private static final int ONCE = Ports.free();

  /** Where a test answers itself. */
  private static final int ASKED = Ports.free();

  private static final int NOBODY = Ports.free();
  private static final int GROUP = Ports.free();
  private static final int RULES = Ports.free();
  private static final int SLOW = Ports.free();
  private static final int HEADED = Ports.free();
  private static final int HEADED_MEMBER = Ports.free();
  private static final List<String> HOSTS = List.of("127.0.0.2", "127.0.0.1", "127.9.8.7", "::1");
  private static final int METRICS = Ports.free();

  /** Where nobody takes datagrams. */
  private static final int CLOSED = Ports.free();

  private UdpTarget echo;
  private UdpTarget twice;
  private BouncerServer server;

  @BeforeAll
  void start(@TempDir Path folder) throws Exception {
    echo = UdpTarget.echo();
    twice = UdpTarget.answering(2);
    String to = "target = \"udp:127.0.0.1:" + echo.port() + "\"";
    server =
        BouncerServer.start(
            folder,
            """
            log.access.format = json
            timeouts.udp = 30s
            metrics.listen = "127.0.0.1:%d"
            listeners.echo { listen = ["udp:127.0.0.1:%d", "udp:[::1]:%d"], %s }
            listeners.any { listen = "udp:0.0.0.0:%d", %s }
            listeners.both { listen = "udp:[::]:%d", %s }
            listeners.short { listen = "udp:127.0.0.1:%d", %s, timeouts.udp = 300ms }
            listeners.twice { listen = "udp:127.0.0.1:%d", target = "udp:127.0.0.1:%d", answers = 2 }
            listeners.once { listen = "udp:127.0.0.1:%d", target = "udp:127.0.0.1:%d", answers = 1 }
            listeners.nobody { listen = "udp:127.0.0.1:%d", target = "udp:127.0.0.1:%d" }
            listeners.group { listen = "udp:127.0.0.1:%d", target = "group:g" }
            targets.g {
              eject.failures = 2, eject.for = 1h
              members = [ { name = gone, address = "udp:127.0.0.1:%d" }
                          { name = here, address = "udp:127.0.0.1:%d" } ]
            }
            listeners.rules { listen = "udp:127.0.0.1:%d", %s, acl = some }
            acls.some = [ { name = bad, action = block, from = "127.0.0.66" }
                          { name = one, action = pass, max-sessions-per-source = 1 } ]
            listeners.slow { listen = "udp:127.0.0.1:%d", %s, bandwidth = slow }
            listeners.headed {
              listen = ["udp:127.0.0.1:%d", "udp:[::1]:%d"], %s, send-proxy = v2
              send-proxy-tlvs.custom { "0xE1" = tlv }
            }
            listeners.headed-member { listen = "udp:127.0.0.1:%d", target = "group:h" }
            targets.h.members = [ { address = "udp:127.0.0.1:%d", send-proxy = v2 } ]
            bandwidth.slow { up = 10kB/s, burst = 1kB, shared-by = session }
            """
                .formatted(
                    METRICS,
                    ECHO,
                    ECHO,
                    to,
                    ANY,
                    to,
                    BOTH,
                    to,
                    SHORT,
                    to,
                    TWICE,
                    twice.port(),
                    ONCE,
                    ASKED,
                    NOBODY,
                    CLOSED,
                    GROUP,
                    CLOSED,
                    echo.port(),
                    RULES,
                    to,
                    SLOW,
                    to,
                    HEADED,
                    HEADED,
                    to,
                    HEADED_MEMBER,
                    echo.port()));
    for (int i = 0; i < 4; i++) {
      try (UdpClient client = UdpClient.to(SHORT)) {
        client.send("warm");
        client.receive();
      }
    }
    // A listener on all addresses keeps a socket for each that was asked.
    for (String host : HOSTS) {
      for (int port : host.equals("::1") ? new int[] {BOTH} : new int[] {ANY, BOTH}) {
        try (UdpClient client = UdpClient.to(host, port)) {
          client.send("warm");
          client.receive();
        }
      }
    }
    killAll();
    server.rememberDescriptors();
  }

  @AfterAll
  void close() throws Exception {
    Closing.all(server, echo, twice);
  }

  /** What a test leaves behind is ended by the operator, and then nothing is left. */
  @AfterEach
  void leavesNothing() throws Exception {
    killAll();
    server.assertNothingLeaked();
    echo.received().clear();
  }

  private void killAll() throws IOException {
    for (String from : List.of("127.0.0.0/8", "::1/128")) {
      server.killFrom(from);
    }
  }

  private static byte[] payload(int length) {
    byte[] bytes = new byte[length];
    for (int i = 0; i < length; i++) {
      bytes[i] = (byte) (i * 31 + length);
    }
    return bytes;
  }

  @ParameterizedTest
  @ValueSource(strings = {"127.0.0.1", "::1"})
  void shouldPassDatagramsOfEverySizeBothWaysWhole(String host) throws Exception {
    try (UdpClient client = UdpClient.to(host, ECHO)) {
      int sum = 0;
      for (int length : new int[] {0, 1, 1200, 1473, 16_384, 16_385, 65_507, 0, 7}) {
        client.send(payload(length));
        assertThat(client.receive()).as("%d bytes", length).isEqualTo(payload(length));
        sum += length;
      }
      assertThat(server.awaitSession(client.address()).get("listener").asText()).isEqualTo("echo");
      killAll();
      AccessLine line = server.awaitEndOf(client.address());
      assertThat(line.result()).isEqualTo("killed");
      assertThat(line.number("up")).isEqualTo(sum);
      assertThat(line.number("down")).isEqualTo(sum);
      assertThat(line.number("datagrams_up")).isEqualTo(9);
      assertThat(line.number("datagrams_down")).isEqualTo(9);
      assertThat(line.number("dropped")).isZero();
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 65_507})
  void shouldPassTheDatagramThatMakesASessionWhole(int length) throws Exception {
    try (UdpClient client = UdpClient.to(ECHO)) {
      client.send(payload(length));
      assertThat(client.receive()).isEqualTo(payload(length));
    }
  }

  /** All come while sessions are being made, to sockets that are being bound and connected. */
  @Test
  void shouldKeepWhatNewClientsSendApartAndInOrder() throws Exception {
    List<UdpClient> clients = new ArrayList<>();
    try {
      for (int i = 0; i < 60; i++) {
        clients.add(UdpClient.to(i % 2 == 0 ? ECHO : ANY));
      }
      for (int round = 0; round < 20; round++) {
        for (int i = 0; i < clients.size(); i++) {
          clients.get(i).send(i + " " + round);
        }
      }
      for (int i = 0; i < clients.size(); i++) {
        for (int round = 0; round < 20; round++) {
          assertThat(clients.get(i).receiveText()).isEqualTo(i + " " + round);
        }
      }
    } finally {
      clients.forEach(UdpClient::close);
    }
  }

  /** Where many wait, those of one length go on together, and each arrives as it came. */
  @Test
  void shouldKeepBoundsAndOrderOfManyThatWaitTogether() throws Exception {
    int[] runs = {
      40, 512, 1, 100, 2, 0, 5, 8, 3, 9000, 4, 1, 1, 0, 6, 1400, 1, 1401, 3, 1400, 1, 1
    };
    try (UdpClient client = UdpClient.to(ECHO)) {
      for (int round = 0; round < 3; round++) {
        client.send("live");
        assertThat(client.receiveText()).isEqualTo("live");
        for (long io : server.workers("io")) {
          Signals.send("STOP", io);
        }
        List<byte[]> sent = new ArrayList<>();
        try {
          for (int i = 0; i < runs.length; i += 2) {
            for (int j = 0; j < runs[i]; j++) {
              byte[] bytes = payload(runs[i + 1]);
              if (bytes.length > 0) {
                bytes[0] = (byte) sent.size();
              }
              sent.add(bytes);
              client.send(bytes);
            }
          }
        } finally {
          for (long io : server.workers("io")) {
            Signals.send("CONT", io);
          }
        }
        for (int i = 0; i < sent.size(); i++) {
          assertThat(client.receive()).as("datagram %d", i).isEqualTo(sent.get(i));
        }
      }
    }
  }

  @Test
  void shouldAnswerFromTheAddressThatWasAsked() throws Exception {
    for (String host : HOSTS.subList(0, 3)) {
      try (UdpClient client = UdpClient.to(host, ANY);
          UdpClient other = UdpClient.to(host, BOTH)) {
        client.send("any");
        assertThat(client.receiveText()).isEqualTo("any");
        other.send("both");
        assertThat(other.receiveText()).isEqualTo("both");
        assertThat(server.awaitSession(client.address()).get("local").asText())
            .isEqualTo(host + ":" + ANY);
      }
    }
    try (UdpClient six = UdpClient.to("::1", BOTH)) {
      six.send("six");
      assertThat(six.receiveText()).isEqualTo("six");
    }
  }

  @Test
  void shouldEndWellAfterSilence() throws Exception {
    try (UdpClient client = UdpClient.to(SHORT)) {
      client.send("once");
      assertThat(client.receiveText()).isEqualTo("once");
      AccessLine line = server.awaitEndOf(client.address());
      assertThat(line.result()).isEqualTo("ok");
      assertThat(line.number("duration_ms")).isGreaterThanOrEqualTo(300);
    }
  }

  @Test
  void shouldEndAfterSoManyAnswers() throws Exception {
    try (UdpClient client = UdpClient.to(TWICE)) {
      client.send("ask");
      assertThat(client.receiveText()).isEqualTo("ask");
      assertThat(client.receiveText()).isEqualTo("ask");
      AccessLine line = server.awaitEndOf(client.address());
      assertThat(line.result()).isEqualTo("ok");
      assertThat(line.number("datagrams_down")).isEqualTo(2);
    }
  }

  @Test
  void shouldPassOnAnAnswerToEachWhenAClientAsksTwiceAtOnce() throws Exception {
    try (UdpClient client = UdpClient.to(ONCE);
        DatagramSocket target = new DatagramSocket(ASKED, InetAddress.ofLiteral("127.0.0.1"))) {
      target.setSoTimeout((int) Patience.millis(5000));
      client.send("A");
      client.send("AAAA");
      List<DatagramPacket> questions = new ArrayList<>();
      for (int i = 0; i < 2; i++) {
        questions.add(new DatagramPacket(new byte[16], 16));
        target.receive(questions.getLast());
      }
      for (DatagramPacket question : questions) {
        target.send(question);
        assertThat(client.receive()).hasSize(question.getLength());
      }
      AccessLine line = server.awaitEndOf(client.address());
      assertThat(line.result()).isEqualTo("ok");
      assertThat(line.number("datagrams_up")).isEqualTo(2);
      assertThat(line.number("datagrams_down")).isEqualTo(2);
    }
  }

  @Test
  void shouldSayThatThereIsNoTargetAndSendTheClientNothing() throws Exception {
    try (UdpClient client = UdpClient.to(NOBODY)) {
      client.send("anybody?");
      AccessLine line = server.awaitEndOf(client.address());
      assertThat(line.result()).isEqualTo("no-target");
      assertThat(line.get("reason")).isEqualTo("the target takes no datagrams: connection refused");
      assertThat(client.isSilentFor(50)).isTrue();
    }
  }

  @Test
  void shouldEjectAMemberWhoseMachineRefusesDatagrams() throws Exception {
    for (int i = 0; i < 2; i++) {
      try (UdpClient client = UdpClient.to(GROUP)) {
        client.send("lost");
        assertThat(server.awaitEndOf(client.address()).get("member")).isEqualTo("gone");
      }
    }
    try (UdpClient client = UdpClient.to(GROUP)) {
      client.send("found");
      assertThat(client.receiveText()).isEqualTo("found");
      assertThat(server.awaitSession(client.address()).get("member").asText()).isEqualTo("here");
    }
  }

  @Test
  void shouldBlockAndLimitWithALineForSome() throws Exception {
    int before = server.accessLines(line -> line.result().equals("blocked")).size();
    try (UdpClient first = UdpClient.from("127.0.0.5", RULES);
        UdpClient second = UdpClient.from("127.0.0.5", RULES);
        UdpClient other = UdpClient.from("127.0.0.6", RULES)) {
      first.send("a");
      assertThat(first.receiveText()).isEqualTo("a");
      second.send("b");
      other.send("c");
      assertThat(other.receiveText()).isEqualTo("c");
      AccessLine line = server.awaitEndOf(second.address());
      assertThat(line.result()).isEqualTo("limited");
      assertThat(line.get("reason")).contains("max-sessions-per-source");
    }
    int sent = 200;
    List<UdpClient> crowd = new ArrayList<>();
    for (int i = 0; i < sent; i++) {
      crowd.add(UdpClient.from("127.0.0.66", RULES));
      crowd.getLast().send("x");
    }
    await().atMost(Patience.seconds(10)).until(() -> ended("rules", "blocked") == sent);
    List<AccessLine> lines = server.accessLines(line -> line.result().equals("blocked"));
    assertThat(lines.size() - before).isBetween(1, sent / 2);
    assertThat(echo.received()).hasSize(2);
    crowd.forEach(UdpClient::close);
  }

  private static double ended(String listener, String result) throws Exception {
    return metric("bouncer_sessions_total", "listener", listener, "result", result);
  }

  @Test
  void shouldDropWhatIsMoreThanTheClassLetsThrough() throws Exception {
    try (UdpClient client = UdpClient.to(SLOW)) {
      for (int i = 0; i < 50; i++) {
        client.send(payload(1000));
      }
      await()
          .atMost(Patience.seconds(10))
          .until(() -> server.awaitSession(client.address()).get("bytes_up").asLong() > 0);
      killAll();
      AccessLine line = server.awaitEndOf(client.address());
      assertThat(line.number("dropped")).isPositive();
      assertThat(line.number("datagrams_up") + line.number("dropped")).isLessThanOrEqualTo(50);
      double counted =
          metric("bouncer_datagrams_dropped_total", "listener", "slow", "reason", "bandwidth");
      assertThat((long) counted).isEqualTo(line.number("dropped"));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"127.0.0.1", "::1"})
  void shouldBeginEveryDatagramWithAHeaderWhereThatIsAskedFor(String host) throws Exception {
    try (UdpClient client = UdpClient.to(host, HEADED)) {
      byte[] header = header(client, HEADED, new byte[] {(byte) 0xe1, 0, 3, 't', 'l', 'v'});
      int sum = 0;
      for (int length : new int[] {0, 1, 1200, 65_000, 0, 7}) {
        client.send(payload(length));
        assertThat(client.receive()).isEqualTo(join(header, payload(length)));
        sum += length;
      }
      // No room for header and bytes.
      client.send(payload(65_507));
      for (int i = 0; i < 10; i++) {
        client.send("many " + i);
      }
      for (int i = 0; i < 10; i++) {
        assertThat(client.receive()).isEqualTo(join(header, ("many " + i).getBytes(US_ASCII)));
      }
      killAll();
      AccessLine line = server.awaitEndOf(client.address());
      assertThat(line.number("up")).isEqualTo(sum + 60);
      assertThat(line.number("datagrams_up")).isEqualTo(16);
      assertThat(line.number("dropped")).isEqualTo(1);
    }
  }

  @Test
  void shouldBeginDatagramsToAMemberWithTheHeaderThatThisOneWants() throws Exception {
    try (UdpClient client = UdpClient.to(HEADED_MEMBER)) {
      client.send("member");
      assertThat(client.receive())
          .isEqualTo(join(header(client, HEADED_MEMBER, new byte[0]), "member".getBytes(US_ASCII)));
    }
  }

  /** A header of version 2 for datagrams, with both addresses and what comes behind them. */
  private static byte[] header(UdpClient client, int port, byte[] tlvs) {
    byte[] own = client.socketAddress().getAddress().getAddress();
    ByteBuffer header = ByteBuffer.allocate(16 + 2 * own.length + 4 + tlvs.length);
    header.put("\r\n\r\n\0\r\nQUIT\n".getBytes(US_ASCII)).put((byte) 0x21);
    header.put((byte) (own.length == 4 ? 0x12 : 0x22)).putShort((short) (header.capacity() - 16));
    header.put(own).put(own).putShort((short) client.socketAddress().getPort());
    return header.putShort((short) port).put(tlvs).array();
  }

  private static byte[] join(byte[] first, byte[] second) {
    return ByteBuffer.allocate(first.length + second.length).put(first).put(second).array();
  }

  @Test
  void shouldCountDatagramsOfEachListener() throws Exception {
    double up = datagrams("up");
    double down = datagrams("down");
    try (UdpClient client = UdpClient.to(ANY)) {
      for (int i = 0; i < 5; i++) {
        client.send("x");
        client.receive();
      }
    }
    assertThat(datagrams("up") - up).isEqualTo(5);
    await().atMost(Patience.seconds(5)).until(() -> datagrams("down") - down == 5);
  }

  private static double datagrams(String direction) throws Exception {
    return metric("bouncer_datagrams_total", "listener", "any", "direction", direction);
  }

  @Test
  void shouldMakeANewSessionOfTheNextDatagramWhenItsWorkerWasKilled(@TempDir Path other)
      throws Exception {
    int port = Ports.free();
    String body =
        """
        workers.io = 1
        listeners.dns { listen = "udp:127.0.0.1:%d", target = "udp:127.0.0.1:%d" }
        """
            .formatted(port, echo.port());
    try (BouncerServer own = BouncerServer.start(other, body);
        UdpClient client = UdpClient.to(port)) {
      client.send("before");
      assertThat(client.receiveText()).isEqualTo("before");
      own.awaitSession(client.address());
      Signals.send("KILL", own.workers("io").getFirst());
      assertThat(own.awaitEndOf(client.address()).result()).isEqualTo("error");
      own.awaitNoSession();
      client.send("after");
      assertThat(client.receiveText()).isEqualTo("after");
      own.awaitActive(1);
      // No end of a client is seen over UDP: a stop would wait for its silence.
      own.killFrom("127.0.0.0/8");
    }
  }

  /** Over a connection that ends with it, and is none of the descriptors that are left. */
  private static double metric(String name, String label, String value, String other, String of)
      throws IOException {
    URLConnection page =
        URI.create("http://127.0.0.1:" + METRICS + "/metrics").toURL().openConnection();
    page.setRequestProperty("Connection", "close");
    String text = new String(page.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return text.lines()
        .filter(line -> line.startsWith(name + "{"))
        .filter(line -> line.contains(label + "=\"" + value + "\""))
        .filter(line -> line.contains(other + "=\"" + of + "\""))
        .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
        .findFirst()
        .orElseThrow();
  }
}
