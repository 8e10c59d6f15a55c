package org.portbouncer.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Metrics of a real server: their names, what is made of them, and that they never fall. */
class MetricsIT {
  private static final int ECHO = Ports.free();
  private static final int METRICS = Ports.free();

  /** The contract's names, without what a kind adds to them. */
  private static final Map<String, String> CONTRACT = contract();

  private static final Pattern METRIC =
      Pattern.compile("\\b(?:bouncer|process|jvm|system)_[a-z0-9_]*[a-z0-9]");

  private static Target target;
  private static BouncerServer server;

  private static Map<String, String> contract() {
    Map<String, String> names = new LinkedHashMap<>();
    names.put("bouncer_sessions_total", "listener result");
    names.put("bouncer_sessions_active", "listener");
    names.put("bouncer_bytes_total", "direction listener");
    names.put("bouncer_acl_decisions_total", "acl action rule");
    names.put("bouncer_hop_seconds_bucket", "le stage");
    names.put("bouncer_hop_seconds_count", "stage");
    names.put("bouncer_hop_seconds_sum", "stage");
    names.put("bouncer_setup_seconds_bucket", "le listener");
    names.put("bouncer_setup_seconds_count", "listener");
    names.put("bouncer_setup_seconds_sum", "listener");
    names.put("bouncer_workers", "stage");
    names.put("bouncer_worker_restarts_total", "stage");
    names.put("bouncer_sessions_resumed_total", "");
    names.put("bouncer_worker_rss_bytes", "index stage");
    names.put("bouncer_state_bytes_total", "mode");
    names.put("bouncer_state_spills_total", "");
    names.put("bouncer_bandwidth_bytes_total", "class direction");
    names.put("bouncer_bandwidth_throttled_seconds_total", "class");
    names.put("bouncer_target_up", "group member");
    names.put("bouncer_target_sessions_active", "group member");
    names.put("bouncer_target_connects_total", "group member outcome");
    names.put("bouncer_target_checks_total", "group member outcome");
    names.put("bouncer_target_spares_total", "group member outcome");
    names.put("bouncer_build_info", "version");
    return names;
  }

  @BeforeAll
  static void start(@TempDir Path folder) throws Exception {
    target = Target.start(Handler.echo());
    server =
        BouncerServer.start(
            folder,
            """
            listeners { echo { listen = "127.0.0.1:%d", target = "127.0.0.1:%d", acl = all } }
            acls { all = [ { name = here, action = pass, from = "127.0.0.0/8" } ] }
            bandwidth { wide { up = "1 GB/s", shared-by = source } }
            targets.app.members = [ { name = a, address = "127.0.0.1:%d" } ]
            workers { io = 2 }
            metrics { listen = "127.0.0.1:%d", hosts = edge.example.net }
            """
                .formatted(ECHO, target.port(), target.port(), METRICS));
    for (int i = 0; i < 5; i++) {
      session("warm");
    }
    Scrape.of(METRICS);
  }

  @AfterAll
  static void stop() throws Exception {
    Closing.all(server, target);
  }

  private static void session(String text) throws IOException {
    try (Client client = Client.to(ECHO)) {
      client.echo(text);
      client.finish();
      client.receiveAll();
    }
  }

  /** The head of the answer to a request with these headers. */
  private static String ask(String... headers) throws IOException {
    try (Socket socket = new Socket(Client.LOOPBACK, METRICS)) {
      socket.setSoTimeout(60_000);
      String request =
          "GET /metrics HTTP/1.1\r\n" + String.join("\r\n", headers) + "\r\nConnection: close";
      socket.getOutputStream().write((request + "\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
      String all = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      return all.substring(0, all.indexOf("\r\n\r\n")).toLowerCase(Locale.ROOT);
    }
  }

  @Test
  void shouldAnswerAScraperThatPrefersProtobufInAFormThatThereIs() throws Exception {
    String answer =
        ask(
            "Host: 127.0.0.1:" + METRICS,
            "Accept: application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;"
                + "encoding=delimited;q=0.6,application/openmetrics-text;version=1.0.0;q=0.5,"
                + "text/plain;version=0.0.4;q=0.4,*/*;q=0.3");
    assertThat(answer).startsWith("http/1.1 200 ").contains("application/openmetrics-text");
  }

  @Test
  void shouldAnswerByItsOwnNamesAlone() throws Exception {
    for (String own : List.of("localhost", "127.0.0.1:" + METRICS, "edge.example.net:80")) {
      assertThat(ask("Host: " + own)).as(own).startsWith("http/1.1 200 ");
    }
    for (String other : List.of("rebound.example", "192.0.2.1", "edge.example.net.evil")) {
      assertThat(ask("Host: " + other)).as(other).startsWith("http/1.1 421 ");
    }
  }

  @Test
  void shouldHaveEveryMetricOfTheContractWithItsLabels() throws Exception {
    Scrape scrape = Scrape.of(METRICS);
    for (Map.Entry<String, String> wanted : CONTRACT.entrySet()) {
      String series =
          scrape.values().keySet().stream()
              .filter(name -> name.startsWith(wanted.getKey() + "["))
              .findFirst()
              .orElse("none");
      Set<String> labels = new TreeSet<>();
      Pattern.compile("([a-z]+)=\"").matcher(series).results().forEach(m -> labels.add(m.group(1)));
      assertThat(series).as(wanted.getKey()).startsWith(wanted.getKey());
      assertThat(String.join(" ", labels)).as(series).isEqualTo(wanted.getValue());
    }
    assertThat(scrape.types())
        .containsEntry("bouncer_hop_seconds", "histogram")
        .containsEntry("bouncer_setup_seconds", "histogram")
        .containsEntry("bouncer_sessions_total", "counter")
        .containsEntry("bouncer_bandwidth_throttled_seconds_total", "counter")
        .containsEntry("bouncer_sessions_active", "gauge");
  }

  @Test
  void shouldDocumentEveryMetricThereIs() throws Exception {
    String docs = Files.readString(Checkout.root().resolve("docs/metrics.md"));
    assertThat(Scrape.of(METRICS).types().keySet())
        .allSatisfy(name -> assertThat(docs).contains("`" + name + "`"));
  }

  @Test
  void shouldUseOnlyMetricsThatThereAreInDashboardAndAlerts() throws Exception {
    Scrape scrape = Scrape.of(METRICS);
    Set<String> known = new TreeSet<>(scrape.names());
    known.addAll(scrape.types().keySet()); // a family may have no series yet
    Set<String> used = new TreeSet<>();
    Path conf = Checkout.root().resolve("conf");
    JsonNode dashboard =
        new ObjectMapper().readTree(conf.resolve("grafana-dashboard.json").toFile());
    for (JsonNode panel : dashboard.path("panels")) {
      for (JsonNode query : panel.path("targets")) {
        used.addAll(metrics(query.path("expr").asText()));
      }
    }
    int inDashboard = used.size();
    for (String line : Files.readAllLines(conf.resolve("prometheus-alerts.yml"))) {
      used.addAll(metrics(line));
    }
    assertThat(inDashboard).isGreaterThan(20);
    assertThat(known).containsAll(used);
  }

  private static List<String> metrics(String text) {
    List<String> names = new ArrayList<>();
    Matcher matcher = METRIC.matcher(text);
    while (matcher.find()) {
      names.add(matcher.group());
    }
    return names;
  }

  @Test
  void shouldHaveAlertsThatPrometheusAccepts() throws Exception {
    CommandResult found = CommandResult.run(null, List.of("sh", "-c", "command -v promtool"));
    assumeTrue(found.exit() == 0, "promtool is not installed (Debian: package prometheus)");
    CommandResult check =
        CommandResult.run(
            Checkout.root(), List.of("promtool", "check", "rules", "conf/prometheus-alerts.yml"));
    assertThat(check.exit()).as(check.allText()).isZero();
  }

  @Test
  void shouldNeverFallWhileSessionsEndAndWorkersDie() throws Exception {
    AtomicBoolean stop = new AtomicBoolean();
    try (ExecutorService threads = Executors.newFixedThreadPool(2)) {
      Future<?> churn =
          threads.submit(
              () -> {
                while (!stop.get()) {
                  try {
                    session("x".repeat(5000));
                  } catch (IOException lostWithItsWorker) {
                    // Expected of some.
                  }
                }
                return null;
              });
      Scrape first = Scrape.of(METRICS);
      Scrape last = first;
      for (int round = 0; round < 2; round++) {
        Signals.send("KILL", server.workers("io").get(round), server.workers("acl").getFirst());
        double restarts = last.sum("bouncer_worker_restarts_total");
        long until = System.nanoTime() + Patience.seconds(20).toNanos();
        while (last.sum("bouncer_worker_restarts_total") < restarts + 2
            || last.sum("bouncer_workers") < 6) {
          assertThat(System.nanoTime()).as("workers come back").isLessThan(until);
          Scrape next = Scrape.of(METRICS);
          Map<String, Double> now = next.counters();
          last.counters()
              .forEach(
                  (series, value) ->
                      assertThat(now.get(series)).as(series).isGreaterThanOrEqualTo(value));
          last = next;
        }
      }
      stop.set(true);
      churn.get();
      server.awaitNoSession();
      Scrape end = Scrape.of(METRICS);
      assertThat(end.sum("bouncer_sessions_total")).isEqualTo(end.sum("bouncer_accepted_total"));
      assertThat(end.sum("bouncer_sessions_active")).isZero();
      assertThat(end.value("bouncer_worker_restarts_total", "stage", "io"))
          .isEqualTo(first.value("bouncer_worker_restarts_total", "stage", "io") + 2);
    }
  }

  @Test
  void shouldHoldNothingOfAConnectionThatIsOver() throws Exception {
    Map<String, Integer> before = ProcessTree.descriptors(server.pid());
    for (int i = 0; i < 30; i++) {
      try (Client scraper = Client.to(METRICS)) {
        scraper.send("GET /page/now HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        scraper.receive(15);
      }
    }
    await("the descriptors of before")
        .untilAsserted(() -> assertThat(ProcessTree.descriptors(server.pid())).isEqualTo(before));
  }

  @Test
  void shouldRestWhileThereAreNoDescriptorsForAnotherConnection(@TempDir Path folder)
      throws Exception {
    int metrics = Ports.free();
    String config =
        """
        listeners { echo { listen = "127.0.0.1:0", target = "internal:echo" } }
        workers { io = 1 }
        metrics { listen = "127.0.0.1:%d" }
        """
            .formatted(metrics);
    List<Client> open = new ArrayList<>();
    try (BouncerServer scarce = BouncerServer.start(folder, config)) {
      Scrape.of(metrics);
      int used = ProcessTree.descriptors(scarce.pid()).values().stream().mapToInt(n -> n).sum();
      limitDescriptors(scarce.pid(), used + 5);
      for (int i = 0; i < 20; i++) {
        open.add(Client.to(metrics));
      }
      await("that it says so")
          .untilAsserted(
              () -> assertThat(scarce.err().text()).contains("metrics: cannot accept: "));
      double before = ProcessTree.processorSeconds(scarce.pid());
      Pause.millis(1000);
      assertThat(ProcessTree.processorSeconds(scarce.pid()) - before).isLessThan(0.4);
      assertThat(scarce.err().text().split("metrics: cannot accept", -1)).hasSize(2);
      Closing.all(open.toArray(AutoCloseable[]::new));
      // What was left may have gone to something else than these connections.
      limitDescriptors(scarce.pid(), 1024);
      assertThat(Scrape.of(metrics).value("bouncer_ready")).isEqualTo(1.0);
    }
  }

  private static void limitDescriptors(long pid, int most) throws Exception {
    CommandResult limit =
        CommandResult.run(
            null, List.of("prlimit", "--pid", Long.toString(pid), "--nofile=" + most + ":"));
    assertThat(limit.exit()).as(limit.allText()).isZero();
  }

  @Test
  void shouldSayInOneLineWhyItDoesNotStartWhenTheAddressIsTaken(@TempDir Path folder)
      throws Exception {
    try (ServerSocket taken = new ServerSocket(0, 1, Client.LOOPBACK)) {
      Path config =
          BouncerServer.writeConfig(
              folder,
              """
              listeners { echo { listen = "127.0.0.1:0", target = "internal:echo" } }
              metrics { listen = "127.0.0.1:%d" }
              """
                  .formatted(taken.getLocalPort()));
      CommandResult start = CommandResult.bouncer("start", "-c", config.toString());
      assertThat(start.exit()).isEqualTo(1);
      assertThat(start.err())
          .contains(
              "bouncer: cannot serve metrics on 127.0.0.1:"
                  + taken.getLocalPort()
                  + ": address already in use");
      assertThat(start.leftBehind()).isEmpty();
    }
  }
}
