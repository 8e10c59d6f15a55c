package org.portbouncer.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code bouncer top} and {@code --watch}, at a terminal and without one. */
class TopIT {
  private static final int WEB = Ports.free();
  private static final int MAIL = Ports.free();
  private static final int GONE = Ports.free();

  private static Target target;
  private static BouncerServer server;

  @BeforeAll
  static void start(@TempDir Path folder) throws Exception {
    target = Target.start(Handler.echo());
    server = BouncerServer.start(folder, configuration());
    WarmUp.sessions(WEB);
    server.rememberDescriptors();
  }

  private static String configuration() {
    return """
    listeners {
      web { listen = "127.0.0.1:%d", target = "127.0.0.1:%d", acl = everyone, bandwidth = wide }
      mail { listen = "127.0.0.1:%d", target = "127.0.0.1:%d", acl = everyone }
      gone { listen = "127.0.0.1:%d", target = "127.0.0.1:%d" }
    }
    acls { everyone = [ { name = local, action = pass, from = "127.0.0.0/8" } ] }
    bandwidth { wide { up = "1 GiB/s", down = "1 GiB/s" } }
    """
        .formatted(WEB, target.port(), MAIL, target.port(), GONE, Ports.free());
  }

  @AfterAll
  static void stop() throws Exception {
    Closing.all(server, target);
  }

  @AfterEach
  void nothingIsLeft() {
    server.assertNothingLeaked();
  }

  private static PseudoTerminal at(String command) throws IOException {
    return PseudoTerminal.run(Checkout.command() + " " + command + " -s " + server.socket());
  }

  @Test
  void shouldShowTheServerAndKillTheChosenSessionAfterAYes() throws Exception {
    try (Client quiet = Client.from("127.0.0.3", MAIL);
        Client busy = Client.from("127.0.0.2", WEB)) {
      quiet.echo("hello");
      busy.echo("hello, and more than the other one said");
      server.awaitSession(quiet.address());
      server.awaitSession(busy.address());
      try (PseudoTerminal terminal = at("top --interval 0.2")) {
        terminal.awaitLine("^bouncer .* pid " + server.pid() + " .*ready");
        assertThat(terminal.screen().taken()).isTrue();
        terminal.awaitLine("^web +1 ");
        terminal.awaitLine("^mail +1 ");
        terminal.awaitLine("negotiate/0 .*% .* MiB");
        terminal.awaitLine("^wide .* 1 GiB/s +1 GiB/s ");
        terminal.awaitLine("SESSIONS by rate: 2 of 2");

        terminal.type("/mail");
        terminal.awaitLine("SESSIONS by rate, with 'mail': 1 of 2");
        terminal.awaitNoLine("127\\.0\\.0\\.2:");
        terminal.type("\r");
        terminal.awaitLine("^q quit");
        terminal.type("\u001b");
        terminal.awaitLine("SESSIONS by rate: 2 of 2");

        terminal.type("b");
        terminal.awaitLine("SESSIONS by bytes");
        terminal.type("\u001b[Bk"); // down to the one that has moved less
        terminal.awaitLine("kill session \\d+ of " + quiet.address() + "\\? y/n");
        terminal.type("n");
        terminal.awaitLine("was not killed");
        quiet.echo("still there");
        terminal.type("ky");
        terminal.awaitLine("killed session \\d+");
        assertThat(quiet.in().read()).as("end of stream, or a reset").isEqualTo(-1);
        terminal.awaitLine("SESSIONS by bytes: 1 of 1");
        busy.echo("the other one goes on");

        terminal.type("q");
        assertThat(terminal.awaitExit()).isZero();
      }
    }
  }

  @Test
  void shouldDrawAnewWhenTheWindowIsResized() throws Exception {
    try (Client client = Client.to(WEB);
        PseudoTerminal terminal = at("top")) {
      client.echo("hello");
      terminal.awaitLine("SESSIONS by rate: 1 of 1");
      terminal.awaitNoLine("TARGET");
      terminal.resize(150, 40);
      terminal.awaitLine("TARGET +RULE");
      terminal.awaitLine(client.address() + ".* everyone/local");
      assertThat(terminal.screen().lines().getLast()).startsWith("q quit");
      terminal.type("\u0003");
      assertThat(terminal.awaitExit()).as("Ctrl-C").isZero();
    }
  }

  @Test
  void shouldGiveTheTerminalBackWhenItIsTerminated() throws Exception {
    try (PseudoTerminal terminal = at("top")) {
      terminal.awaitLine("SESSIONS by rate");
      for (ProcessHandle process : ProcessHandle.allProcesses().toList()) {
        String line = process.info().commandLine().orElse("");
        if (line.contains("launcher.Main top") && line.contains(server.socket().toString())) {
          assertThat(process.destroy()).isTrue();
        }
      }
      assertThat(terminal.awaitExit()).isEqualTo(128 + 15);
    }
  }

  @Test
  void shouldUseNoColourWhereNoneIsWanted() throws Exception {
    try (PseudoTerminal coloured = at("top")) {
      coloured.awaitLine("SESSIONS by rate");
      coloured.type("q");
      assertThat(coloured.awaitExit()).isZero();
      assertThat(coloured.written()).contains("\u001b[32m");
    }
    String command = "NO_COLOR=1 " + Checkout.command() + " top -s " + server.socket();
    try (PseudoTerminal plain = PseudoTerminal.run(command)) {
      plain.awaitLine("SESSIONS by rate");
      plain.type("q");
      assertThat(plain.awaitExit()).isZero();
      assertThat(plain.written()).doesNotContainPattern("\u001b\\[[0-9;]*3[1-7]m");
    }
  }

  @Test
  void shouldRefuseInOneLineWhereThereIsNoTerminal() throws Exception {
    CommandResult result = server.command("top");
    assertThat(result.exit()).as(result.allText()).isEqualTo(2);
    assertThat(result.out()).isEmpty();
    assertThat(result.err()).singleElement().asString().contains("top needs a terminal");

    // A terminal to write to, none to read from; and one that cannot move its cursor.
    String top = Checkout.command() + " top -s " + server.socket();
    for (String command : List.of(top + " </dev/null", "TERM=dumb " + top, "TERM=nosuch " + top)) {
      try (PseudoTerminal terminal = PseudoTerminal.run(command)) {
        assertThat(terminal.awaitExit()).as(terminal.written()).isEqualTo(2);
        assertThat(terminal.written()).contains("bouncer: top needs a terminal: ");
      }
    }
  }

  @Test
  void shouldExitWithThreeWhenThereNeverWasAServer(@TempDir Path folder) throws Exception {
    String command = Checkout.command() + " top -s " + folder.resolve("none.sock");
    try (PseudoTerminal terminal = PseudoTerminal.run(command)) {
      assertThat(terminal.awaitExit()).as(terminal.written()).isEqualTo(3);
    }
  }

  @Test
  void shouldWaitForAServerThatGoesAwayAndComesBack(@TempDir Path folder) throws Exception {
    String body =
        """
        listeners { only { listen = "127.0.0.1:%d", target = "internal:echo", acl = all } }
        acls { all = [ { action = pass, from = "127.0.0.0/8" } ] }
        """
            .formatted(Ports.free());
    BouncerServer first = BouncerServer.start(folder, body);
    try (PseudoTerminal terminal =
        PseudoTerminal.run(
            Checkout.command() + " top --interval 0.5 -s " + first.socket().toString())) {
      terminal.awaitLine("pid " + first.pid() + " .*ready");
      first.close();
      terminal.awaitLine("no answer, trying again: ");
      try (BouncerServer second = BouncerServer.start(folder, body)) {
        terminal.awaitLine("pid " + second.pid() + " .*ready");
        terminal.type("q");
        assertThat(terminal.awaitExit()).isZero();
      }
    } finally {
      first.close();
    }
  }

  @Test
  void shouldTellTheHeaviestSessionsFirstWithTheirRates() throws Exception {
    try (Client light = Client.to(WEB);
        Client heavy = Client.to(MAIL)) {
      light.echo("x");
      heavy.echo(new byte[5000]);
      await()
          .untilAsserted(
              () -> {
                JsonNode top = AdminClient.ask(server.socket(), "top --most 1 --by bytes");
                assertThat(top.path("total").asInt()).isEqualTo(2);
                assertThat(top.path("matching").asInt()).isEqualTo(2);
                assertThat(top.path("sessions").size()).isEqualTo(1);
                JsonNode first = top.path("sessions").path(0);
                assertThat(first.path("client").asText()).isEqualTo(heavy.address());
                assertThat(first.path("bytes_up").asLong()).isEqualTo(5000);
                assertThat(first.path("up_rate").isIntegralNumber()).isTrue();
              });
      JsonNode mine = AdminClient.ask(server.socket(), "top --match " + light.address());
      assertThat(mine.path("matching").asInt()).isEqualTo(1);
      assertThat(mine.path("sessions").path(0).path("client").asText()).isEqualTo(light.address());
    }
  }

  @Test
  void shouldRedrawStatusAndSessionsWhereTheyAreWatched() throws Exception {
    try (Client client = Client.to(WEB)) {
      client.echo("hello");
      server.awaitSession(client.address());
      try (PseudoTerminal terminal = at("sessions --watch=0.2")) {
        terminal.awaitLine("^every 0.2 s: bouncer sessions ");
        terminal.awaitLine("^ *\\d+ +web +" + client.address());
        try (Client another = Client.to(MAIL)) {
          another.echo("hello");
          terminal.awaitLine(" mail +" + another.address());
        }
        terminal.awaitNoLine(" mail ");
        terminal.type("q");
        assertThat(terminal.awaitExit()).isZero();
      }
    }
    try (PseudoTerminal terminal = at("status --watch")) {
      terminal.awaitLine("^every 2 s: bouncer status ");
      terminal.awaitLine("^negotiate/0 ");
      terminal.type("\u0003");
      assertThat(terminal.awaitExit()).isZero();
    }
  }

  @Test
  void shouldLeaveColumnsOutRatherThanCutFiguresWhereTheTerminalIsNarrow() throws Exception {
    try (Client client = Client.to(WEB)) {
      client.echo("hello");
      server.awaitSession(client.address());
      try (PseudoTerminal terminal = at("status --watch=0.2")) {
        terminal.awaitLine("^LISTENER .* ACTIVE .* FAILED +UP +DOWN$");
        terminal.awaitLine("^web .* B$");
        terminal.awaitNoLine("^LISTENER .*TARGET");
        terminal.resize(150, 40);
        terminal.awaitLine("^LISTENER +LISTEN +TARGET .* FAILED +UP +DOWN$");
        terminal.type("q");
        assertThat(terminal.awaitExit()).isZero();
      }
      try (PseudoTerminal terminal = at("sessions --watch=0.2")) {
        terminal.awaitLine("^ *ID +LISTENER +CLIENT .* UP +DOWN$");
        terminal.awaitLine("web +" + client.address() + " .* B$");
        terminal.awaitNoLine("TARGET +RULE");
        terminal.type("q");
        assertThat(terminal.awaitExit()).isZero();
      }
    }
  }

  @Test
  void shouldShowTheLastFailureOfAListenerOn80Columns() throws Exception {
    try (PseudoTerminal terminal = at("top --interval 0.2")) {
      terminal.awaitLine("^LISTENER .* FAILED");
      try (Client refused = Client.to(GONE)) {
        assertThat(refused.in().read()).isEqualTo(-1);
      }
      terminal.awaitLine("^LISTENER .* FAILED LAST FAILURE");
      terminal.awaitLine("^gone .* 1 connection refused");
      terminal.type("q");
      assertThat(terminal.awaitExit()).isZero();
    }
    try (PseudoTerminal terminal = at("status --watch")) {
      terminal.awaitLine("^gone: last failed 20.*: connection refused; times in a row:");
      terminal.awaitLine("^    1"); // what has no room goes on in the next line
      terminal.type("q");
      assertThat(terminal.awaitExit()).isZero();
    }
  }

  @Test
  void shouldAppendJsonLinesWhereTheyAreWatched() throws Exception {
    String command =
        Checkout.command() + " status --json --watch=0.1 -s " + server.socket() + " | head -n 3";
    CommandResult result = CommandResult.run(null, List.of("sh", "-c", command));
    assertThat(result.out()).hasSize(3).allMatch(line -> line.startsWith("{\"version\":"));
    assertThat(result.err()).isEmpty();
    await().untilAsserted(() -> assertThat(result.leftBehind()).isEmpty());
  }
}
