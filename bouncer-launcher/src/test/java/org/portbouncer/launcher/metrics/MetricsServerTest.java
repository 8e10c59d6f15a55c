package org.portbouncer.launcher.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.portbouncer.launcher.admin.Json;
import org.portbouncer.launcher.figures.SampleFigures;
import org.portbouncer.launcher.state.Condition;
import org.portbouncer.launcher.state.ServerState;
import org.portbouncer.launcher.state.Standing;

/** What the metrics server says, and whom it bears with. */
@Timeout(60)
class MetricsServerTest {

  private static final InetAddress LOOPBACK = InetAddress.ofLiteral("127.0.0.1");

  private final FakeSource source = new FakeSource();
  private final HttpClient http = HttpClient.newHttpClient();
  private MetricsServer server;

  @BeforeEach
  void open() throws IOException {
    server =
        MetricsServer.open(new InetSocketAddress(LOOPBACK, 0), List.of("edge.example.net"), source);
  }

  @AfterEach
  void close() {
    server.close();
    http.close();
  }

  private URI uri(String path) {
    return URI.create("http://127.0.0.1:" + server.address().getPort() + path);
  }

  private HttpResponse<String> get(String path, String... headers) throws Exception {
    HttpRequest.Builder request = HttpRequest.newBuilder(uri(path));
    if (headers.length > 0) {
      request.headers(headers);
    }
    return http.send(request.build(), BodyHandlers.ofString());
  }

  private Map<?, ?> json(String path) throws Exception {
    HttpResponse<String> answer = get(path);
    assertThat(answer.headers().firstValue("Content-Type"))
        .hasValue("application/json; charset=utf-8");
    return Json.parseObject(answer.body());
  }

  @Test
  void shouldNameEveryMetricAsTheContractDoes() throws Exception {
    String text = get("/metrics").body();
    assertThat(text.lines())
        .contains(
            "bouncer_sessions_total{listener=\"web\",result=\"ok\"} 20.0",
            "bouncer_sessions_total{listener=\"web\",result=\"no-target\"} 17.0",
            "bouncer_sessions_active{listener=\"web\"} 3.0",
            "bouncer_bytes_total{direction=\"up\",listener=\"web\"} 1000.0",
            "bouncer_bytes_total{direction=\"down\",listener=\"web\"} 2000.0",
            "bouncer_acl_decisions_total{acl=\"office\",action=\"pass\",rule=\"staff\"} 9.0",
            "bouncer_workers{stage=\"io\"} 1.0",
            "bouncer_worker_restarts_total{stage=\"io\"} 4.0",
            "bouncer_sessions_resumed_total 110.0",
            "bouncer_worker_rss_bytes{index=\"1\",stage=\"io\"} 6.1E7",
            "bouncer_state_bytes_total{mode=\"inline\"} 107.0",
            "bouncer_state_bytes_total{mode=\"file-fd\"} 108.0",
            "bouncer_state_bytes_total{mode=\"shm\"} 109.0",
            "bouncer_state_spills_total 6.0",
            "bouncer_bandwidth_bytes_total{class=\"slow\",direction=\"up\"} 500.0",
            "bouncer_bandwidth_bytes_total{class=\"slow\",direction=\"down\"} 600.0",
            "bouncer_bandwidth_throttled_seconds_total{class=\"slow\"} 2.5",
            "bouncer_build_info{version=\"1.2.3\"} 1");
    assertThat(text).contains("\njvm_memory_used_bytes{", "\nprocess_cpu_usage ");
  }

  @Test
  void shouldWriteHistogramsWholeAndCumulative() throws Exception {
    assertThat(get("/metrics").body())
        .contains(
            """
            bouncer_hop_seconds_bucket{stage="acl",le="1.0E-5"} 1
            bouncer_hop_seconds_bucket{stage="acl",le="2.0E-5"} 3
            """,
            """
            bouncer_hop_seconds_bucket{stage="acl",le="5.0"} 3
            bouncer_hop_seconds_bucket{stage="acl",le="+Inf"} 4
            bouncer_hop_seconds_count{stage="acl"} 4
            bouncer_hop_seconds_sum{stage="acl"} 6.5
            """,
            """
            bouncer_setup_seconds_bucket{listener="web",le="10.0"} 3
            bouncer_setup_seconds_bucket{listener="web",le="+Inf"} 4
            """,
            """
            bouncer_connect_seconds_count{group="app",listener="web"} 0
            """);
  }

  @Test
  void shouldSpeakOpenMetricsToWhoAsksForIt() throws Exception {
    HttpResponse<String> answer =
        get("/metrics", "Accept", "application/openmetrics-text;version=1.0.0,text/plain;q=0.5");
    assertThat(answer.headers().firstValue("Content-Type").orElseThrow())
        .startsWith("application/openmetrics-text");
    assertThat(answer.body())
        .endsWith("# EOF\n")
        .contains("bouncer_build_info{version=\"1.2.3\"} 1\n");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      nullValues = "-",
      value = {
        // What Prometheus asks with where native histograms are on, and where they are not.
        "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;"
            + "encoding=delimited;q=0.6,application/openmetrics-text;version=1.0.0;q=0.5,"
            + "text/plain;version=0.0.4;q=0.4,*/*;q=0.3 | application/openmetrics-text",
        "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;"
            + "encoding=delimited;q=0.6,text/plain;version=0.0.4;q=0.4 | text/plain",
        "application/openmetrics-text;version=2.0.0;q=0.6,text/plain;q=0.1 "
            + "| application/openmetrics-text",
        "application/openmetrics-text;q=0.2,text/plain;q=0.7 | text/plain",
        "application/openmetrics-text;q=0,*/*;q=0.1 | text/plain",
        "application/vnd.google.protobuf | text/plain",
        "image/png;q=nonsense,, ;;q= | text/plain",
        "*/* | text/plain",
        "- | text/plain"
      })
  void shouldAnswerInAFormThatThereIs(String accept, String type) throws Exception {
    HttpResponse<String> answer =
        accept == null ? get("/metrics") : get("/metrics", "Accept", accept);
    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(answer.headers().firstValue("Content-Type").orElseThrow()).startsWith(type);
    assertThat(answer.body()).contains("bouncer_build_info{version=\"1.2.3\"} 1\n");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "localhost",
        "LocalHost:9464",
        "127.0.0.1",
        "127.0.0.1:1",
        "edge.example.net",
        "Edge.Example.NET.:9464"
      })
  void shouldAnswerByItsOwnNames(String host) throws Exception {
    assertThat(status("Host: " + host)).isEqualTo(200);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "attacker.example",
        "attacker.example:9464",
        "localhost.attacker.example",
        "192.0.2.1",
        "127.0.0.1.attacker.example",
        "[2001:db8::1]:80",
        "[",
        ":",
        "edge.example.net.attacker"
      })
  void shouldRefuseEveryOtherName(String host) throws Exception {
    assertThat(status("Host: " + host)).isEqualTo(421);
    assertThat(status("Host: localhost\r\nHost: " + host)).isBetween(400, 421);
  }

  /** The status of an answer to a request with these headers; Java's client sets its own Host. */
  private int status(String headers) throws IOException {
    try (Socket socket = new Socket(LOOPBACK, server.address().getPort())) {
      String request = "GET /page/now HTTP/1.1\r\n" + headers + "\r\nConnection: close\r\n\r\n";
      socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
      String answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
      return Integer.parseInt(answer.split(" ", 3)[1]);
    }
  }

  @Test
  void shouldAnswerHeadLikeGetWithoutTheBody() throws Exception {
    int length = get("/").body().getBytes(StandardCharsets.UTF_8).length;
    HttpResponse<String> head =
        http.send(HttpRequest.newBuilder(uri("/")).HEAD().build(), BodyHandlers.ofString());
    assertThat(head.statusCode()).isEqualTo(200);
    assertThat(head.body()).isEmpty();
    assertThat(head.headers().firstValueAsLong("Content-Length")).hasValue(length);
    assertThat(head.headers().firstValue("Content-Security-Policy").orElseThrow())
        .startsWith("default-src 'none'");
  }

  @Test
  void shouldRefuseWhatIsNoReading() throws Exception {
    HttpResponse<String> post =
        http.send(
            HttpRequest.newBuilder(uri("/metrics"))
                .POST(HttpRequest.BodyPublishers.ofString("x"))
                .build(),
            BodyHandlers.ofString());
    assertThat(post.statusCode()).isEqualTo(405);
    assertThat(post.headers().firstValue("Allow")).hasValue("GET, HEAD");
    assertThat(get("/etc/passwd").statusCode()).isEqualTo(404);
    assertThat(get("/metrics/").statusCode()).isEqualTo(404);
  }

  @Test
  void shouldBeReadyForProbesOnlyWhereTheServerIs() throws Exception {
    HttpResponse<String> ready = get("/readyz");
    assertThat(ready.statusCode()).isEqualTo(200);
    assertThat(ready.body()).isEqualTo("ready\n");
    assertThat(get("/metrics").body())
        .contains("bouncer_state{state=\"ready\"} 1.0\n", "bouncer_ready 1.0\n");

    source.figures(
        SampleFigures.standing(
            new Standing(
                ServerState.DOWN,
                List.of(new Condition("stage acl", 1_795_775_000_123L, "no worker serves")))));
    HttpResponse<String> down = get("/readyz");
    assertThat(down.statusCode()).isEqualTo(503);
    assertThat(down.body())
        .isEqualTo("down\nstage acl since 2026-11-27T10:23:20.123Z: no worker serves\n");
    assertThat(get("/metrics").body())
        .contains(
            "bouncer_state{state=\"starting\"} 0.0\n",
            "bouncer_state{state=\"ready\"} 0.0\n",
            "bouncer_state{state=\"degraded\"} 0.0\n",
            "bouncer_state{state=\"down\"} 1.0\n",
            "bouncer_state{state=\"stopping\"} 0.0\n",
            "bouncer_ready 0.0\n");
    assertThat(get("/page/now").body())
        .contains(
            "\"state\":\"down\",\"reasons\":[{\"what\":\"stage acl\",\"since\":"
                + "\"2026-11-27T10:23:20.123Z\",\"detail\":\"no worker serves\"}]");
  }

  @Test
  void shouldBeAliveForProbesWhileTheLoopTurnsWhateverTheState() throws Exception {
    assertThat(get("/healthz").statusCode()).isEqualTo(200);
    source.turns(false);
    assertThat(get("/healthz").statusCode()).isEqualTo(503);
  }

  @Test
  void shouldSayThatItFailedAndGoOnWhenTheSourceFails() throws Exception {
    source.figures(null);
    assertThat(get("/page/now").statusCode()).isEqualTo(500);
    source.figures(SampleFigures.one());
    assertThat(get("/page/now").statusCode()).isEqualTo(200);
  }

  @Test
  void shouldGiveThePageRatesOfTheLastSecondsWhenSamplesWereTaken() throws Exception {
    server.serving();
    while (((List<?>) json("/page/now").get("listeners")).isEmpty()
        || rate(json("/page/now")) == 0) {
      source.figures(SampleFigures.with(List.of(SampleFigures.listener("web", 900_000, 2000))));
    }
    assertThat(rate(json("/page/now"))).isPositive();
    Map<?, ?> history = json("/page/history");
    assertThat(history.keySet()).hasToString("[times, listeners]");
  }

  private static double rate(Map<?, ?> now) {
    Map<?, ?> listener = (Map<?, ?>) ((List<?>) now.get("listeners")).getFirst();
    return ((Number) listener.get("up_rate")).doubleValue();
  }

  @Test
  void shouldFilterSessionsByAnyOfTheirTextsAndPutTheHeaviestFirst() throws Exception {
    source.session(17, "10.1.2.3:40000", 5);
    source.session(18, "[2001:db8::1]:40001", 5000);
    source.session(19, "10.1.2.4:40002", 700);
    Map<?, ?> answer = json("/page/sessions?filter=10.1.2");
    assertThat(answer.get("total")).isEqualTo(3L);
    assertThat(answer.get("matching")).isEqualTo(2L);
    assertThat(ids(answer)).containsExactly(19L, 17L);
    assertThat(ids(json("/page/sessions?filter=%5B2001:DB8"))).containsExactly(18L);
    assertThat(ids(json("/page/sessions"))).containsExactly(18L, 19L, 17L);
  }

  private static List<Object> ids(Map<?, ?> answer) {
    List<Object> ids = new ArrayList<>();
    for (Object session : (List<?>) answer.get("sessions")) {
      ids.add(((Map<?, ?>) session).get("id"));
    }
    return ids;
  }

  @Test
  void shouldAnswerOthersWhenManySayNothingOrGarbage() throws Exception {
    List<Socket> idle = new ArrayList<>();
    try {
      for (int i = 0; i < 40; i++) {
        Socket socket = new Socket(LOOPBACK, server.address().getPort());
        idle.add(socket);
        if (i % 2 == 1) {
          OutputStream out = socket.getOutputStream();
          out.write(i % 4 == 1 ? "GET /metr".getBytes(StandardCharsets.US_ASCII) : garbage());
          out.flush();
        }
      }
      assertThat(get("/metrics").statusCode()).isEqualTo(200);
      // Half of a request is waited for, but not for long.
      Socket half = idle.get(1);
      half.setSoTimeout(20_000);
      assertThat(half.getInputStream().read()).as("closed by the server").isEqualTo(-1);
    } finally {
      for (Socket socket : idle) {
        socket.close();
      }
    }
  }

  private static byte[] garbage() {
    byte[] bytes = new byte[2000];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) (i * 31);
    }
    return bytes;
  }

  @Test
  void shouldSayWhyItCannotListenWhenTheAddressIsTaken() {
    assertThatThrownBy(() -> MetricsServer.open(server.address(), List.of(), source))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("Address already in use");
  }
}
