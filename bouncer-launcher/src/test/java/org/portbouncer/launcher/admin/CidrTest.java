package org.portbouncer.launcher.admin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CidrTest {

  @ParameterizedTest
  @CsvSource({
    "10.0.0.0/8, 10.255.255.255:1, true",
    "10.0.0.0/8, 11.0.0.0:1, false",
    "10.1.2.3, 10.1.2.3:567, true",
    "10.1.2.3/32, 10.1.2.2:567, false",
    "10.1.2.3/31, 10.1.2.2:567, true",
    "0.0.0.0/0, 255.1.1.1:9, true",
    "0.0.0.0/0, [::1]:9, false",
    "2001:db8::/32, [2001:db8:ffff::1]:9, true",
    "2001:db8::/32, [2001:db9::1]:9, false",
    "::/0, [fe80::1%eth0]:9, true",
    "10.0.0.0/8, [::ffff:10.1.2.3]:9, true",
    "::ffff:10.0.0.0/104, 10.1.2.3:9, true",
    "0.0.0.0/0, unix:/run/x.sock, false",
    "0.0.0.0/0, nonsense, false",
  })
  void shouldTellWhetherAnEndpointLiesInIt(String network, String endpoint, boolean inside) {
    assertThat(Cidr.parse(network).containsEndpoint(endpoint)).isEqualTo(inside);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "/",
        "/8",
        "10.0.0.0/",
        "10.0.0.0/33",
        "10.0.0.0/-1",
        "10.0.0.0/8/8",
        "::/129",
        "localhost",
        "::ffff:10.0.0.0/8",
        "10.0.0.0/0x8",
        "10.0.0.0/9999"
      })
  void shouldRefuseWhatIsNoNetwork(String text) {
    assertThatThrownBy(() -> Cidr.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("10.0.0.0/8");
  }
}
