package org.portbouncer.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.portbouncer.core.config.ConfigCodec;
import org.portbouncer.core.config.Configuration;
import org.portbouncer.core.config.Endpoint;
import org.portbouncer.core.config.InvalidValueException;

/** Ranges of ports, and ports that are added to. */
class PortRangesTest {

  @TempDir Path folder;

  private static String listener(String name, String listen, String target) {
    return "listeners.%s { listen = \"%s\", target = \"%s\", acl = all }\n"
        .formatted(name, listen, target);
  }

  private LoadResult load(String body) throws IOException {
    Path file = folder.resolve("b.conf");
    Files.writeString(file, "bouncer {\n" + body + "acls.all = [ { action = pass } ]\n}\n");
    return ConfigLoader.load(file);
  }

  private List<String> problems(String body) throws IOException {
    LoadResult loaded = load(body);
    try {
      return loaded.problems().stream().map(Problem::message).toList();
    } finally {
      if (loaded.isOk()) {
        loaded.close();
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "127.0.0.1:6000-6002,127.0.0.1",
    "*:6000-6002,0.0.0.0",
    "[::1]:6000-6002,::1",
    "[fe80::1%lo]:6000-6002,fe80::1%lo"
  })
  void shouldListenOnEachPortAndShowTheRangeAsItWasWritten(String text, String host) {
    List<Endpoint> all = PortRanges.listen(text, folder);
    assertThat(all).extracting(Endpoint::port).containsExactly(6000, 6001, 6002);
    assertThat(all).extracting(Endpoint::host).containsOnly(host);
    assertThat(all.get(1).text()).isEqualTo(text.replace("6000-6002", "6001"));
    assertThat(PortRanges.texts(all)).containsExactly(text);
  }

  @Test
  void shouldShowNeighboursThatAreNoRangeOneByOne() {
    List<Endpoint> all =
        List.of(
            EndpointParser.listen("127.0.0.1:1", folder),
            EndpointParser.listen("127.0.0.1:2", folder));
    assertThat(PortRanges.texts(all)).containsExactly("127.0.0.1:1", "127.0.0.1:2");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "127.0.0.1:0-5",
        "127.0.0.1:7-5",
        "127.0.0.1:60000-65536",
        "127.0.0.1:1-4097",
        "127.0.0.1:1-",
        "127.0.0.1:-5",
        "host:1-2",
        "internal:1-2",
        "127.0.0.1:1-2-3"
      })
  void shouldRefuseWhatIsNoRange(String text) {
    assertThatThrownBy(() -> PortRanges.listen(text, folder))
        .isInstanceOf(InvalidValueException.class);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"h:+", "h:+65535", "h:+-1", "h:++1", ":+1", "[::1:+1", "tcp://h:+1", "*:+1"})
  void shouldRefuseWhatAddsToNoPort(String text) {
    assertThatThrownBy(() -> EndpointParser.target(text, folder))
        .isInstanceOf(InvalidValueException.class);
  }

  @Test
  void shouldAddToThePortThatAClientCameTo() {
    Endpoint target = EndpointParser.target("[2001:db8::1]:+1000", folder);
    assertThat(target.isRelative()).isTrue();
    assertThat(target.from(80)).isEqualTo(EndpointParser.target("[2001:db8::1]:1080", folder));
  }

  @Test
  void shouldHandRangesAndAddedPortsToWorkers() throws Exception {
    LoadResult loaded = load(listener("a", "127.0.0.1:6000-6099", "name.example:+0"));
    assertThat(loaded.problems()).isEmpty();
    Configuration configuration = loaded.configuration();
    Configuration there = ConfigCodec.decode(ByteBuffer.wrap(ConfigCodec.encode(configuration)));
    assertThat(there.listeners()).isEqualTo(configuration.listeners());
    loaded.close();
  }

  @Test
  void shouldTellOfPortsThatDoNotExist() throws IOException {
    assertThat(problems(listener("a", "127.0.0.1:60000-60999", "192.0.2.1:+5000")))
        .containsExactly(
            "listeners.a: target 192.0.2.1:+5000: 127.0.0.1:60536 and 5000 come to port 65536;"
                + " 65535 is the last");
    assertThat(problems(listener("a", "unix:x", "192.0.2.1:+0")))
        .containsExactly("listeners.a: target 192.0.2.1:+0: unix:x has no port to add to");
    assertThat(problems(listener("a", "127.0.0.1:0", "192.0.2.1:+1")))
        .containsExactly(
            "listeners.a: target 192.0.2.1:+1: the kernel chooses the port of 127.0.0.1:0, and may"
                + " choose one too high");
    assertThat(
            problems(
                listener("a", "127.0.0.1:65535", "group:g")
                    + "targets.g { members = [ { address = \"h:+0\" }, { address = \"h:+1\" } ],"
                    + " check { type = connect } }\n"))
        .containsExactlyInAnyOrder(
            "listeners.a: target h:+1: 127.0.0.1:65535 and 1 come to port 65536; 65535 is the last",
            "targets.g.check needs 'port': no client comes to a port for which it could add to as"
                + " h:+0 says",
            "targets.g.check needs 'port': no client comes to a port for which it could add to as"
                + " h:+1 says");
    assertThat(
            problems(
                listener("a", "127.0.0.1:1", "h:1").replace("acl", "via = c, acl")
                    + "chains.c = [ { type = socks5, proxy = \"p:+1\" } ]\n"))
        .contains("chains.c.#1.proxy: 'p:+1': a proxy has one port, HOST:PORT");
  }

  @Test
  void shouldTellARangeThatLeadsToItselfFromOneThatLeadsOn() throws IOException {
    assertThat(problems(listener("a", "127.0.0.1:6000-6009", "127.0.0.1:+0")))
        .containsExactly(
            "listeners.a.target: 127.0.0.1:+0 is the listener itself; every session would go round"
                + " for ever");
    // From port to port, and out at the end.
    assertThat(problems(listener("a", "127.0.0.1:1024-5119", "127.0.0.1:+1"))).isEmpty();
    assertThat(
            problems(
                listener("a", "127.0.0.1:6000-6009", "127.0.0.1:+1000")
                    + listener("b", "*:7005-7006", "127.0.0.1:6003")
                    + listener("c", "127.0.0.1:7003", "127.0.0.1:6006")))
        .containsExactly(
            "listeners.a.target: 127.0.0.1:+1000 leads back to it: a -> c -> a -> b -> a; every"
                + " session would go round for ever",
            "listeners.b.target: 127.0.0.1:6003 leads back to it: b -> a -> c -> a -> b; every"
                + " session would go round for ever",
            "listeners.c.target: 127.0.0.1:6006 leads back to it: c -> a -> b -> a -> c; every"
                + " session would go round for ever");
  }

  @Test
  void shouldWarnOfARangeOnceForAllThatIsTrueOfIt() throws IOException {
    assertThat(
            problems(
                listener("a", "[::]:6000-6009", "192.0.2.1:+0")
                    + listener("b", "127.0.0.1:6004-6005", "192.0.2.1:+0")))
        .containsExactly(
            "listeners.a: [::]:6000-6003 takes IPv6 and IPv4 clients; to say so, listen on"
                + " [\"0.0.0.0:6000-6003\", \"[::]:6000-6003\"]",
            "listeners.a: [::]:6004-6005 takes IPv6 clients only; for IPv4 127.0.0.1:6004-6005 of"
                + " listener 'b' has the port, and nobody has it on other IPv4 addresses",
            "listeners.a: [::]:6006-6009 takes IPv6 and IPv4 clients; to say so, listen on"
                + " [\"0.0.0.0:6006-6009\", \"[::]:6006-6009\"]");
  }

  @Test
  void shouldRefuseMoreAddressesThanThereIsRoomFor() throws IOException {
    assertThat(
            problems(
                listener("a", "127.0.0.1:10000-14095", "192.0.2.1:+0")
                    + listener("b", "127.0.0.1:1", "192.0.2.1:+0")))
        .containsExactly("4097 addresses are too many; 4096 are possible");
    assertThat(problems(listener("a", "127.0.0.1:10000-14095", "192.0.2.1:+0"))).isEmpty();
  }
}
