package org.portbouncer.system;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.nio.ByteBuffer;
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

  private UdpServer all;
  private UdpTarget echo;
  private BouncerServer server;

  @BeforeAll
  void start(@TempDir Path folder) throws Exception {
    all = UdpServer.start(folder);
    echo = all.echo();
    server = all.server();
  }

  @AfterAll
  void close() throws Exception {
    if (all != null) {
      all.close();
    }
  }

  /** What a test leaves behind is ended by the operator, and then nothing is left. */
  @AfterEach
  void leavesNothing() throws Exception {
    all.killAll();
    server.assertNothingLeaked();
    echo.received().clear();
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
    try (UdpClient client = UdpClient.to(host, UdpServer.ECHO)) {
      int sum = 0;
      for (int length : new int[] {0, 1, 1200, 1473, 16_384, 16_385, 65_507, 0, 7}) {
        client.send(payload(length));
        assertThat(client.receive()).as("%d bytes", length).isEqualTo(payload(length));
        sum += length;
      }
      assertThat(server.awaitSession(client.address()).get("listener").asText()).isEqualTo("echo");
      all.killAll();
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
    try (UdpClient client = UdpClient.to(UdpServer.ECHO)) {
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
        clients.add(UdpClient.to(i % 2 == 0 ? UdpServer.ECHO : UdpServer.ANY));
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
    try (UdpClient client = UdpClient.to(UdpServer.ECHO)) {
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
    for (String host : UdpServer.HOSTS.subList(0, 3)) {
      try (UdpClient client = UdpClient.to(host, UdpServer.ANY);
          UdpClient other = UdpClient.to(host, UdpServer.BOTH)) {
        client.send("any");
        assertThat(client.receiveText()).isEqualTo("any");
        other.send("both");
        assertThat(other.receiveText()).isEqualTo("both");
        assertThat(server.awaitSession(client.address()).get("local").asText())
            .isEqualTo(host + ":" + UdpServer.ANY);
      }
    }
    try (UdpClient six = UdpClient.to("::1", UdpServer.BOTH)) {
      six.send("six");
      assertThat(six.receiveText()).isEqualTo("six");
    }
  }

  @Test
  void shouldEndWellAfterSilence() throws Exception {
    try (UdpClient client = UdpClient.to(UdpServer.SHORT)) {
      client.send("once");
      assertThat(client.receiveText()).isEqualTo("once");
      AccessLine line = server.awaitEndOf(client.address());
      assertThat(line.result()).isEqualTo("ok");
      assertThat(line.number("duration_ms")).isGreaterThanOrEqualTo(300);
    }
  }

  @Test
  void shouldEndAfterSoManyAnswers() throws Exception {
    try (UdpClient client = UdpClient.to(UdpServer.TWICE)) {
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
    try (UdpClient client = UdpClient.to(UdpServer.ONCE);
        DatagramSocket target =
            new DatagramSocket(UdpServer.ASKED, InetAddress.ofLiteral("127.0.0.1"))) {
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
    try (UdpClient client = UdpClient.to(UdpServer.NOBODY)) {
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
      try (UdpClient client = UdpClient.to(UdpServer.GROUP)) {
        client.send("lost");
        assertThat(server.awaitEndOf(client.address()).get("member")).isEqualTo("gone");
      }
    }
    try (UdpClient client = UdpClient.to(UdpServer.GROUP)) {
      client.send("found");
      assertThat(client.receiveText()).isEqualTo("found");
      assertThat(server.awaitSession(client.address()).get("member").asText()).isEqualTo("here");
    }
  }

  @Test
  void shouldBlockAndLimitWithALineForSome() throws Exception {
    int before = server.accessLines(line -> line.result().equals("blocked")).size();
    try (UdpClient first = UdpClient.from("127.0.0.5", UdpServer.RULES);
        UdpClient second = UdpClient.from("127.0.0.5", UdpServer.RULES);
        UdpClient other = UdpClient.from("127.0.0.6", UdpServer.RULES)) {
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
      crowd.add(UdpClient.from("127.0.0.66", UdpServer.RULES));
      crowd.getLast().send("x");
    }
    await().atMost(Patience.seconds(10)).until(() -> ended("rules", "blocked") == sent);
    List<AccessLine> lines = server.accessLines(line -> line.result().equals("blocked"));
    assertThat(lines.size() - before).isBetween(1, sent / 2);
    assertThat(echo.received()).hasSize(2);
    crowd.forEach(UdpClient::close);
  }

  private static double ended(String listener, String result) throws Exception {
    return UdpServer.metric("bouncer_sessions_total", "listener", listener, "result", result);
  }

  @Test
  void shouldDropWhatIsMoreThanTheClassLetsThrough() throws Exception {
    try (UdpClient client = UdpClient.to(UdpServer.SLOW)) {
      for (int i = 0; i < 50; i++) {
        client.send(payload(1000));
      }
      await()
          .atMost(Patience.seconds(10))
          .until(() -> server.awaitSession(client.address()).get("bytes_up").asLong() > 0);
      all.killAll();
      AccessLine line = server.awaitEndOf(client.address());
      assertThat(line.number("dropped")).isPositive();
      assertThat(line.number("datagrams_up") + line.number("dropped")).isLessThanOrEqualTo(50);
      double counted =
          UdpServer.metric(
              "bouncer_datagrams_dropped_total", "listener", "slow", "reason", "bandwidth");
      assertThat((long) counted).isEqualTo(line.number("dropped"));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"127.0.0.1", "::1"})
  void shouldBeginEveryDatagramWithAHeaderWhereThatIsAskedFor(String host) throws Exception {
    try (UdpClient client = UdpClient.to(host, UdpServer.HEADED)) {
      byte[] header =
          header(client, UdpServer.HEADED, new byte[] {(byte) 0xe1, 0, 3, 't', 'l', 'v'});
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
      all.killAll();
      AccessLine line = server.awaitEndOf(client.address());
      assertThat(line.number("up")).isEqualTo(sum + 60);
      assertThat(line.number("datagrams_up")).isEqualTo(16);
      assertThat(line.number("dropped")).isEqualTo(1);
    }
  }

  @Test
  void shouldBeginDatagramsToAMemberWithTheHeaderThatThisOneWants() throws Exception {
    try (UdpClient client = UdpClient.to(UdpServer.HEADED_MEMBER)) {
      client.send("member");
      assertThat(client.receive())
          .isEqualTo(
              join(
                  header(client, UdpServer.HEADED_MEMBER, new byte[0]),
                  "member".getBytes(US_ASCII)));
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
    try (UdpClient client = UdpClient.to(UdpServer.ANY)) {
      for (int i = 0; i < 5; i++) {
        client.send("x");
        client.receive();
      }
    }
    assertThat(datagrams("up") - up).isEqualTo(5);
    await().atMost(Patience.seconds(5)).until(() -> datagrams("down") - down == 5);
  }

  private static double datagrams(String direction) throws Exception {
    return UdpServer.metric("bouncer_datagrams_total", "listener", "any", "direction", direction);
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
      long keeper = ProcessTree.keepers(own.pid()).getFirst();
      Signals.send("KILL", own.workers("io").getFirst());
      assertThat(own.awaitEndOf(client.address()).result()).isEqualTo("error");
      own.awaitNoSession();
      // Which has the dead worker's sockets open until then, and would swallow what comes.
      await("the end of its keeper").until(() -> !ProcessTree.isAlive(keeper));
      client.send("after");
      assertThat(client.receiveText()).isEqualTo("after");
      own.awaitActive(1);
      // No end of a client is seen over UDP: a stop would wait for its silence.
      own.killFrom("127.0.0.0/8");
    }
  }
}
