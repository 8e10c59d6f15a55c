package org.portbouncer.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Who comes to which listening address, as `check` says it and `start` does it. */
class AddressesIT {
  private static final String V4 = "127.0.0.1";
  private static final String OTHER_V4 = "127.0.0.9";
  private static final String V6 = "::1";

  @TempDir private Path folder;
  private final int port = Ports.free();

  private CommandResult check(String body) throws IOException, InterruptedException {
    Path file = BouncerServer.writeConfig(folder, body);
    CommandResult result = CommandResult.bouncer("check", "-c", file.toString());
    assertThat(result.exit()).as(result.allText()).isZero();
    return result;
  }

  /** Whether a client from here comes to somebody who echoes. */
  private boolean isServed(String host) throws IOException {
    try (Client client = Client.to(new InetSocketAddress(InetAddress.ofLiteral(host), port))) {
      client.echo("hello");
      return true;
    } catch (ConnectException e) {
      return false;
    }
  }

  @Test
  void shouldLeaveIpv4ToTheListenerThatHasThePortThere() throws Exception {
    String body =
        """
        listeners {
          six { listen = "[::]:%1$d", target = "internal:echo" }
          four { listen = "127.0.0.1:%1$d", target = "internal:echo" }
        }
        workers { io = 1 }
        """
            .formatted(port);
    assertThat(check(body).err())
        .anyMatch(
            line ->
                line.contains(
                    "listeners.six: [::]:%1$d takes IPv6 clients only; for IPv4 127.0.0.1:%1$d of"
                            .formatted(port)
                        + " listener 'four' has the port, and nobody has it on other IPv4"
                        + " addresses"));
    try (BouncerServer server = BouncerServer.start(folder, body)) {
      assertThat(isServed(V4)).isTrue();
      assertThat(isServed(V6)).isTrue();
      assertThat(isServed(OTHER_V4)).as("nobody is there").isFalse();
      server.awaitNoSession();
      assertThat(server.status().at("/listeners/four/accepted").asInt()).isEqualTo(1);
      assertThat(server.status().at("/listeners/six/accepted").asInt()).isEqualTo(1);
      assertThat(server.err().text())
          .contains("listener six: [::]:%d for IPv6 -> internal:echo".formatted(port));
    }
  }

  @Test
  void shouldSayThatALoneAddressTakesBothFamiliesAndFollowAReload() throws Exception {
    String lone =
        "listeners { six { listen = \"[::]:%d\", target = \"internal:echo\" } }\n".formatted(port);
    String both =
        """
        listeners {
          six { listen = ["[::]:%1$d", "0.0.0.0:%1$d"], target = "internal:echo" }
        }
        """
            .formatted(port);
    assertThat(check(lone).err())
        .anyMatch(
            line ->
                line.contains(
                    "listeners.six: [::]:%1$d takes IPv6 and IPv4 clients; to say so, listen on"
                            .formatted(port)
                        + " [\"0.0.0.0:%1$d\", \"[::]:%1$d\"]".formatted(port)));
    assertThat(check(both).allText()).doesNotContain("takes IPv6");
    check(lone);
    try (BouncerServer server = BouncerServer.start(folder, lone)) {
      assertThat(isServed(V4) && isServed(V6) && isServed(OTHER_V4)).isTrue();
      assertThat(server.err().text()).contains("[::]:%d for IPv6 and IPv4 ->".formatted(port));
      server.reloaded(both);
      assertThat(isServed(V4) && isServed(V6) && isServed(OTHER_V4)).isTrue();
      server.reloaded(lone);
      assertThat(isServed(V4) && isServed(V6) && isServed(OTHER_V4)).isTrue();
    }
  }

  @Test
  void shouldWarnWhereverAnInterfaceIsNamedThatIsNotThere() throws Exception {
    String body =
        """
        listeners {
          fixed { listen = "127.0.0.1:%d", target = "[fe80::1%%nosuch]:80" }
          added { listen = "127.0.0.1:%d", target = "[fe80::1%%987654]:+1" }
          several { listen = "127.0.0.1:0", target = ["[fe80::1%%nosuch]:80", "127.0.0.1:9"] }
          named { listen = "127.0.0.1:0", target = "group:g" }
          chained { listen = "127.0.0.1:0", target = "127.0.0.1:9", via = out }
          here { listen = "127.0.0.1:0", target = "[fe80::1%%lo]:80" }
        }
        targets { g { members = [ { name = m, address = "[fe80::2%%nosuch]:80" } ] } }
        chains { out = [ { type = socks5, proxy = "[fe80::3%%nosuch]:1080" } ] }
        workers { io = 1 }
        """
            .formatted(port, Ports.free());
    List<String> expected =
        List.of(
            "listeners.fixed.target: the interface 'nosuch' of [fe80::1%nosuch]:80",
            "listeners.added.target: the interface '987654' of [fe80::1%987654]:+1",
            "listeners.several.target, member #1: the interface 'nosuch' of [fe80::1%nosuch]:80",
            "targets.g, member m: the interface 'nosuch' of [fe80::2%nosuch]:80",
            "chains.out, proxy 1: the interface 'nosuch' of [fe80::3%nosuch]:1080");
    List<String> said = interfaces(check(body).err());
    assertThat(said).hasSameSizeAs(expected);
    assertThat(expected).allMatch(words -> isSaid(words, said));
    try (BouncerServer server = BouncerServer.start(folder, body)) {
      try (Client client = Client.to(port)) {
        assertThat(client.receiveAll().bytes()).isZero();
      }
      server.awaitNoSession();
      List<String> logged = interfaces(server.err().lines());
      assertThat(expected).allMatch(words -> isSaid(words, logged));
    }
    String listening = "listeners { l { listen = \"[fe80::1%nosuch]:0\", target = \"h:1\" } }";
    assertThat(interfaces(check(listening).err()))
        .singleElement()
        .asString()
        .contains("listeners.l.listen: the interface 'nosuch' of [fe80::1%nosuch]:0 is not on");
    String device =
        "listeners { l { listen = \"*:0\", target = \"127.0.0.1:1\", interface = nosuch } }";
    assertThat(interfaces(check(device).err()))
        .singleElement()
        .asString()
        .endsWith("listeners.l.interface: 'nosuch' is not on this machine now");
  }

  private static List<String> interfaces(List<String> lines) {
    return lines.stream().filter(line -> line.contains("is not on this machine now")).toList();
  }

  private static boolean isSaid(String words, List<String> lines) {
    return lines.stream().anyMatch(line -> line.contains(words));
  }

  private BouncerServer startWith(String passed, String body) throws IOException {
    StringBuilder sockets = new StringBuilder();
    for (String kind : passed.split(" ", -1)) {
      sockets.append(" web=").append(kind).append(':').append(port);
    }
    String activate =
        "set -- '%s' -cp '%s' org.portbouncer.system.Activator"
                .formatted(
                    Path.of(System.getProperty("java.home"), "bin", "java"),
                    Checkout.root().resolve("system-tests/target/test-classes"))
            + sockets
            + " -- \"$0\" \"$@\"; exec \"$@\"";
    return BouncerServer.startAfter(activate, folder, body);
  }

  @ParameterizedTest
  @CsvSource({
    // passed, configured, whether IPv4 clients and IPv6 clients are served
    "any6, 6, true, true",
    "any6, 4 6, true, true",
    "any6, 4, true, true",
    "any4, 6, true, true",
    "any4, 4 6, true, true",
    "only6, 4 6, true, true",
    "only6, 6, false, true",
    "any4 only6, 6, true, true",
  })
  void shouldServeWhoComesToPassedSocketsOfOneOrBothFamilies(
      String passed, String configured, boolean four, boolean six) throws Exception {
    String listen =
        configured
            .replace("4", "\"0.0.0.0:PORT\"")
            .replaceAll("\\b6", "\"[::]:PORT\"")
            .replace(" ", ", ")
            .replace("PORT", "" + port);
    String body =
        """
        listeners { web { listen = [%s], target = "internal:echo" } }
        workers { io = 1 }
        """
            .formatted(listen);
    try (BouncerServer server = startWith(passed, body)) {
      assertThat(List.of(isServed(V4), isServed(V6))).isEqualTo(List.of(four, six));
      assertThat(server.err().text()).doesNotContain("is of no listener");
      if (configured.contains("6")) {
        String families = four && !configured.contains("4") ? "for IPv6 and IPv4" : "for IPv6";
        assertThat(server.err().text()).contains("[::]:" + port + ' ' + families);
      }
      server.reloaded(body + "timeouts { idle = 1h }\n");
      assertThat(List.of(isServed(V4), isServed(V6))).isEqualTo(List.of(four, six));
    }
  }

  @Test
  void shouldRefuseToStartWhenAPassedSocketTakesWhatAnotherListenerIsFor() throws Exception {
    String body =
        """
        listeners {
          web { listen = "[::]:%1$d", target = "internal:echo" }
          other { listen = "127.0.0.1:%1$d", target = "internal:echo" }
        }
        workers { io = 1 }
        """
            .formatted(port);
    Path file = BouncerServer.writeConfig(folder, body);
    CommandResult result =
        CommandResult.run(
            folder,
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                Checkout.root().resolve("system-tests/target/test-classes").toString(),
                "org.portbouncer.system.Activator",
                "web=any6:" + port,
                "--",
                Checkout.command(),
                "start",
                "-c",
                file.toString()));
    assertThat(result.exit()).as(result.allText()).isEqualTo(1);
    assertThat(result.err())
        .last()
        .asString()
        .isEqualTo(
            "bouncer: cannot listen on 127.0.0.1:%1$d: the socket on [::]:%1$d that the service"
                    .formatted(port)
                + " manager passed for listener 'web' takes IPv4 clients too;"
                + " BindIPv6Only=ipv6-only in its unit leaves them");
  }
}
