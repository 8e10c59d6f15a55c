package org.portbouncer.core.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class NetworkSetTest {

  private static final BigInteger ALL_ONES = BigInteger.ONE.shiftLeft(128).subtract(BigInteger.ONE);

  /** A network as the first and last of its 128-bit addresses, IPv4 apart. */
  private record Naive(boolean v4, BigInteger first, BigInteger last) {

    boolean contains(IpAddress address) {
      BigInteger value = value(address.hi(), address.lo());
      return address.isV4() == v4 && first.compareTo(value) <= 0 && last.compareTo(value) >= 0;
    }
  }

  private static BigInteger value(long hi, long lo) {
    return new BigInteger(Long.toUnsignedString(hi))
        .shiftLeft(64)
        .or(new BigInteger(Long.toUnsignedString(lo)));
  }

  private static IpAddress address(BigInteger value) {
    return new IpAddress(value.shiftRight(64).longValue(), value.longValue());
  }

  @Test
  void shouldAgreeWithNaiveReferenceWhenNetworksAreRandom() {
    long seed = System.nanoTime();
    System.out.println("NetworkSetTest seed " + seed);
    Random random = new Random(seed);
    for (int round = 0; round < 200; round++) {
      List<Naive> naive = new ArrayList<>();
      NetworkSetBuilder builder = NetworkSet.builder();
      int count = random.nextInt(30);
      for (int i = 0; i < count; i++) {
        naive.add(randomNetwork(random, builder));
      }
      NetworkSet set = builder.build();
      for (Naive network : naive) {
        for (BigInteger edge : List.of(network.first(), network.last())) {
          requireSame(seed, naive, set, edge);
          requireSame(seed, naive, set, edge.add(BigInteger.ONE).and(ALL_ONES));
          requireSame(seed, naive, set, edge.subtract(BigInteger.ONE).and(ALL_ONES));
        }
      }
      for (int i = 0; i < 50; i++) {
        requireSame(seed, naive, set, value(random.nextInt(4), random.nextLong()));
        IpAddress four = IpAddress.ofV4(random.nextInt(1024) << random.nextInt(23));
        requireSame(seed, naive, set, value(four.hi(), four.lo()));
      }
    }
  }

  /** Few different leading bits, so that networks nest, touch and repeat. */
  private static Naive randomNetwork(Random random, NetworkSetBuilder builder) {
    boolean v4 = random.nextBoolean();
    int prefix = random.nextInt(v4 ? 33 : 129);
    int width = v4 ? prefix + 96 : prefix;
    IpAddress base =
        v4
            ? IpAddress.ofV4(random.nextInt(16) << random.nextInt(29))
            : new IpAddress(random.nextInt(4), random.nextLong());
    BigInteger hosts = BigInteger.ONE.shiftLeft(128 - width).subtract(BigInteger.ONE);
    BigInteger first = value(base.hi(), base.lo()).andNot(hosts);
    IpAddress address = address(first);
    boolean isV4 = address.isV4() && width >= 96;
    String text =
        v4 ? IpAddress.dotted(address.v4()) : IpAddress.v6Text(address.hi(), address.lo());
    builder.add(text + "/" + prefix);
    return new Naive(isV4, first, first.or(hosts));
  }

  private static void requireSame(long seed, List<Naive> naive, NetworkSet set, BigInteger value) {
    IpAddress address = address(value);
    boolean expected = naive.stream().anyMatch(network -> network.contains(address));
    assertThat(set.contains(address))
        .as("seed %d, %s in %s", seed, address, naive)
        .isEqualTo(expected);
  }

  @Test
  void shouldHoldExactlyTheEdgesWhenPrefixIsAnyOfIpv4() {
    for (int prefix = 0; prefix <= 32; prefix++) {
      long size = 1L << (32 - prefix);
      long first = 0xC0A80000L & -size;
      NetworkSet set = NetworkSet.of(IpAddress.dotted((int) first) + "/" + prefix);
      assertThat(set.containsV4((int) first)).isTrue();
      assertThat(set.containsV4((int) (first + size - 1))).isTrue();
      assertThat(set.containsV4((int) (first - 1))).isEqualTo(prefix == 0);
      assertThat(set.containsV4((int) (first + size))).isEqualTo(prefix == 0);
    }
  }

  @Test
  void shouldHoldExactlyTheEdgesWhenPrefixIsAnyOfIpv6() {
    BigInteger base = value(0x20010db8_00010002L, 0x8003_0004_0005_0006L);
    for (int prefix = 0; prefix <= 128; prefix++) {
      BigInteger size = BigInteger.ONE.shiftLeft(128 - prefix);
      BigInteger first = base.divide(size).multiply(size);
      IpAddress start = address(first);
      NetworkSet set = NetworkSet.of(IpAddress.v6Text(start.hi(), start.lo()) + "/" + prefix);
      assertThat(set.contains(start)).isTrue();
      assertThat(set.contains(address(first.add(size).subtract(BigInteger.ONE)))).isTrue();
      if (prefix > 0) {
        assertThat(set.contains(address(first.subtract(BigInteger.ONE).and(ALL_ONES)))).isFalse();
        assertThat(set.contains(address(first.add(size).and(ALL_ONES)))).isFalse();
      }
    }
  }

  @Test
  void shouldKeepFamiliesApartWhenPrefixIsZero() {
    NetworkSet four = NetworkSet.of("0.0.0.0/0");
    NetworkSet six = NetworkSet.of("::/0");
    assertThat(four.contains(IpAddress.parse("192.0.2.1"))).isTrue();
    assertThat(four.contains(IpAddress.parse("::ffff:192.0.2.1"))).isTrue();
    assertThat(four.contains(IpAddress.parse("::1"))).isFalse();
    assertThat(six.contains(IpAddress.parse("::1"))).isTrue();
    assertThat(six.contains(IpAddress.parse("::ffff:192.0.2.1"))).isFalse();
    assertThat(six.containsV4(0)).isFalse();
  }

  @Test
  void shouldBecomeIpv4WhenNetworkIsMapped() {
    assertThat(NetworkSet.of("::ffff:10.0.0.0/104")).isEqualTo(NetworkSet.of("10.0.0.0/8"));
    assertThat(NetworkSet.of("::ffff:0:0/96")).isEqualTo(NetworkSet.of("0.0.0.0/0"));
  }

  @Test
  void shouldMergeWhenNetworksTouchOrNest() {
    assertThat(NetworkSet.of("10.0.0.0/9", "10.128.0.0/9", "10.1.0.0/16").size()).isEqualTo(1);
    assertThat(NetworkSet.of("2001:db8::/33", "2001:db8:8000::/33"))
        .isEqualTo(NetworkSet.of("2001:db8::/32"));
    assertThat(NetworkSet.of("::/0", "ffff::/16", "::1").size()).isEqualTo(1);
    assertThat(NetworkSet.of().isEmpty()).isTrue();
  }

  @Test
  void shouldCoverOnlyWhenEveryAddressIsHeld() {
    NetworkSet set = NetworkSet.of("10.0.0.0/8", "2001:db8::/32");
    assertThat(set.covers(NetworkSet.of("10.1.0.0/16", "10.2.0.0/16", "2001:db8:1::/48"))).isTrue();
    assertThat(set.covers(NetworkSet.of("10.0.0.0/7"))).isFalse();
    assertThat(set.covers(NetworkSet.of("2001:db8::/31"))).isFalse();
    assertThat(set.covers(NetworkSet.EMPTY)).isTrue();
    assertThat(NetworkSet.EMPTY.covers(set)).isFalse();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "10.1.2.3/8 | 10.1.2.3/8 has host bits set; 10.0.0.0/8 or 10.1.2.3/32 was meant",
        "2001:db8::1/32 | 2001:db8::1/32 has host bits set; 2001:db8::/32 or 2001:db8::1/128 was"
            + " meant",
        "10.0.0.0/33 | 10.0.0.0/33 has no valid prefix length; 0 to 32 is possible",
        "::/129 | ::/129 has no valid prefix length; 0 to 128 is possible",
      })
  void shouldSayWhatWasMeantWhenNetworkIsWrong(String text, String message) {
    assertThatThrownBy(() -> NetworkSet.of(text))
        .isInstanceOf(InvalidValueException.class)
        .hasMessage(message);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "/8",
        "10/8",
        "10.0.0/8",
        "10.0.0.0.0/8",
        "010.0.0.0/8",
        "256.0.0.0/8",
        "1.2.3.4/",
        "1.2.3.4/-1",
        "1.2.3.4/+8",
        "1.2.3.4/08",
        "localhost",
        "::1%eth0",
        "[::1]",
        ":::",
        "1::2::3",
        "1:2:3:4:5:6:7",
        "1:2:3:4:5:6:7:8:9",
        "12345::",
        "::g",
        ":1::",
        "1:",
        "::1.2.3",
        "1.2.3.4::",
        "1.2.3.4 ",
        "١.2.3.4"
      })
  void shouldRefuseWhenTextIsNoNetwork(String text) {
    assertThatThrownBy(() -> NetworkSet.of(text)).isInstanceOf(InvalidValueException.class);
  }

  @ParameterizedTest
  @CsvSource({
    "::,::",
    "::1,::1",
    "1::,1::",
    "2001:DB8:0:0:1:0:0:1,2001:db8::1:0:0:1",
    "1:0:2:3:4:5:6:7,1:0:2:3:4:5:6:7",
    "::ffff:1.2.3.4,1.2.3.4",
    "::1.2.3.4,::102:304",
    "1:2:3:4:5:6:7::,1:2:3:4:5:6:7:0",
    "0.0.0.0,0.0.0.0",
    "255.255.255.255,255.255.255.255"
  })
  void shouldWriteTheUsualFormWhenAddressIsRead(String text, String expected) {
    assertThat(IpAddress.parse(text)).hasToString(expected);
  }
}
