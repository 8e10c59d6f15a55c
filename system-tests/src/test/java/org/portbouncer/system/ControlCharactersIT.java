package org.portbouncer.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Configured text with control characters in it, wherever it is shown. */
class ControlCharactersIT {
  /** Clears a terminal, begins a line, turns the direction of writing; as HOCON writes it. */
  private static final String ODD = "a\\u001b[2J\\u009b\\nb\\u202e\\u007f.sock";

  private static final String SHOWN = "a\\u001b[2J\\u009b\\nb\\u202e\\u007f.sock";

  @TempDir private Path folder;

  private final int port = Ports.free();
  private final int metrics = Ports.free();

  private String config(String name) {
    return """
    listeners { "%s" { listen = "127.0.0.1:%d", target = "unix:%s/%s" } }
    metrics { listen = "127.0.0.1:%d" }
    """
        .formatted(name, port, folder, ODD, metrics);
  }

  private static void isVisible(String what, List<String> lines) {
    assertThat(lines)
        .as(what)
        .isNotEmpty()
        .noneMatch(
            line ->
                line.chars()
                    .anyMatch(c -> c < ' ' && c != '\t' || c >= 0x7f && c < 0xa0 || c == 0x202e));
  }

  @Test
  void shouldShowWhatTheyAreInBothLogsAndInWhatCommandsPrint() throws Exception {
    try (BouncerServer server = BouncerServer.start(folder, config("odd"))) {
      assertThat(server.readyLine().orElseThrow()).contains(SHOWN);
      try (Client client = Client.to(port)) {
        client.receiveAll();
        String line = server.awaitEndOf(client.address()).toString();
        isVisible("access log", List.of(line));
      }
      isVisible("stdout", server.out().lines());
      await().until(() -> server.err().text().contains(SHOWN));
      isVisible("stderr", server.err().lines());
      CommandResult status = server.command("status");
      assertThat(status.outText()).contains(SHOWN);
      isVisible("status", status.out());
      CommandResult json = server.command("status", "--json");
      isVisible("status --json", json.out());
      String target = server.status().path("listeners").path("odd").path("target").asText();
      assertThat(target).as("a program gets it as it is").contains("a\u001b[2J\u009b\nb");
      isVisible("the page's data", List.of(Scrape.get(metrics, "/page/now").strip()));
      isVisible("metrics", Scrape.get(metrics, "/metrics").lines().toList());
    }
  }

  @Test
  void shouldShowWhatTheyAreWhenAConfigurationIsWrong() throws Exception {
    Path wrong = BouncerServer.writeConfig(folder, config("x\\u001b[31m"));
    CommandResult check = CommandResult.bouncer("check", "-c", wrong.toString());
    assertThat(check.exit()).isEqualTo(1);
    assertThat(check.allText()).contains("x\\u001b[31m");
    isVisible("check", check.err());
    Path odd = Files.move(wrong, folder.resolve("c\u001b.conf"));
    isVisible("the name", CommandResult.bouncer("check", "-c", odd.toString()).err());
    isVisible("no file", CommandResult.bouncer("check", "-c", odd + "\u009b").err());
  }
}
