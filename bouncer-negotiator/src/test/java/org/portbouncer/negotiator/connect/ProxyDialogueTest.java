package org.portbouncer.negotiator.connect;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.portbouncer.core.config.HopSecrets;
import org.portbouncer.core.session.Cause;

class ProxyDialogueTest {

  private static final HexFormat HEX = HexFormat.of();
  private static final int ROUNDS = 1_000_000;

  private static final Destination V4 = to("192.0.2.7", 443);
  private static final Destination V6 = to("2001:db8::9", 80);
  private static final Destination NAME = new Destination(null, "app.example", 8080);

  private static final HopSecrets SECRET = HopSecrets.of("pässwort", "X-Site: oslo\r\n");

  private static final List<Supplier<ProxyDialogue>> ALL =
      List.of(
          () -> socks5(V4),
          () -> new Socks5(V4, "bob", SECRET),
          () -> new Socks4(V4, "id"),
          () -> http(V4));

  private static Destination to(String host, int port) {
    return new Destination(InetAddress.ofLiteral(host), host, port);
  }

  private static ProxyDialogue socks5(Destination to) {
    return new Socks5(to, "", HopSecrets.NONE);
  }

  private static ProxyDialogue http(Destination to) {
    return new HttpConnect(to, "", HopSecrets.NONE);
  }

  private static byte[] hex(String text) {
    return HEX.parseHex(text.replace(" ", ""));
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  /** What it takes of these bytes, having seen that each shorter part is not enough. */
  private static int whole(ProxyDialogue dialogue, byte[] bytes) {
    for (int length = 0; length <= bytes.length; length++) {
      int taken = dialogue.length(bytes, length);
      if (taken != 0) {
        assertThat(taken).isLessThanOrEqualTo(length);
        return taken;
      }
    }
    return 0;
  }

  private static ProxyDialogue asked(Destination to) {
    ProxyDialogue dialogue = socks5(to);
    dialogue.first();
    dialogue.answered(hex("0500"), 2);
    return dialogue;
  }

  private static void shouldEnd(ProxyDialogue dialogue, byte[] answer, Cause cause, int code) {
    int taken = whole(dialogue, answer);
    assertThat(taken).isPositive();
    assertThat(dialogue.answered(answer, taken)).isNull();
    assertThat(dialogue.refusal()).isEqualTo(cause);
    assertThat(dialogue.code()).isEqualTo(code);
  }

  @Test
  void shouldAskOverSocks5ByTheKindOfAddress() {
    assertThat(socks5(V4).first()).isEqualTo(hex("050100"));
    assertThat(socks5(V4).answered(hex("0500"), 2)).isEqualTo(hex("05010001 c0000207 01bb"));
    assertThat(socks5(V6).answered(hex("0500"), 2))
        .isEqualTo(hex("05010004 20010db8000000000000000000000009 0050"));
    assertThat(socks5(NAME).answered(hex("0500"), 2))
        .isEqualTo(hex("05010003 0b 6170702e6578616d706c65 1f90"));
  }

  @Test
  void shouldTakeRepliesOfSocks5AsLongAsTheirAddress() {
    byte[] four = hex("05000001 7f000001 0000 ff");
    byte[] six = hex("05000004 00000000000000000000000000000001 0000 ff");
    byte[] name = hex("05000003 02 6869 0000 ff");
    for (byte[] answer : List.of(four, six, name)) {
      assertThat(whole(asked(V4), answer)).isEqualTo(answer.length - 1);
      shouldEnd(asked(V4), answer, null, 0);
      answer[1] = 5;
      shouldEnd(asked(V4), answer, Cause.PROXY_SOCKS5, 5);
    }
  }

  @Test
  void shouldRefuseWhatIsNoReplyOfSocks5() {
    assertThat(whole(asked(V4), hex("05000009 00"))).isEqualTo(ProxyDialogue.UNFIT);
    assertThat(whole(socks5(V4), ascii("HTTP"))).isEqualTo(ProxyDialogue.UNFIT);
    shouldEnd(socks5(V4), hex("05ff"), Cause.PROXY_METHOD, 255);
    shouldEnd(socks5(V4), hex("0502"), Cause.PROXY_UNFIT, 0);
  }

  @Test
  void shouldSayUserAndPasswordOverSocks5WhenAsked() {
    ProxyDialogue dialogue = new Socks5(V4, "bob", SECRET);
    assertThat(dialogue.first()).isEqualTo(hex("05020002"));
    assertThat(dialogue.answered(hex("0502"), 2))
        .isEqualTo(hex("01 03 626f62 09 70c3a47373776f7274"));
    assertThat(whole(dialogue, hex("0100ff"))).isEqualTo(2);
    assertThat(dialogue.answered(hex("0100"), 2)).isEqualTo(hex("05010001 c0000207 01bb"));
    shouldEnd(dialogue, hex("05000001 7f000001 0000"), null, 0);
  }

  @Test
  void shouldSayNeitherUserNorPasswordOverSocks5WhenNotAsked() {
    ProxyDialogue dialogue = new Socks5(V4, "bob", SECRET);
    assertThat(dialogue.answered(hex("0500"), 2)).isEqualTo(hex("05010001 c0000207 01bb"));
  }

  @Test
  void shouldSayThatCredentialsAreRefusedOverSocks5() {
    ProxyDialogue dialogue = new Socks5(V4, "bob", SECRET);
    dialogue.answered(hex("0502"), 2);
    shouldEnd(dialogue, hex("0101"), Cause.PROXY_PASSWORD, 1);
    assertThat(Cause.PROXY_PASSWORD.text(1))
        .isEqualTo("the proxy refuses the credentials over SOCKS5: code 1");
    assertThat(Cause.PROXY_METHOD.text(255))
        .isEqualTo("the proxy takes no such credentials over SOCKS5, or wants some: method 255");
    dialogue = new Socks5(V4, "bob", SECRET);
    dialogue.answered(hex("0502"), 2);
    assertThat(whole(dialogue, hex("02"))).isEqualTo(ProxyDialogue.UNFIT);
  }

  @Test
  void shouldSayUserPasswordAndHeadersOverHttp() {
    assertThat(new String(new HttpConnect(V4, "bob", SECRET).first(), StandardCharsets.US_ASCII))
        .isEqualTo(
            """
            CONNECT 192.0.2.7:443 HTTP/1.1\r
            Host: 192.0.2.7:443\r
            Proxy-Authorization: Basic Ym9iOnDDpHNzd29ydA==\r
            X-Site: oslo\r
            \r
            """);
  }

  @Test
  void shouldAskOverSocks4AndByNameOver4a() {
    assertThat(new Socks4(V4, "id").first()).isEqualTo(hex("0401 01bb c0000207 6964 00"));
    assertThat(new Socks4(NAME, "").first())
        .isEqualTo(hex("0401 1f90 00000001 00 6170702e6578616d706c65 00"));
    assertThat(Socks4.reaches(V6)).isFalse();
    shouldEnd(new Socks4(V4, ""), hex("005a 0000 00000000 ff"), null, 0);
    shouldEnd(new Socks4(V4, ""), hex("005b 0000 00000000"), Cause.PROXY_SOCKS4, 91);
    assertThat(whole(new Socks4(V4, ""), hex("04"))).isEqualTo(ProxyDialogue.UNFIT);
  }

  @Test
  void shouldAskOverHttpWithAHostHeader() {
    assertThat(new String(http(V6).first(), StandardCharsets.US_ASCII))
        .isEqualTo(
            """
            CONNECT [2001:db8:0:0:0:0:0:9]:80 HTTP/1.1\r
            Host: [2001:db8:0:0:0:0:0:9]:80\r
            \r
            """);
    assertThat(new String(http(NAME).first(), StandardCharsets.US_ASCII))
        .startsWith("CONNECT app.example:8080 HTTP/1.1\r\n");
  }

  @Test
  void shouldTakeHeadsOfHttpUpToTheEmptyLine() {
    for (String head :
        List.of(
            "HTTP/1.1 200 Connection established\r\n\r\n",
            "HTTP/1.0 200\r\nVia: x\r\n\r\n",
            "HTTP/1.1 204 No\nA: b\n\n")) {
      assertThat(whole(http(V4), ascii(head + "SSH-2.0"))).isEqualTo(head.length());
      shouldEnd(http(V4), ascii(head), null, 0);
    }
    shouldEnd(http(V4), ascii("HTTP/1.1 503 No\r\n\r\n"), Cause.PROXY_HTTP, 104);
    shouldEnd(http(V4), ascii("HTTP/1.1 301 No\r\n\r\n"), Cause.PROXY_HTTP, 0);
    for (String status : List.of("401", "407")) {
      ProxyDialogue dialogue = http(V4);
      byte[] answer = ascii("HTTP/1.0 " + status + " X\r\n\r\n");
      assertThat(dialogue.answered(answer, answer.length)).isNull();
      assertThat(dialogue.refusal()).isEqualTo(Cause.PROXY_CREDENTIALS);
      assertThat(dialogue.refusal().text(dialogue.code()))
          .isEqualTo("the proxy refuses the credentials, or wants some: status " + status);
    }
    for (String bad : List.of("SSH-2.0", "HTTP/2", "HTTP/1.1 2x0 \r\n\r\n", "HTTP/1.1\r\n\r\n")) {
      assertThat(whole(http(V4), ascii(bad))).isEqualTo(ProxyDialogue.UNFIT);
    }
  }

  @Test
  void shouldSayInWordsWhatAProxyAnswered() {
    assertThat(Cause.PROXY_SOCKS5.text(5))
        .isEqualTo("refused over SOCKS5: code 5, connection refused");
    assertThat(Cause.PROXY_HTTP.text(104)).isEqualTo("refused over HTTP: status 503");
    assertThat(Cause.PROXY_SOCKS4.text(91))
        .isEqualTo("refused over SOCKS4: code 91, rejected or failed");
  }

  @Test
  void shouldTakeNoMoreThanThereIsWhateverComes() {
    long seed = Long.getLong("seed", System.nanoTime());
    System.out.println("ProxyDialogueTest: -Dseed=" + seed);
    Random random = new Random(seed);
    byte[][] samples = {
      hex("0500"),
      hex("0502 0100 05000001 7f000001 0000"),
      hex("05000001 7f000001 0000"),
      hex("05010003 05 6162636465 0000"),
      hex("05000004 00000000000000000000000000000001 0000"),
      hex("005a 0000 00000000"),
      ascii("HTTP/1.1 200 OK\r\nA: b\r\n\r\nmore"),
      ascii("HTTP/1.0 407 No\r\n\r\n")
    };
    for (int round = 0; round < ROUNDS; round++) {
      byte[] bytes = Arrays.copyOf(samples[random.nextInt(samples.length)], random.nextInt(48));
      for (int i = random.nextInt(4); i > 0 && bytes.length > 0; i--) {
        bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
      }
      ProxyDialogue dialogue = ALL.get(round % ALL.size()).get();
      byte[] message = dialogue.first();
      int from = 0;
      while (message != null) {
        byte[] rest = Arrays.copyOfRange(bytes, from, bytes.length);
        int taken = 0;
        for (int length = 0; taken == 0 && length <= rest.length; length++) {
          taken = dialogue.length(rest, length);
          if (taken > length || taken < ProxyDialogue.UNFIT) {
            throw new AssertionError("takes " + taken + " of " + HEX.formatHex(rest, 0, length));
          }
        }
        if (taken <= 0) {
          break;
        }
        message = dialogue.answered(rest, taken);
        from += taken;
      }
    }
  }
}
