package org.portbouncer.core.sys;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.portbouncer.core.support.Seed;

class SockAddrTest {

  private final MemorySegment m = Arena.ofAuto().allocate(SockAddr.ROOM, 8);

  private String text(InetAddress address, int port) {
    SockAddr.put(m, 0, address, port);
    return SockAddr.text(m, 0);
  }

  /** The vectors are those of RFC 5952 and RFC 4291, and the edges of each rule. */
  @ParameterizedTest
  @CsvSource({
    "::, ::",
    "::1, ::1",
    "1::, 1::",
    "2001:db8:0:0:0:0:0:1, 2001:db8::1",
    "2001:0db8:0000:0000:0000:0000:0000:0001, 2001:db8::1",
    "2001:db8:0:1:1:1:1:1, 2001:db8:0:1:1:1:1:1",
    "2001:db8:0:0:1:0:0:1, 2001:db8::1:0:0:1",
    "2001:0:0:1:0:0:0:1, 2001:0:0:1::1",
    "2001:DB8::ABCD, 2001:db8::abcd",
    "0:0:1:1:1:1:1:1, ::1:1:1:1:1:1",
    "1:1:1:1:1:1:0:0, 1:1:1:1:1:1::",
    "0:1:1:1:1:1:1:0, 0:1:1:1:1:1:1:0",
    "fe80::1, fe80::1",
    "ff02::fb, ff02::fb",
    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff, ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"
  })
  void shouldWriteTheCanonicalFormWhenTheAddressIsV6(String address, String canonical) {
    assertThat(text(InetAddress.ofLiteral(address), 443)).isEqualTo("[" + canonical + "]:443");
  }

  @ParameterizedTest
  @CsvSource({"0.0.0.0, 0", "192.0.2.1, 80", "255.255.255.255, 65535", "127.0.0.1, 32768"})
  void shouldWriteDottedNumbersWhenTheAddressIsV4(String address, int port) {
    assertThat(text(InetAddress.ofLiteral(address), port)).isEqualTo(address + ":" + port);
    assertThat(SockAddr.family(m, 0)).isEqualTo(Const.AF_INET);
    assertThat(SockAddr.port(m, 0)).isEqualTo(port);
    assertThat(SockAddr.length(m, 0)).isEqualTo(16);
  }

  @Test
  void shouldReadBackWhatItWroteWhenAddressesAreRandom() throws UnknownHostException {
    Random random = Seed.random(SockAddrTest.class);
    for (int round = 0; round < 20_000; round++) {
      byte[] bytes = new byte[random.nextBoolean() ? 4 : 16];
      random.nextBytes(bytes);
      for (int i = 0; i < bytes.length; i += 2) {
        if (random.nextInt(3) != 0) {
          bytes[i] = 0;
          bytes[i + 1] = (byte) (random.nextBoolean() ? 0 : 1);
        }
      }
      InetAddress address = InetAddress.getByAddress(bytes);
      int port = random.nextInt(65_536);
      String text = text(address, port);
      assertThat(text).endsWith(":" + port);
      String host = text.substring(0, text.lastIndexOf(':'));
      if (bytes.length == 16 && address.getAddress().length == 16) {
        assertThat(host).startsWith("[").endsWith("]").doesNotContain(":::");
        host = host.substring(1, host.length() - 1);
      }
      assertThat(InetAddress.ofLiteral(host)).isEqualTo(address);
      assertThat(SockAddr.address(m, 0)).isEqualTo(address);
    }
  }

  @Test
  void shouldGiveTheNumbersWhenRulesAskForThem() {
    SockAddr.put(m, 0, InetAddress.ofLiteral("192.0.2.255"), 1);
    assertThat(SockAddr.v4(m, 0)).isEqualTo(0xc00002ff);
    SockAddr.put(m, 0, InetAddress.ofLiteral("2001:db8:1:2:8000::ff"), 1);
    assertThat(SockAddr.v6High(m, 0)).isEqualTo(0x20010db800010002L);
    assertThat(SockAddr.v6Low(m, 0)).isEqualTo(0x80000000000000ffL);
    assertThat(SockAddr.length(m, 0)).isEqualTo(28);
  }

  @Test
  void shouldBecomeV4WhenAMappedAddressIsUnmapped() throws UnknownHostException {
    byte[] mapped = new byte[16];
    mapped[10] = -1;
    mapped[11] = -1;
    mapped[12] = (byte) 192;
    mapped[14] = 2;
    mapped[15] = 33;
    SockAddr.put(m, 0, InetAddress.ofLiteral("::"), 8080);
    MemorySegment.copy(mapped, 0, m, JAVA_BYTE, 8, 16);
    SockAddr.normalize(m, 0);
    assertThat(SockAddr.family(m, 0)).isEqualTo(Const.AF_INET);
    assertThat(SockAddr.text(m, 0)).isEqualTo("192.0.2.33:8080");
    // All that follows a sockaddr_in is zero, so that equal addresses are equal bytes.
    assertThat(m.asSlice(8, SockAddr.BYTES - 8).toArray(JAVA_BYTE)).containsOnly(0);
  }

  @ParameterizedTest
  @CsvSource({"::", "::1", "::192.0.2.1", "64:ff9b::c000:221", "::fffe:c000:221", "1::ffff:0:0"})
  void shouldStayV6WhenTheAddressIsNotMapped(String address) {
    SockAddr.put(m, 0, InetAddress.ofLiteral(address), 1);
    String before = SockAddr.text(m, 0);
    SockAddr.normalize(m, 0);
    assertThat(SockAddr.family(m, 0)).isEqualTo(Const.AF_INET6);
    assertThat(SockAddr.text(m, 0)).isEqualTo(before);
  }

  @Test
  void shouldShowNoNameWhenTheAddressIsUnix() {
    assertThat(SockAddr.putUnix(m, 0, "/run/é.sock")).isEqualTo(2 + 12 + 1);
    assertThat(SockAddr.text(m, 0)).isEqualTo("unix:");
    assertThat(SockAddr.port(m, 0)).isZero();
    m.fill((byte) 0x55);
    SockAddr.putUnnamed(m, 0);
    assertThat(SockAddr.text(m, 0)).isEqualTo("unix:");
    assertThat(m.asSlice(2, SockAddr.BYTES - 2).toArray(JAVA_BYTE)).containsOnly(0);
  }

  @Test
  void shouldRefuseAPathWhenItIsLongerThanTheKernelTakes() {
    assertThat(SockAddr.putUnix(m, 0, "/".repeat(107))).isEqualTo(110);
    assertThatThrownBy(() -> SockAddr.putUnix(m, 0, "/".repeat(108)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("107 bytes");
    assertThatThrownBy(() -> SockAddr.putUnix(m, 0, "é".repeat(54)))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void shouldBeEmptyWhenThereIsNoAddress() {
    m.fill((byte) 0);
    assertThat(SockAddr.text(m, 0)).isEmpty();
  }
}
