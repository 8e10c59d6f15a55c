package org.portbouncer.core.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class NearestTest {

  @Test
  void shouldSayWhatWasMeantWhereSomethingIsNear() {
    assertThat(Nearest.hint("wbe", List.of("mail", "web"))).isEqualTo(", did you mean 'web'?");
  }

  @Test
  void shouldNameAllThatAreKnownWhereTheyAreFew() {
    assertThat(Nearest.hint("other", List.of("mail", "web"))).isEqualTo("; known: mail, web");
    assertThat(Nearest.hint("other", List.of())).isEqualTo("; none is defined");
  }

  @Test
  void shouldStayAMessageThatCanBeReadWhereManyAreKnown() {
    List<String> names =
        IntStream.range(0, 100).mapToObj(i -> "listener-of-customer-%02d".formatted(i)).toList();
    assertThat(Nearest.hint("x", names))
        .startsWith("; known: listener-of-customer-00, listener-of-customer-01,")
        .endsWith(" and 80 more")
        .hasSizeLessThan(550);
    String longest = "n".repeat(600);
    assertThat(Nearest.hint("somebody", List.of(longest, "mail")))
        .isEqualTo("; known: " + longest + " and 1 more");
  }
}
