package org.portbouncer.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Two hundred members of a group, one of them down, where people look at them. */
class CrowdedTargetsIT {
  private static final int MEMBERS = 200;
  private static final int PORT = Ports.free();
  private static final int METRICS = Ports.free();
  private static final Duration PATIENCE = Patience.seconds(40);

  /** The last in the file. */
  private static final String DOWN = "web-200";

  private static Target target;
  private static BouncerServer server;
  private static Browser browser;

  @BeforeAll
  static void start(@TempDir Path folder) throws Exception {
    target = Target.start(Handler.echo());
    StringBuilder members = new StringBuilder();
    for (int i = 1; i < MEMBERS; i++) {
      members.append(
          "{ name = web-%03d, address = \"127.0.0.1:%d\", max-sessions = 500 }%n"
              .formatted(i, target.port()));
    }
    server =
        BouncerServer.start(
            Files.createDirectory(folder.resolve("server")),
            """
            listeners.web { listen = "127.0.0.1:%d", target = "group:app", acl = all }
            acls.all = [ { action = pass } ]
            targets.app {
              members = [ %s { name = %s, address = "127.0.0.1:%d", backup = true } ]
              check { type = connect, every = 3s, fall = 1 }
            }
            workers { io = 1 }
            metrics { listen = "127.0.0.1:%d" }
            """
                .formatted(PORT, members, DOWN, Ports.free(), METRICS));
    await("the first check of the last one")
        .atMost(PATIENCE)
        .until(() -> member(DOWN).path("state").asText().equals("down"));
    browser =
        Browser.open(
            Files.createDirectory(folder.resolve("browser")), "http://127.0.0.1:" + METRICS + "/");
    browser.size(1280, 900);
    awaitRows();
  }

  @AfterAll
  static void stop() throws Exception {
    Closing.all(browser, server, target);
  }

  @AfterEach
  void readyAgain() throws Exception {
    assertThat(server.command("target", "ready", "app").exit()).isZero();
    browser.size(1280, 900);
  }

  private static JsonNode member(String name) throws Exception {
    String answer = String.join("", server.command("targets", "--json").out());
    for (JsonNode one : new ObjectMapper().readTree(answer)) {
      if (one.path("member").asText().equals(name)) {
        return one;
      }
    }
    throw new AssertionError(name + " is not in " + answer);
  }

  private static void awaitRows() {
    await("a row for each member, that one first")
        .atMost(PATIENCE)
        .untilAsserted(
            () ->
                assertThat(
                        text(
                            "document.getElementById('members').rows.length + ' '"
                                + " + document.getElementById('members').rows[0]?.className"))
                    .isEqualTo(MEMBERS + " failing"));
  }

  private static String text(String expression) throws Exception {
    return browser.evaluate(expression).asText();
  }

  private static String cell(int row, int column) throws Exception {
    return text(
        "document.getElementById('members').rows[%d].cells[%d].textContent".formatted(row, column));
  }

  @Test
  void shouldTellProgramsSinceWhenAMemberIsDownAndWhatItsLastCheckFound() throws Exception {
    JsonNode down = member(DOWN);
    Instant since = Instant.parse(down.path("since").asText());
    Instant checked = Instant.parse(down.path("last_check").path("at").asText());
    assertThat(since).isBefore(Instant.now());
    assertThat(checked).isBetween(since.minusMillis(1), Instant.now());
    assertThat(down.path("last_check").path("ok").asBoolean()).isFalse();
    assertThat(down.path("last_check").path("what").asText()).isEqualTo("connection refused");
    await("a check of another")
        .atMost(PATIENCE)
        .until(() -> member("web-001").path("last_check").path("ok").asBoolean());
    assertThat(member("web-001").path("last_check").path("what").asText()).isEqualTo("ok");
  }

  @Test
  void shouldShowFirstOnThePageWhoIsDownAndThenWhoWasTakenOut() throws Exception {
    awaitRows();
    assertThat(text("document.getElementById('h-members').textContent"))
        .isEqualTo("Targets 199 of 200 up");
    assertThat(cell(0, 0)).startsWith("app/" + DOWN + " backup").contains("connection refused, ");
    assertThat(cell(0, 1)).isEqualTo("down");
    assertThat(cell(0, 2)).matches("\\d\\d:\\d\\d:\\d\\d");
    assertThat(cell(0, 4)).matches("connection refused, \\d\\d:\\d\\d:\\d\\d");
    assertThat(cell(1, 0)).isEqualTo("app/web-001");

    assertThat(server.command("target", "drain", "app/web-123").exit()).isZero();
    await("the drained one second")
        .atMost(PATIENCE)
        .untilAsserted(
            () -> assertThat(cell(1, 0) + " " + cell(1, 1)).isEqualTo("app/web-123 drain"));
    assertThat(text("document.getElementById('members').rows[1].className")).isEqualTo("waiting");
  }

  @Test
  void shouldShowSessionsOfTheirMost() throws Exception {
    try (Client client = Client.to(PORT)) {
      client.echo("hello");
      String first =
          "[...document.getElementById('members').rows].find(r =>"
              + " r.cells[0].textContent === 'app/web-001').cells[3].textContent";
      await().atMost(PATIENCE).until(() -> text(first), "1 of 500"::equals);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1280, 390, 320})
  void shouldNotBeWidened(int width) throws Exception {
    browser.size(width, 844);
    awaitRows();
    assertThat(browser.evaluate("document.documentElement.scrollWidth").asInt())
        .isLessThanOrEqualTo(width);
    String table = "document.querySelector('#all-members .scroll')";
    assertThat(browser.evaluate(table + ".clientHeight").asInt())
        .as("the other sections stay near")
        .isLessThan(844);
    if (width == 1280) {
      assertThat(browser.evaluate(table + ".scrollWidth - " + table + ".clientWidth").asInt())
          .as("every figure is in sight")
          .isZero();
    } else {
      assertThat(
              browser
                  .evaluate(
                      "document.getElementById('members').rows[0].cells[1]"
                          + ".getBoundingClientRect().right")
                  .asInt())
          .as("the state is in sight without scrolling")
          .isLessThanOrEqualTo(width);
    }
  }

  private static PseudoTerminal at(String command) throws Exception {
    return PseudoTerminal.run(Checkout.command() + " " + command + " -s " + server.socket());
  }

  @Test
  void shouldShowInTopWhoIsDownAndAllOfThemToBeScrolled() throws Exception {
    try (PseudoTerminal terminal = at("top --interval 0.2")) {
      terminal.awaitLine("^TARGET \\+\\d+ .* LAST FAILURE");
      terminal.awaitLine("^app/" + DOWN + " .*down .* connection refused");
      terminal.awaitLine("SESSIONS by rate");
      terminal.type("t");
      terminal.awaitLine("TARGETS: 199 of 200 up, 1 to ");
      terminal.awaitLine("^app/web-010 +up ");
      terminal.awaitNoLine("SESSIONS by rate");
      terminal.type("\u001b[F"); // End
      terminal.awaitLine("TARGETS: 199 of 200 up, \\d+ to 200 shown");
      terminal.awaitLine("^app/web-199 +up ");
      terminal.type("t");
      terminal.awaitLine("SESSIONS by rate");
      terminal.type("q");
      assertThat(terminal.awaitExit()).isZero();
    }
  }

  @Test
  void shouldShowFirstWhoIsDownWhileTargetsAreWatched() throws Exception {
    try (PseudoTerminal terminal = at("targets --watch=0.2")) {
      terminal.awaitLine("^every 0.2 s: bouncer targets");
      terminal.awaitLine("^GROUP +MEMBER +ADDRESS +STATE +FOR +SESSIONS");
      assertThat(terminal.screen().lines().get(3)).matches("app +" + DOWN + ".* down .*");
      terminal.awaitLine("more lines\\)");
      assertThat(server.command("target", "off", "app/web-150").exit()).isZero();
      terminal.awaitLine("^app +web-150 +127.* off ");
      terminal.resize(200, 40);
      terminal.awaitLine("LAST CHECK +LAST ERROR");
      terminal.awaitLine(DOWN + ".* connection refused, .* ago");
      terminal.type("q");
      assertThat(terminal.awaitExit()).isZero();
    }
  }
}
