package org.portbouncer.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** One state of the server, true, and the same wherever an operator looks. */
class ServerStateIT extends EchoTargetCase {

  private static final int CLIENTS = 48;

  private final int metrics = Ports.free();

  private String config() {
    return """
    listeners { echo { listen = "127.0.0.1:%d", target = "127.0.0.1:%d" } }
    metrics { listen = "127.0.0.1:%d" }
    timeouts { negotiate = 120s, connect = 120s, drain = 1s }
    """
        .formatted(port, target.port(), metrics);
  }

  private HttpResponse<String> get(String path) throws IOException, InterruptedException {
    try (HttpClient http = HttpClient.newHttpClient()) {
      return http.send(
          HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + metrics + path))
              .timeout(Patience.seconds(20))
              .build(),
          HttpResponse.BodyHandlers.ofString());
    }
  }

  private static String state(BouncerServer server) throws IOException {
    return server.status().path("state").asText();
  }

  private static void awaitState(BouncerServer server, String... wanted) {
    await("the state " + List.of(wanted))
        .atMost(Patience.seconds(30))
        .pollInterval(Duration.ofMillis(20))
        .until(() -> List.of(wanted).contains(state(server)));
  }

  /** Kills the acl worker whenever there is one, until it is closed. */
  private static final class Killer implements AutoCloseable {
    private final Thread thread;
    private volatile boolean over;

    Killer(BouncerServer server) {
      thread = Thread.ofPlatform().daemon().start(() -> run(server));
    }

    private void run(BouncerServer server) {
      while (!over) {
        try {
          BouncerServer.elements(server.status().path("workers"))
              .filter(worker -> worker.path("stage").asText().equals("acl"))
              .filter(worker -> !worker.path("state").asText().equals("throttled"))
              .forEach(
                  worker ->
                      ProcessHandle.of(worker.path("pid").asLong())
                          .ifPresent(ProcessHandle::destroyForcibly));
        } catch (IOException e) {
          // The server may be busy: the next look is soon.
        }
        Pause.millis(5);
      }
    }

    @Override
    public void close() {
      over = true;
      try {
        thread.join();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }

  @Test
  void shouldTellTheSameTruthEverywhereWhileAStageIsDownAndWhenItIsBack() throws Exception {
    List<Client> clients = new ArrayList<>();
    try (BouncerServer server = BouncerServer.start(folder, config());
        Browser browser =
            Browser.open(
                Files.createDirectory(folder.resolve("browser")),
                "http://127.0.0.1:" + metrics + "/")) {
      assertReady(server);
      Killer killer = new Killer(server);
      try (killer) {
        awaitState(server, "degraded", "down");
        for (int i = 0; i < CLIENTS; i++) {
          clients.add(Client.to(port));
        }
        assertTrouble(server);
        assertThat(get("/healthz").statusCode()).isEqualTo(200);
        assertPageInTrouble(browser);
        // Whoever sees no client served for ten seconds calls it an outage.
        awaitState(server, "down");
        assertThat(get("/readyz").body()).startsWith("down\nstage acl since ");
      }
      awaitState(server, "ready");
      for (Client client : clients) {
        client.echo("worth the wait");
      }
      assertReady(server);
      await("the page")
          .atMost(Patience.seconds(20))
          .until(
              () -> browser.evaluate("document.title").asText(),
              title -> title.startsWith("ready – "));
      assertThat(browser.evaluate("document.getElementById('reasons').hidden").asBoolean())
          .isTrue();
    } finally {
      Closing.all(clients.toArray(AutoCloseable[]::new));
    }
  }

  private void assertReady(BouncerServer server) throws Exception {
    JsonNode status = server.status();
    assertThat(status.path("state").asText()).isEqualTo("ready");
    assertThat(status.path("ready").asBoolean()).isTrue();
    assertThat(status.path("reasons")).isEmpty();
    assertThat(get("/readyz").statusCode()).isEqualTo(200);
    assertThat(get("/metrics").body()).contains("bouncer_state{state=\"ready\"} 1.0\n");
    CommandResult command = server.command("status");
    assertThat(command.exit()).as(command.toString()).isZero();
    assertThat(command.outText()).contains(", ready, ");
  }

  private void assertTrouble(BouncerServer server) throws Exception {
    await("all of them, at once")
        .atMost(Patience.seconds(20))
        .untilAsserted(
            () -> {
              JsonNode status = server.status();
              assertThat(status.path("ready").asBoolean()).isFalse();
              JsonNode reason = status.path("reasons").path(0);
              assertThat(reason.path("what").asText()).isEqualTo("stage acl");
              assertThat(reason.path("since").asText()).matches("20..-.*Z");
              assertThat(reason.path("detail").asText())
                  .contains("no worker serves: acl/0 ", "(killed by signal 9)")
                  .endsWith("sessions waiting: " + CLIENTS);
            });
    HttpResponse<String> probe = get("/readyz");
    assertThat(probe.statusCode()).isEqualTo(503);
    assertThat(probe.body())
        .matches("(?s)(degraded|down)\nstage acl since .*: .*no worker serves: .*");
    assertThat(get("/metrics").body())
        .contains("bouncer_state{state=\"ready\"} 0.0\n", "bouncer_ready 0.0\n")
        .containsPattern("bouncer_state\\{state=\"(degraded|down)\"} 1.0\n");
    CommandResult command = server.command("status");
    assertThat(command.exit()).as(command.toString()).isEqualTo(1);
    assertThat(command.outText())
        .containsPattern(", (degraded|down), ")
        .contains("  stage acl since 20", "no worker serves: acl/0 ");
    CommandResult json = server.command("status", "--json");
    assertThat(json.exit()).as(json.toString()).isEqualTo(1);
  }

  private static void assertPageInTrouble(Browser browser) throws Exception {
    await("the page")
        .atMost(Patience.seconds(20))
        .untilAsserted(
            () -> {
              assertThat(browser.evaluate("document.title").asText())
                  .matches("(degraded|down) – .* – bouncer");
              assertThat(browser.evaluate("document.getElementById('state').textContent").asText())
                  .matches("degraded|down");
              assertThat(browser.evaluate("document.getElementById('reasons').innerText").asText())
                  .containsPattern("The server is (degraded|down)")
                  .contains("stage acl", "no worker serves: acl/0");
            });
    assertThat(
            browser
                .evaluate(
                    "document.querySelector('main section').getBoundingClientRect().top < 250")
                .asBoolean())
        .as("on top of the page")
        .isTrue();
  }

  @Test
  void shouldBeReadyAgainWhenAWorkerWasReplaced() throws Exception {
    try (BouncerServer server = BouncerServer.start(folder, config())) {
      long old = server.workers("acl").getFirst();
      Signals.send("KILL", old);
      await("a successor")
          .atMost(Patience.seconds(20))
          .until(() -> !server.workers("acl").contains(old));
      try (Client client = Client.to(port)) {
        client.echo("served");
      }
      // On a machine that is busy the successor may have taken longer than the grace.
      await("ready, and said so")
          .atMost(Patience.seconds(20))
          .until(() -> server.command("status").exit() == 0);
    }
  }

  @Test
  void shouldBeDegradedWhileTheAccessLogCannotBeWritten() throws Exception {
    Path disk = Files.createDirectory(folder.resolve("disk"));
    Path filler = disk.resolve("filler");
    try (var _ = Tmpfs.mount(disk, "size=64k")) {
      Path log = disk.resolve("access.log");
      try (BouncerServer server =
          BouncerServer.start(folder, config() + "log.access.to = \"file:%s\"\n".formatted(log))) {
        Files.write(filler, new byte[13 * 4096]);
        await("a full disk")
            .atMost(Patience.seconds(30))
            .until(
                () -> {
                  for (int i = 0; i < 20; i++) {
                    try (Client client = Client.to(port)) {
                      client.echo("one more line");
                    }
                  }
                  return state(server).equals("degraded");
                });
        JsonNode reason = server.status().path("reasons").path(0);
        assertThat(reason.path("what").asText()).isEqualTo("access log");
        assertThat(reason.path("detail").asText())
            .contains("cannot be written: ", "no space left on device");
        assertThat(get("/readyz").statusCode()).isEqualTo(503);
        Files.delete(filler);
        awaitState(server, "ready");
      }
    }
  }

  @Test
  void shouldSayThatItStopsWhileItDrains() throws Exception {
    try (BouncerServer server =
            BouncerServer.start(folder, config().replace("drain = 1s", "drain = 20s"));
        Client client = Client.to(port)) {
      client.echo("stays");
      Signals.send("TERM", server.pid());
      awaitState(server, "stopping");
      JsonNode status = server.status();
      assertThat(status.path("ready").asBoolean()).isFalse();
      assertThat(status.path("reasons").path(0).path("detail").asText())
          .isEqualTo("no new clients; sessions left: 1");
      assertThat(get("/readyz").body()).startsWith("stopping\nstop since ");
      assertThat(get("/healthz").statusCode()).isEqualTo(200);
    }
  }
}
