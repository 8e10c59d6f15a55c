package org.portbouncer.acl.acl;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.math.BigInteger;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.portbouncer.acl.Source;
import org.portbouncer.core.config.Acl;
import org.portbouncer.core.config.Configuration.SourcePrefix;
import org.portbouncer.core.config.IpAddress;
import org.portbouncer.core.config.Rule;
import org.portbouncer.core.sys.SockAddr;

class RuleMatcherTest {

  private final MemorySegment address = Arena.ofAuto().allocate(SockAddr.ROOM);

  private static RuleMatcher matcher(TestRule... rules) {
    return matcher(List.of(rules));
  }

  private static RuleMatcher matcher(List<TestRule> rules) {
    List<Rule> built = new ArrayList<>();
    for (int i = 0; i < rules.size(); i++) {
      built.add(rules.get(i).rule(i));
    }
    return new RuleMatcher(new Acl("x", built));
  }

  private int match(RuleMatcher matcher, String client, int port, long nowMs) {
    SockAddr.put(address, 0, InetAddress.ofLiteral(client), port);
    return matcher.match(address, 0, nowMs);
  }

  @Test
  void shouldDecideByTheFirstRuleThatMatches() {
    RuleMatcher matcher =
        matcher(
            TestRule.from("10.9.0.0/16"),
            TestRule.from("10.0.0.0/8").port(1024, 65535),
            TestRule.from("2001:db8::/32"));
    assertThat(match(matcher, "10.9.1.1", 5000, 0)).isZero();
    assertThat(match(matcher, "10.8.1.1", 1024, 0)).isEqualTo(1);
    assertThat(match(matcher, "10.8.1.1", 1023, 0)).isEqualTo(RuleMatcher.NONE);
    assertThat(match(matcher, "2001:db8:1::1", 1, 0)).isEqualTo(2);
    assertThat(match(matcher, "192.0.2.1", 5000, 0)).isEqualTo(RuleMatcher.NONE);
    assertThat(match(matcher(List.of()), "10.0.0.1", 1, 0)).isEqualTo(RuleMatcher.NONE);
  }

  @Test
  void shouldTakeAMappedAddressForIpv4() {
    RuleMatcher matcher = matcher(TestRule.from("::/0"), TestRule.from("10.0.0.0/8"));
    assertThat(matcher.match(IpAddress.parse("::ffff:10.1.2.3"), 1, 0)).isEqualTo(1);
    assertThat(matcher.match(IpAddress.parse("10.1.2.3"), 1, 0)).isEqualTo(1);
    assertThat(matcher.match(IpAddress.parse("::fffe:10.1.2.3"), 1, 0)).isZero();
  }

  @Test
  void shouldLetOnlyRulesWithoutAddressMatchClientsOfUnixSockets() {
    SockAddr.putUnnamed(address, 0);
    RuleMatcher matcher =
        matcher(TestRule.from("0.0.0.0/0", "::/0"), TestRule.any().port(0, 65535), TestRule.any());
    assertThat(matcher.match(address, 0, 0)).isEqualTo(2);
  }

  @Test
  void shouldFollowTheClockOfTheZoneThroughDaylightSaving() {
    RuleMatcher matcher =
        matcher(TestRule.any().when("Mon-Fri 07:00-19:00 Europe/Oslo"), TestRule.any());
    assertThat(match(matcher, "10.0.0.1", 1, at("2026-03-27T05:59:59Z"))).isEqualTo(1);
    assertThat(match(matcher, "10.0.0.1", 1, at("2026-03-27T06:00:00Z"))).isZero();
    // Clocks went forward on the 29th: seven o'clock is an hour earlier in UTC from then on.
    assertThat(match(matcher, "10.0.0.1", 1, at("2026-03-30T04:59:59Z"))).isEqualTo(1);
    assertThat(match(matcher, "10.0.0.1", 1, at("2026-03-30T05:00:00Z"))).isZero();
    assertThat(match(matcher, "10.0.0.1", 1, at("2026-03-30T16:59:59.999Z"))).isZero();
    assertThat(match(matcher, "10.0.0.1", 1, at("2026-03-30T17:00:00Z"))).isEqualTo(1);
    assertThat(match(matcher, "10.0.0.1", 1, at("2026-03-29T10:00:00Z"))).isEqualTo(1);
  }

  private static long at(String time) {
    return Instant.parse(time).toEpochMilli();
  }

  @Test
  void shouldSayWhyARuleDoesNotMatch() {
    RuleMatcher matcher =
        matcher(TestRule.from("10.0.0.0/8").port(80, 80).when("Mon 08:00-09:00 UTC"));
    IpAddress client = IpAddress.parse("11.0.0.1");
    long sunday = at("2026-11-22T08:30:00Z");
    assertThat(matcher.whyNot(0, client, 81, sunday))
        .containsExactly(
            "from does not match",
            "from-port does not match",
            "when: Mon 08:00-09:00 UTC is not now");
    assertThat(matcher.whyNot(0, client, RuleMatcher.NO_PORT, sunday))
        .contains("from-port needs a port");
    assertThat(matcher.whyNot(0, IpAddress.parse("10.0.0.1"), 80, at("2026-11-23T08:30:00Z")))
        .isEmpty();
  }

  @Test
  void shouldCutTheAddressToItsSource() {
    SourcePrefix prefixes = new SourcePrefix(24, 56);
    assertThat(Source.text(IpAddress.parse("192.0.2.77"), prefixes)).isEqualTo("192.0.2.0/24");
    assertThat(Source.text(IpAddress.parse("2001:db8:1:2ff::1"), prefixes))
        .isEqualTo("2001:db8:1:200::/56");
    assertThat(Source.text(IpAddress.parse("192.0.2.77"), new SourcePrefix(32, 128)))
        .isEqualTo("192.0.2.77/32");
    assertThat(Source.text(IpAddress.parse("2001:db8::1"), new SourcePrefix(0, 0)))
        .isEqualTo("::/0");
    Source read = new Source();
    SockAddr.put(address, 0, InetAddress.ofLiteral("192.0.2.77"), 1);
    read.of(address, 0, prefixes);
    assertThat(new IpAddress(read.high(), read.low())).isEqualTo(IpAddress.parse("192.0.2.0"));
  }

  /** Random ACLs, asked about the edges of every network in them and about random addresses. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void shouldDecideAsTheReferenceDoes(long seed) throws Exception {
    Random random = new Random(seed);
    int count = seed % 2 == 0 ? 40 : 120;
    List<TestRule> rules = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      rules.add(randomRule(random, seed));
    }
    RuleMatcher matcher = matcher(rules);
    List<String> addresses = new ArrayList<>();
    for (TestRule rule : rules) {
      for (String network : rule.from() == null ? new String[0] : rule.from()) {
        addEdges(network, addresses);
      }
    }
    for (int i = 0; i < 1500; i++) {
      addresses.add(text(randomBytes(random, random.nextBoolean())));
    }
    addresses.addAll(List.of("0.0.0.0", "255.255.255.255", "::", "ffff:ffff:ffff:ffff::ffff"));
    for (String asked : addresses) {
      int port = random.nextInt(8);
      assertThat(match(matcher, asked, port, 0))
          .as("seed %d: %s port %d", seed, asked, port)
          .isEqualTo(ReferenceDecision.of(rules, asked, port));
    }
  }

  private static TestRule randomRule(Random random, long seed) throws UnknownHostException {
    TestRule rule = TestRule.any();
    if (random.nextInt(20) > 0) {
      String[] networks = new String[1 + random.nextInt(6)];
      for (int i = 0; i < networks.length; i++) {
        networks[i] = randomNetwork(random);
      }
      rule = TestRule.from(networks);
    } else if (seed % 3 == 0 || random.nextBoolean()) {
      rule = rule.port(3, 3);
    }
    // Seeds that are mostly conditional have long lists of candidates, longer than are kept.
    if (rule.ports() == null && random.nextInt(10) < (seed >= 5 ? 9 : 3)) {
      int first = random.nextInt(8);
      rule = rule.port(first, first + random.nextInt(2));
    }
    return random.nextInt(10) == 0 ? rule.when("Mon 00:00-00:01 UTC") : rule;
  }

  /** Few leading bits differ, so that networks nest and touch. */
  private static String randomNetwork(Random random) throws UnknownHostException {
    boolean v4 = random.nextBoolean();
    byte[] bytes = randomBytes(random, v4);
    int prefix = random.nextInt(bytes.length * 8 + 1);
    BigInteger mask =
        BigInteger.ONE
            .shiftLeft(prefix)
            .subtract(BigInteger.ONE)
            .shiftLeft(bytes.length * 8 - prefix);
    return text(fixed(new BigInteger(1, bytes).and(mask), bytes.length)) + "/" + prefix;
  }

  private static byte[] randomBytes(Random random, boolean v4) {
    byte[] bytes = new byte[v4 ? 4 : 16];
    random.nextBytes(bytes);
    bytes[0] = (byte) (v4 ? 10 + random.nextInt(2) : 0x20 + random.nextInt(2));
    if (random.nextInt(3) > 0) {
      Arrays.fill(bytes, 1, bytes.length - 1, (byte) (random.nextInt(3) - 1));
    }
    return bytes;
  }

  private static void addEdges(String network, List<String> addresses) throws UnknownHostException {
    String[] parts = network.split("/", -1);
    byte[] bytes = InetAddress.ofLiteral(parts[0]).getAddress();
    int bits = bytes.length * 8;
    BigInteger first = new BigInteger(1, bytes);
    BigInteger next = first.add(BigInteger.ONE.shiftLeft(bits - Integer.parseInt(parts[1])));
    for (BigInteger edge :
        List.of(first, first.subtract(BigInteger.ONE), next, next.subtract(BigInteger.ONE))) {
      if (edge.signum() >= 0 && edge.bitLength() <= bits) {
        addresses.add(text(fixed(edge, bytes.length)));
      }
    }
  }

  private static byte[] fixed(BigInteger number, int length) {
    byte[] bytes = new byte[length];
    byte[] given = number.toByteArray();
    int size = Math.min(length, given.length);
    System.arraycopy(given, given.length - size, bytes, length - size, size);
    return bytes;
  }

  private static String text(byte[] address) throws UnknownHostException {
    return InetAddress.getByAddress(address).getHostAddress();
  }
}
