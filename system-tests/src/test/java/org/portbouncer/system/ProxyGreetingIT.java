package org.portbouncer.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;

/** PROXY headers that begin what targets are told. */
class ProxyGreetingIT extends ProxyProtocolCase {

  @Test
  void shouldTellTheTargetWhoTheClientIsBeforeAllElse() throws Exception {
    List<String> greetings = new ArrayList<>();
    String plain = listener(sink, "send-proxy = v1").replaceAll("accept-proxy .*\n", "\n");
    try (BouncerServer server = BouncerServer.start(folder, plain)) {
      try (Client client = Client.to(port)) {
        client.send("abc");
        greetings.add(client.address());
        client.finish();
        client.receiveAll();
      }
      String from = greetings.getFirst().replaceAll(".*:", "");
      assertThat(new String(got.get(10, TimeUnit.SECONDS), StandardCharsets.US_ASCII))
          .isEqualTo("PROXY TCP4 127.0.0.1 127.0.0.1 " + from + " " + port + "\r\nabc");
      assertThat(server.isRunning()).isTrue();
    }
  }

  @Test
  void shouldSayWhatIsSetInAHeaderOfVersionTwo() throws Exception {
    String tlvs =
        "send-proxy = v2, send-proxy-tlvs { unique-id = true, crc32c = true, alpn = h2,"
            + " authority = \"a.example\", custom { \"0xE1\" = tenant } }";
    try (BouncerServer server = BouncerServer.start(folder, listener(sink, tlvs))) {
      try (Client client = Client.to(port)) {
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
      try (Client client = Client.to(port)) {
        assertThat(client.receiveText(8)).isEqualTo("220 28\r\n");
        client.echo("QUIT");
        client.finish();
        client.receiveAll();
      }
      assertThat(end(server).get("result")).isEqualTo("ok");
    }
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
            .replace("%d", String.valueOf(port))
            .replace("%3$d", String.valueOf(echo.port()));
    try (BouncerServer server = BouncerServer.start(folder, configuration)) {
      Set<String> seen = new TreeSet<>();
      for (int i = 0; i < 6; i++) {
        String address;
        String begin;
        try (Client client = Client.to(port)) {
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
