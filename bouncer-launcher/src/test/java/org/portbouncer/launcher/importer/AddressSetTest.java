package org.portbouncer.launcher.importer;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class AddressSetTest {

  private static AddressSet set(String text) {
    return AddressSet.parse(text);
  }

  @Test
  void shouldWriteTheFewestNetworksWhenSetsAreAddedAndCut() {
    assertThat(set("10.0.0.0/9").union(set("10.128.0.0/9")).networks())
        .containsExactly("10.0.0.0/8");
    assertThat(set("10.0.0.0/30").minus(set("10.0.0.1")).networks())
        .containsExactly("10.0.0.0", "10.0.0.2/31");
    assertThat(set("2001:db8::/32").intersection(set("2001:db8:1::/48")).networks())
        .containsExactly("2001:db8:1::/48");
    assertThat(AddressSet.EVERY_V4.minus(set("0.0.0.0/1")).networks())
        .containsExactly("128.0.0.0/1");
    assertThat(AddressSet.EVERYONE.networks()).containsExactly("0.0.0.0/0", "::/0");
    assertThat(AddressSet.EVERYONE.complement().isEmpty()).isTrue();
  }

  @Test
  void shouldHoldIpv4ClientsWhenNetworkHoldsThemInTheirMappedForm() {
    assertThat(set("::/0").withMapped().networks()).containsExactly("0.0.0.0/0", "::/0");
    assertThat(set("::ffff:10.0.0.0/104").withMapped().networks()).containsExactly("10.0.0.0/8");
    assertThat(set("2001:db8::/32").withMapped().networks()).containsExactly("2001:db8::/32");
  }

  @Test
  void shouldRefuseTextsWhenTheyAreNoNetworks() {
    assertThat(set("10.0.0.0/33")).isNull();
    assertThat(set("10.0.0")).isNull();
    assertThat(set("::/129")).isNull();
    assertThat(set("10.0.0.0/255.0.0.0")).isNull();
    assertThat(set("host.example")).isNull();
  }
}
