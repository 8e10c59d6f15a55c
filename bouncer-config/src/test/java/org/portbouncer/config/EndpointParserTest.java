package org.portbouncer.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.portbouncer.core.config.Endpoint;
import org.portbouncer.core.config.InvalidValueException;

class EndpointParserTest {

  private static final Path BASE = Path.of("/etc/bouncer");

  @ParameterizedTest
  @CsvSource({
    "127.0.0.1:8080,127.0.0.1,8080",
    "*:80,0.0.0.0,80",
    ":80,0.0.0.0,80",
    "[::]:0,::,0",
    "[2001:DB8::1]:9,2001:db8::1,9"
  })
  void shouldReadAddressWhenListening(String text, String host, int port) {
    assertThat(EndpointParser.listen(text, BASE))
        .isEqualTo(new Endpoint(Endpoint.Kind.INET, text, host, port, ""));
  }

  @Test
  void shouldStartAtTheFileWhenSocketPathIsRelative() {
    assertThat(EndpointParser.target("unix:a.sock", BASE).path()).isEqualTo("/etc/bouncer/a.sock");
    assertThat(EndpointParser.listen("unix:/x/../b.sock", BASE).path()).isEqualTo("/b.sock");
  }

  @Test
  void shouldKeepNameWhenTarget() {
    assertThat(EndpointParser.target("mail.example.net:993", BASE))
        .isEqualTo(
            new Endpoint(Endpoint.Kind.NAME, "mail.example.net:993", "mail.example.net", 993, ""));
    assertThat(EndpointParser.target("internal:echo", BASE).path()).isEqualTo("echo");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "", "80", "host", "localhost:80", "internal:http", "127.0.0.1:", "127.0.0.1:65536",
            "127.0.0.1:-1", "1.2.3:80",
        "::1", "::1:80", "[::1]", "[::1]80", "[1.2.3.4]:80", "[::1:80", "unix:", ":x", "*:99999"
      })
  void shouldRefuseWhenListenAddressIsWrong(String text) {
    assertThatThrownBy(() -> EndpointParser.listen(text, BASE))
        .isInstanceOf(InvalidValueException.class);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"*:80", ":80", "1.2.3.4:0", "internal:ftp", "a..b:80", "-a:80", "a b:80", "name:"})
  void shouldRefuseWhenTargetIsWrong(String text) {
    assertThatThrownBy(() -> EndpointParser.target(text, BASE))
        .isInstanceOf(InvalidValueException.class);
  }

  @Test
  void shouldRefuseWhenSocketPathIsTooLong() {
    String fits = "/" + "x".repeat(106);
    assertThat(EndpointParser.target("unix:" + fits, BASE).path()).isEqualTo(fits);
    assertThatThrownBy(() -> EndpointParser.target("unix:" + fits + "x", BASE))
        .hasMessageContaining("108 bytes; at most 107");
  }
}
