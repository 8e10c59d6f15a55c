package org.portbouncer.negotiator.negotiate;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.portbouncer.core.sys.Native;
import org.portbouncer.core.sys.SockAddr;
import org.portbouncer.negotiator.negotiate.ProxyHeader.Outcome;

class ProxyHeaderTest {

  private static final byte[] SIGNATURE = {13, 10, 13, 10, 0, 13, 10, 'Q', 'U', 'I', 'T', 10};
  private static final int ROUNDS = 1_000_000;

  private final ProxyHeader header = new ProxyHeader();
  private final MemorySegment memory = Native.allocate(ProxyHeader.MOST + 8L);

  private Outcome read(byte[] bytes, int length) {
    // Behind what has come lies something else, which is not to be read.
    memory.asSlice(0, Math.min(memory.byteSize(), length + 64L)).fill((byte) 0x5a);
    MemorySegment.copy(bytes, 0, memory, JAVA_BYTE, 0, length);
    return header.read(memory, length);
  }

  private Outcome read(byte[] bytes) {
    return read(bytes, bytes.length);
  }

  private Outcome line(String text) {
    return read(text.getBytes(StandardCharsets.ISO_8859_1));
  }

  private String source() {
    return SockAddr.text(header.addresses(), header.sourceAt());
  }

  private String destination() {
    return SockAddr.text(header.addresses(), header.destinationAt());
  }

  private static byte[] second(int command, int family, byte[] rest) {
    return ByteBuffer.allocate(16 + rest.length)
        .put(SIGNATURE)
        .put((byte) command)
        .put((byte) family)
        .putShort((short) rest.length)
        .put(rest)
        .array();
  }

  private static byte[] addresses(int... parts) {
    byte[] bytes = new byte[parts.length];
    for (int i = 0; i < parts.length; i++) {
      bytes[i] = (byte) parts[i];
    }
    return bytes;
  }

  private static final byte[] FOUR = addresses(192, 0, 2, 1, 198, 51, 100, 7, 0x12, 0x34, 0, 80);

  private static byte[] with(byte[]... parts) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      all.writeBytes(part);
    }
    return all.toByteArray();
  }

  private static byte[] tlv(int type, byte[] value) {
    return ByteBuffer.allocate(3 + value.length)
        .put((byte) type)
        .putShort((short) value.length)
        .put(value)
        .array();
  }

  private static byte[] checked(byte[] whole) {
    CRC32C crc = new CRC32C();
    crc.update(whole);
    ByteBuffer.wrap(whole).putInt(whole.length - 4, (int) crc.getValue());
    return whole;
  }

  @ParameterizedTest
  @CsvSource({
    "PROXY TCP4 192.0.2.1 198.51.100.7 4660 80, 192.0.2.1:4660, 198.51.100.7:80",
    "PROXY TCP6 2001:db8::1 2001:db8::2 0 65535, [2001:db8::1]:0, [2001:db8::2]:65535",
    "PROXY TCP6 ::ffff:192.0.2.1 ::ffff:198.51.100.7 1 2, 192.0.2.1:1, 198.51.100.7:2"
  })
  void shouldGiveBothAddressesWhenALineHasThem(String text, String source, String destination) {
    String whole = text + "\r\n";
    assertThat(line(whole + "GET /")).isEqualTo(Outcome.WHOLE);
    assertThat(header.length()).isEqualTo(whole.length());
    assertThat(source()).isEqualTo(source);
    assertThat(destination()).isEqualTo(destination);
    for (int cut = 0; cut < whole.length(); cut++) {
      assertThat(line(whole.substring(0, cut))).as("%d bytes", cut).isEqualTo(Outcome.MORE);
    }
  }

  @Test
  void shouldGiveTheSourceAloneWhenTheFamiliesOfALineDiffer() {
    assertThat(line("PROXY TCP6 2001:db8::1 127.0.0.1 1 2\r\n")).isEqualTo(Outcome.WHOLE);
    assertThat(source()).isEqualTo("[2001:db8::1]:1");
    assertThat(header.hasDestination()).isFalse();
  }

  @ParameterizedTest
  @ValueSource(strings = {"PROXY UNKNOWN\r\n", "PROXY UNKNOWN ff:: ff:: 1 2\r\n"})
  void shouldSayNothingWhenNothingIsKnown(String text) {
    assertThat(line(text)).isEqualTo(Outcome.WHOLE);
    assertThat(header.length()).isEqualTo(text.length());
    assertThat(header.hasSource()).isFalse();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "GET / HTTP/1.1\r\n",
        "PROXY\r\n",
        "PROXY TCP4 1.2.3.4 5.6.7.8 1 2\n",
        "PROXY TCP4 1.2.3.4 5.6.7.8 1 2\rX",
        "PROXY TCP5 1.2.3.4 5.6.7.8 1 2\r\n",
        "PROXY TCP4 1.2.3.4 5.6.7.8 1\r\n",
        "PROXY TCP4 1.2.3.4 5.6.7.8 1 2 3\r\n",
        "PROXY TCP4 1.2.3.4  5.6.7.8 1 2\r\n",
        "PROXY TCP4 1.2.3.4 5.6.7.8 1 65536\r\n",
        "PROXY TCP4 1.2.3.4 5.6.7.8 01 2\r\n",
        "PROXY TCP4 1.2.3.4 5.6.7.8 -1 2\r\n",
        "PROXY TCP4 1.2.3.456 5.6.7.8 1 2\r\n",
        "PROXY TCP4 2001:db8::1 127.0.0.1 1 2\r\n",
        "PROXY TCP6 2001:db8::1 unix:/run/x 1 2\r\n",
        "PROXY UNKNOWNX\r\n",
        "PROXY TCP6 2001:db8::1%eth0 2001:db8::2 1 2\r\n"
      })
  void shouldRefuseWhenALineIsNone(String text) {
    assertThat(line(text)).isEqualTo(Outcome.MALFORMED);
    assertThat(header.wrong()).isNotEmpty();
    assertThat(header.hasSource()).isFalse();
  }

  @Test
  void shouldRefuseWhenALineDoesNotEnd() {
    String longest = "PROXY UNKNOWN " + "x".repeat(91) + "\r\n";
    assertThat(longest).hasSize(107);
    assertThat(line(longest)).isEqualTo(Outcome.WHOLE);
    assertThat(line("PROXY UNKNOWN " + "x".repeat(92) + "\r\n")).isEqualTo(Outcome.MALFORMED);
  }

  @Test
  void shouldGiveAddressesAndTlvsWhenAHeaderOfVersionTwoHasThem() {
    byte[] tlv = tlv(0xe1, new byte[] {'a', 'b'});
    byte[] whole = second(0x21, 0x11, with(FOUR, tlv));
    assertThat(read(with(whole, new byte[] {'x'}))).isEqualTo(Outcome.WHOLE);
    assertThat(header.length()).isEqualTo(whole.length);
    assertThat(source()).isEqualTo("192.0.2.1:4660");
    assertThat(destination()).isEqualTo("198.51.100.7:80");
    assertThat(header.tlvs()).isEqualTo(28);
    assertThat(header.tlvsLength()).isEqualTo(tlv.length);
    for (int cut = 0; cut < whole.length; cut++) {
      assertThat(read(whole, cut)).as("%d bytes", cut).isEqualTo(Outcome.MORE);
      assertThat(header.length()).isEqualTo(cut < 16 ? 0 : whole.length);
    }
  }

  @Test
  void shouldUnmapWhenIpv4ComesAsIpv6() {
    byte[] six = new byte[36];
    six[10] = six[11] = six[26] = six[27] = (byte) 0xff;
    six[12] = 10;
    six[15] = 9;
    six[28] = 127;
    six[31] = 1;
    six[33] = 5;
    assertThat(read(second(0x21, 0x21, six))).isEqualTo(Outcome.WHOLE);
    assertThat(source()).isEqualTo("10.0.0.9:5");
    assertThat(destination()).isEqualTo("127.0.0.1:0");
  }

  @ParameterizedTest
  @CsvSource({
    "0x20, 0x00, 0",
    "0x20, 0x11, 12",
    "0x20, 0x11, 3",
    "0x21, 0x00, 0",
    "0x21, 0x00, 7",
    "0x21, 0x31, 216",
    "0x21, 0x10, 12"
  })
  void shouldSayNothingWhenNoClientIsMeant(String command, String family, int length) {
    byte[] whole = second(Integer.decode(command), Integer.decode(family), new byte[length]);
    assertThat(read(whole)).isEqualTo(Outcome.WHOLE);
    assertThat(header.length()).isEqualTo(16 + length);
    assertThat(header.hasSource()).isFalse();
  }

  @ParameterizedTest
  @CsvSource({
    "0x11, 0x11, 12",
    "0x22, 0x11, 12",
    "0x21, 0x41, 12",
    "0x21, 0x13, 12",
    "0x21, 0x12, 12",
    "0x21, 0x11, 11",
    "0x21, 0x21, 35",
    "0x21, 0x31, 215",
    "0x21, 0x11, 13"
  })
  void shouldRefuseWhenAHeaderOfVersionTwoIsNone(String command, String family, int length) {
    byte[] whole = second(Integer.decode(command), Integer.decode(family), new byte[length]);
    assertThat(read(whole)).isEqualTo(Outcome.MALFORMED);
  }

  @Test
  void shouldCheckTheChecksumWhenThereIsOne() {
    byte[] whole = checked(second(0x21, 0x11, with(FOUR, tlv(3, new byte[4]))));
    assertThat(read(whole)).isEqualTo(Outcome.WHOLE);
    for (int i = 14; i < whole.length; i++) {
      byte[] wrong = whole.clone();
      wrong[i] ^= 1;
      if (i > 15 && (i < 28 || i > 30)) {
        assertThat(read(wrong)).as("byte %d", i).isEqualTo(Outcome.MALFORMED);
      }
    }
  }

  @Test
  void shouldTakeTheLongest() {
    byte[] whole = second(0x21, 0x11, with(FOUR, tlv(0xe0, new byte[65_535 - 12 - 3])));
    assertThat(whole).hasSize(ProxyHeader.MOST);
    assertThat(read(whole)).isEqualTo(Outcome.WHOLE);
    assertThat(read(whole, 107)).isEqualTo(Outcome.MORE);
    assertThat(header.length()).isEqualTo(ProxyHeader.MOST);
  }

  /**
   * Whatever comes, a part of it never says other than that there is more, or what the whole says.
   */
  @Test
  void shouldNeverThrowNorChangeItsMindWhenBytesAreRandomAndCut() {
    long seed = Long.getLong("seed", System.nanoTime());
    System.out.println("ProxyHeaderTest -Dseed=" + seed);
    Random random = new Random(seed);
    byte[] six = second(0x21, 0x21, with(new byte[36], tlv(1, new byte[] {'h', '2'})));
    byte[][] good = {
      "PROXY TCP4 192.0.2.1 198.51.100.7 4660 80\r\n".getBytes(StandardCharsets.US_ASCII),
      "PROXY TCP6 2001:db8::1 2001:db8::2 0 65535\r\n".getBytes(StandardCharsets.US_ASCII),
      "PROXY UNKNOWN\r\n".getBytes(StandardCharsets.US_ASCII),
      second(0x21, 0x11, FOUR),
      second(0x20, 0, new byte[0]),
      checked(second(0x21, 0x11, with(FOUR, tlv(3, new byte[4])))),
      six
    };
    int whole = 0;
    for (int round = 0; round < ROUNDS; round++) {
      byte[] bytes = good[random.nextInt(good.length)];
      bytes = Arrays.copyOf(bytes, bytes.length);
      for (int i = random.nextInt(3); i > 0; i--) {
        bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
      }
      Outcome outcome = read(bytes);
      int length = header.length();
      whole += outcome == Outcome.WHOLE ? 1 : 0;
      assertThat(outcome == Outcome.WHOLE && length > bytes.length).isFalse();
      if (round % 100 == 0) {
        for (int cut = 0; cut < bytes.length; cut++) {
          Outcome part = read(bytes, cut);
          assertThat(part == Outcome.MORE || part == outcome)
              .as("seed %d, %s cut at %d: %s", seed, Arrays.toString(bytes), cut, part)
              .isTrue();
        }
      }
    }
    assertThat(whole).isBetween(ROUNDS / 10, ROUNDS - 1);
  }
}
