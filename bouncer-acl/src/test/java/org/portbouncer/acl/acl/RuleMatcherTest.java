package org.portbouncer.acl.acl;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.portbouncer.core.config.Acl;
import org.portbouncer.core.config.NetworkSet;
import org.portbouncer.core.config.Rule;
import org.portbouncer.core.sys.SockAddr;

class RuleMatcherTest {

  private final MemorySegment client = Arena.ofAuto().allocate(SockAddr.ROOM, 8);

  /** A rule for these networks, for everybody where there are none. */
  private static Rule rule(String... from) {
    NetworkSet set = from.length == 0 ? null : NetworkSet.of(from);
    return new Rule(
        "r",
        Rule.Action.PASS,
        set,
        List.of(),
        null,
        -1,
        0,
        0,
        null,
        null,
        false,
        false,
        false,
        "",
        1);
  }

  private static Acl acl(Rule... rules) {
    return new Acl("office", Arrays.asList(rules));
  }

  /** The only place that knows how a match is asked for. */
  private int match(Acl acl, String address) {
    if (address.equals("unix")) {
      SockAddr.putUnnamed(client, 0);
    } else {
      SockAddr.put(client, 0, InetAddress.ofLiteral(address), 40_000);
    }
    return RuleMatcher.match(acl, client, 0);
  }

  @Test
  void shouldTakeTheFirstWhenSeveralRulesMatch() {
    Acl acl = acl(rule("10.9.0.0/16"), rule("10.0.0.0/8"), rule("10.9.1.0/24"));
    assertThat(match(acl, "10.9.1.1")).isEqualTo(0);
    assertThat(match(acl, "10.8.1.1")).isEqualTo(1);
  }

  @Test
  void shouldFindNoneWhenNoRuleMatches() {
    Acl acl = acl(rule("10.0.0.0/8"), rule("2001:db8::/32"));
    assertThat(match(acl, "192.0.2.1")).isEqualTo(RuleMatcher.NONE);
    assertThat(match(acl, "2001:db9::1")).isEqualTo(RuleMatcher.NONE);
    assertThat(match(acl(), "192.0.2.1")).isEqualTo(RuleMatcher.NONE);
  }

  @Test
  void shouldMatchEverybodyWhenARuleNamesNoNetwork() {
    Acl acl = acl(rule("10.0.0.0/8"), rule());
    assertThat(match(acl, "192.0.2.1")).isEqualTo(1);
    assertThat(match(acl, "2001:db8::1")).isEqualTo(1);
    assertThat(match(acl, "unix")).isEqualTo(1);
  }

  @Test
  void shouldKeepTheFamiliesApartWhenANetworkIsEverything() {
    Acl acl = acl(rule("0.0.0.0/0"), rule("::/0"));
    assertThat(match(acl, "255.255.255.255")).isEqualTo(0);
    assertThat(match(acl, "ffff::")).isEqualTo(1);
    assertThat(match(acl, "unix")).isEqualTo(RuleMatcher.NONE);
  }

  @Test
  void shouldIncludeBothEdgesWhenANetworkIsGiven() {
    Acl acl = acl(rule("192.0.2.128/25", "2001:db8::/127"));
    assertThat(match(acl, "192.0.2.127")).isEqualTo(RuleMatcher.NONE);
    assertThat(match(acl, "192.0.2.128")).isEqualTo(0);
    assertThat(match(acl, "192.0.2.255")).isEqualTo(0);
    assertThat(match(acl, "192.0.3.0")).isEqualTo(RuleMatcher.NONE);
    assertThat(match(acl, "2001:db8::1")).isEqualTo(0);
    assertThat(match(acl, "2001:db8::2")).isEqualTo(RuleMatcher.NONE);
  }
}
