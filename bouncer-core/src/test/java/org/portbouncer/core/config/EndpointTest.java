package org.portbouncer.core.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.portbouncer.core.config.Endpoint.Kind;
import org.portbouncer.core.config.Endpoint.Ports;

class EndpointTest {

  private static Endpoint one() {
    return new Endpoint(Kind.INET, "127.0.0.1:" + 80, "127.0.0." + 1, 80, "", Ports.ONE, false);
  }

  /** Written by hand: a component that is added must be compared, too. */
  @Test
  void shouldBeAnotherWhenAnyComponentDiffers() {
    List<Endpoint> others =
        List.of(
            new Endpoint(Kind.NAME, "127.0.0.1:80", "127.0.0.1", 80, "", Ports.ONE, false),
            new Endpoint(Kind.INET, "127.0.0.2:80", "127.0.0.1", 80, "", Ports.ONE, false),
            new Endpoint(Kind.INET, "127.0.0.1:80", "127.0.0.2", 80, "", Ports.ONE, false),
            new Endpoint(Kind.INET, "127.0.0.1:80", "127.0.0.1", 81, "", Ports.ONE, false),
            new Endpoint(Kind.INET, "127.0.0.1:80", "127.0.0.1", 80, "/a", Ports.ONE, false),
            new Endpoint(Kind.INET, "127.0.0.1:80", "127.0.0.1", 80, "", Ports.ADDED, false),
            new Endpoint(Kind.INET, "127.0.0.1:80", "127.0.0.1", 80, "", Ports.ONE, true));
    assertThat(Endpoint.class.getRecordComponents()).hasSameSizeAs(others);
    assertThat(others).doesNotContain(one()).doesNotHaveDuplicates();
    assertThat(one()).isNotEqualTo(null).isNotEqualTo("127.0.0.1:80");
  }

  @Test
  void shouldBeTheSameWhenAllComponentsAre() {
    assertThat(one()).isEqualTo(one()).hasSameHashCodeAs(one());
  }
}
