package org.portbouncer.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * PROXY headers to servers of mail, web and databases, which take the client for whom they say and
 * the bouncer's own checks for what they are.
 */
class ProxyReceiversIT {

  /** Nobody else comes from there: an answer that names it is about the header. */
  private static final String CLIENT = "127.0.0.77";

  @TempDir private Path folder;

  private Programs programs;
  private Receivers receivers;

  @BeforeEach
  void start() throws Exception {
    programs = new Programs(folder);
    receivers = new Receivers(programs);
  }

  @AfterEach
  void stop() throws Exception {
    programs.stop();
  }

  /** What a client says to a server, and gets told. */
  private interface Words {
    String with(Client client) throws IOException;
  }

  /**
   * Goes to the same server with a header of each version, and has it checked with both.
   *
   * @param check how its members are checked, after which each is up
   */
  private void assertNamesItsClient(int port, String check, Words words) throws Exception {
    int first = Ports.free();
    int second = Ports.free();
    String configuration =
        """
        listeners.one { listen = "127.0.0.1:%d", target = "group:one", acl = all }
        listeners.two { listen = "127.0.0.1:%d", target = "group:two", acl = all }
        acls.all = [ { action = pass } ]
        targets.one { members = [ { address = "127.0.0.1:%3$d", send-proxy = v1 } ],
                      check { %4$s, every = 300ms, timeout = 5s, rise = 1, fall = 1 } }
        targets.two { members = [ { address = "127.0.0.1:%3$d", send-proxy = v2 } ],
                      check { %4$s, every = 300ms, timeout = 5s, rise = 1, fall = 1 } }
        """
            .formatted(first, second, port, check);
    try (BouncerServer server = BouncerServer.start(folder, configuration)) {
      for (int listener : new int[] {first, second}) {
        String address;
        try (Client client = Client.from(CLIENT, listener)) {
          assertThat(words.with(client)).contains(CLIENT);
          address = client.address();
        }
        assertThat(server.awaitEndOf(address).get("result")).isNotEqualTo("no-target");
      }
      await("checks with both headers")
          .atMost(Patience.seconds(20))
          .until(() -> server.targets().valueStream().allMatch(m -> checks(m, "ok") >= 3));
      assertThat(server.targets())
          .hasSize(2)
          .allSatisfy(
              member -> {
                assertThat(member.path("state").asText()).isEqualTo("up");
                assertThat(checks(member, "failed")).isZero();
              });
    }
  }

  private static int checks(JsonNode member, String outcome) {
    return member.path("checks").path(outcome).asInt();
  }

  private static String line(Client client) throws IOException {
    StringBuilder line = new StringBuilder();
    for (int c = client.in().read(); c >= 0 && c != '\n'; c = client.in().read()) {
      line.append((char) c);
    }
    return line.toString().strip();
  }

  private static String refusedBySmtp(Client client) throws IOException {
    assertThat(line(client)).startsWith("220 mail.example.test");
    client.send("HELO here\r\n");
    return line(client);
  }

  @Test
  void shouldTellPostfixWhoTheClientIs() throws Exception {
    assertNamesItsClient(
        receivers.postfix(), "type = expect, expect = \"220 \"", ProxyReceiversIT::refusedBySmtp);
  }

  @Test
  void shouldTellPostscreenWhoTheClientIs() throws Exception {
    assertNamesItsClient(
        receivers.postscreen(),
        "type = expect, expect = \"220 \"",
        ProxyReceiversIT::refusedBySmtp);
  }

  @Test
  void shouldTellDovecotWhoTheClientIs() throws Exception {
    assertNamesItsClient(
        receivers.dovecot(), "type = expect, expect = \"* OK\"", ProxyReceiversIT::line);
  }

  @Test
  void shouldTellApacheWhoTheClientIs() throws Exception {
    String asked = "GET /nothing HTTP/1.0\\r\\n\\r\\n";
    assertNamesItsClient(
        receivers.apache(),
        "type = expect, send = \"%s\", expect = \"it is 127.0.0.1\"".formatted(asked),
        client -> {
          client.send(asked.replace("\\r\\n", "\r\n"));
          return new String(client.in().readAllBytes(), StandardCharsets.US_ASCII);
        });
  }

  @Test
  void shouldTellMariadbWhoTheClientIs() throws Exception {
    assertNamesItsClient(
        receivers.mariadb(), "type = expect, expect = \"MariaDB\"", ProxyReceiversIT::loginRefused);
  }

  /** It greets everybody, and says to whom it gives no account of that name. */
  private static String loginRefused(Client client) throws IOException {
    packet(client);
    byte[] user = "nobody\0\0".getBytes(StandardCharsets.US_ASCII);
    // Protocol 4.1 with its way of passwords, packets of 16 MiB, UTF-8, 23 bytes of nothing.
    ByteBuffer login = ByteBuffer.allocate(4 + 32 + user.length).order(ByteOrder.LITTLE_ENDIAN);
    login.putInt(32 + user.length | 1 << 24).putInt(0x8200).putInt(1 << 24).put((byte) 33);
    login.put(new byte[23]).put(user);
    client.send(login.array());
    return new String(packet(client), StandardCharsets.US_ASCII);
  }

  private static byte[] packet(Client client) throws IOException {
    int head = ByteBuffer.wrap(client.receive(4)).order(ByteOrder.LITTLE_ENDIAN).getInt();
    return client.receive(head & 0xff_ffff);
  }
}
