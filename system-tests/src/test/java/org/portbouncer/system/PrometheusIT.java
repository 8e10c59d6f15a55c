package org.portbouncer.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.awaitility.core.ConditionTimeoutException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Debian's Prometheus scrapes the server as docs/metrics.md says, and judges it by our alerts. */
class PrometheusIT {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Duration PATIENCE = Patience.seconds(60);
  private static final int SESSIONS = 7;

  private final HttpClient http = HttpClient.newHttpClient();
  private final int own = Ports.free();

  @TempDir Path folder;

  /** What the documentation tells people to write, with these ports and quicker. */
  private Path config(int metrics) throws IOException {
    String docs = Files.readString(Checkout.root().resolve("docs/metrics.md"));
    int from = docs.indexOf("scrape_configs:");
    String scrape = docs.substring(from, docs.indexOf("```", from));
    assertThat(scrape).contains("127.0.0.1:9464");
    return Files.writeString(
        folder.resolve("prometheus.yml"),
        """
        global: { scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s }
        rule_files: ["%s"]
        %s
        """
            .formatted(
                Checkout.root().resolve("conf/prometheus-alerts.yml"),
                scrape.replace("127.0.0.1:9464", "127.0.0.1:" + metrics)));
  }

  private Process prometheus(Path config) throws IOException {
    return new ProcessBuilder(
            "prometheus",
            "--config.file=" + config,
            "--storage.tsdb.path=" + folder.resolve("series"),
            "--web.listen-address=127.0.0.1:" + own)
        .redirectErrorStream(true)
        .start();
  }

  private JsonNode get(String path) throws IOException, InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + own + path)).build();
    return JSON.readTree(http.send(request, HttpResponse.BodyHandlers.ofString()).body())
        .path("data");
  }

  /** The value of the one series that the query finds; -1 where there is none, or several. */
  private double value(String query) throws IOException, InterruptedException {
    String encoded = URLEncoder.encode(query, StandardCharsets.UTF_8);
    JsonNode found = get("/api/v1/query?query=" + encoded).path("result");
    return found.size() == 1 ? found.path(0).path("value").path(1).asDouble() : -1;
  }

  private void awaitValue(String query, double wanted) {
    await(query)
        .atMost(PATIENCE)
        .ignoreExceptionsInstanceOf(IOException.class) // it has not begun to listen
        .untilAsserted(() -> assertThat(value(query)).isEqualTo(wanted));
  }

  @Test
  void shouldBeScrapedByDebiansPrometheusAndJudgedByTheAlerts() throws Exception {
    CommandResult found = CommandResult.run(null, List.of("sh", "-c", "command -v prometheus"));
    assumeTrue(found.exit() == 0, "prometheus is not installed (Debian: package prometheus)");
    int port = Ports.free();
    int metrics = Ports.free();
    BouncerServer server =
        BouncerServer.start(
            Files.createDirectory(folder.resolve("server")),
            """
            listeners { echo { listen = "127.0.0.1:%d", target = "internal:echo" } }
            workers { io = 1 }
            metrics { listen = "127.0.0.1:%d" }
            """
                .formatted(port, metrics));
    Process process = prometheus(config(metrics));
    Output output = new Output("prometheus", process.getInputStream());
    try {
      try (server) {
        run(port, server);
        assertScraped();
      }
      awaitValue("up{job=\"bouncer\"}", 0);
      await("an alert that the server is gone")
          .atMost(PATIENCE)
          .untilAsserted(() -> assertThat(alerts()).containsKey("BouncerDown"));
    } catch (ConditionTimeoutException | AssertionError e) {
      throw new AssertionError("prometheus says: " + output.text(), e);
    } finally {
      process.destroy();
      process.onExit().join();
    }
  }

  private static void run(int port, BouncerServer server) throws Exception {
    for (int i = 0; i < SESSIONS; i++) {
      try (Client client = Client.to(port)) {
        client.echo("hello");
        client.finish();
        client.receiveAll();
      }
    }
    server.awaitNoSession();
  }

  private void assertScraped() throws Exception {
    awaitValue("up{job=\"bouncer\"}", 1);
    awaitValue("sum(bouncer_sessions_total{listener=\"echo\",result=\"ok\"})", SESSIONS);
    awaitValue("bouncer_state{state=\"ready\"}", 1);
    // To Prometheus the histogram is one, too: the dashboard draws its quantiles.
    assertThat(value("histogram_quantile(0.5, sum by (le) (bouncer_setup_seconds_bucket))"))
        .isBetween(0.0, 10.0);
    JsonNode target = get("/api/v1/targets").path("activeTargets").path(0);
    assertThat(target.path("health").asText()).as("%s", target).isEqualTo("up");
    assertThat(target.path("lastError").asText()).isEmpty();
    await("every rule's outcome").atMost(PATIENCE).untilAsserted(this::assertRulesWork);
    assertThat(alerts()).doesNotContainValue("firing");
  }

  private void assertRulesWork() throws Exception {
    int rules = 0;
    for (JsonNode group : get("/api/v1/rules").path("groups")) {
      for (JsonNode rule : group.path("rules")) {
        assertThat(rule.path("lastError").asText()).as("%s", rule).isEmpty();
        assertThat(rule.path("health").asText()).as("%s", rule).isEqualTo("ok");
        rules++;
      }
    }
    assertThat(rules).isGreaterThan(5);
  }

  /** States by name: pending or firing. */
  private Map<String, String> alerts() throws Exception {
    Map<String, String> states = new TreeMap<>();
    for (JsonNode alert : get("/api/v1/alerts").path("alerts")) {
      states.put(alert.path("labels").path("alertname").asText(), alert.path("state").asText());
    }
    return states;
  }
}
