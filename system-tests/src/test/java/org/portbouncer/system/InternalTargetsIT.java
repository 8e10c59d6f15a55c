package org.portbouncer.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.portbouncer.system.Received.Ending;

/** The targets that bouncer brings along. */
@ExtendWith(Randomness.class)
class InternalTargetsIT {
  private static final int HTTP = Ports.free();
  private static final int ECHO = Ports.free();
  private static final int DISCARD = Ports.free();

  private static BouncerServer server;

  @BeforeAll
  static void start(@TempDir Path folder) throws Exception {
    server =
        BouncerServer.start(
            folder,
            """
            listeners {
              page { listen = "127.0.0.1:%d", target = "internal:http" }
              echo { listen = "127.0.0.1:%d", target = "internal:echo" }
              discard { listen = "127.0.0.1:%d", target = "internal:discard" }
            }
            log { access { format = json } }
            """
                .formatted(HTTP, ECHO, DISCARD));
    WarmUp.sessions(ECHO);
    server.rememberDescriptors();
  }

  @AfterAll
  static void stop() throws Exception {
    Closing.all(server);
  }

  @AfterEach
  void nothingIsLeft() {
    server.assertNothingLeaked();
  }

  @Test
  void shouldShowTheSessionsOwnHopsWhenThePageIsFetched() throws Exception {
    try (HttpClient browser =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofSeconds(10))
            .build()) {
      HttpRequest request =
          HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + HTTP + "/"))
              .timeout(Duration.ofSeconds(10))
              .build();
      HttpResponse<String> response = browser.send(request, HttpResponse.BodyHandlers.ofString());

      assertThat(response.statusCode()).isEqualTo(200);
      assertThat(response.headers().firstValue("Content-Type").orElse("")).startsWith("text/");
      for (String stage : BouncerServer.STAGES) {
        assertThat(response.body()).contains(stage);
        assertThat(server.workers(stage))
            .as("pid of the %s stage in %s", stage, response.body())
            .anyMatch(pid -> response.body().matches("(?s).*\\b" + pid + "\\b.*"));
      }
      assertThat(response.body()).contains("127.0.0.1:" + HTTP);
    }
  }

  @Test
  void shouldCloseTheConnectionWhenThePageIsSent() throws Exception {
    try (Client client = Client.to(HTTP)) {
      client.send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
      String answer = new String(client.in().readAllBytes(), StandardCharsets.UTF_8);
      int headerEnd = answer.indexOf("\r\n\r\n");
      String header = answer.substring(0, headerEnd).toLowerCase(Locale.ROOT);
      assertThat(header).startsWith("http/1.1 200 ").contains("connection: close");
      assertThat(header)
          .contains(
              "content-length: "
                  + answer.substring(headerEnd + 4).getBytes(StandardCharsets.UTF_8).length);
      client.finish();
      AccessLine end = server.awaitEndOf(client.address());
      assertThat(end.result()).as("%s", end).isEqualTo("ok");
      assertThat(end.get("target")).isEqualTo("internal:http");
    }
  }

  @Test
  void shouldAnswerWhenTheRequestComesInPieces() throws Exception {
    try (Client client = Client.to(HTTP)) {
      for (String piece : new String[] {"GE", "T / HT", "TP/1.1\r\nHo", "st: x\r\n\r", "\n"}) {
        client.send(piece);
        Pause.millis(20);
      }
      assertThat(client.receiveText(12)).isEqualTo("HTTP/1.1 200");
      client.in().readAllBytes();
    }
  }

  @Test
  void shouldRefuseWhenTheRequestIsNotHttp() throws Exception {
    try (Client client = Client.to(HTTP)) {
      client.send("\u0001\u0002 nonsense\r\n\r\n");
      Received answer = client.receiveAll();
      assertThat(answer.bytes()).isLessThan(64 * 1024);
    }
  }

  @Test
  void shouldSendEverythingBackWhenTheTargetIsEcho(Random random) throws Exception {
    long length = 16L * Payload.MIB;
    try (Client client = Client.to(ECHO)) {
      CompletableFuture<String> sent = new CompletableFuture<>();
      Thread.startVirtualThread(
          () -> {
            try {
              sent.complete(client.send(random, length));
              client.finish();
            } catch (java.io.IOException e) {
              sent.completeExceptionally(e);
            }
          });
      Received received = client.receiveAll();
      assertThat(received)
          .isEqualTo(
              new Received(
                  length,
                  sent.get(Patience.seconds(30).toSeconds(), TimeUnit.SECONDS),
                  Ending.EOF));
      AccessLine end = server.awaitEndOf(client.address());
      assertThat(end.result()).as("%s", end).isEqualTo("ok");
      assertThat(end.number("up")).isEqualTo(length);
      assertThat(end.number("down")).isEqualTo(length);
    }
  }

  @Test
  void shouldSwallowEverythingWhenTheTargetIsDiscard(Random random) throws Exception {
    long length = 16L * Payload.MIB;
    try (Client client = Client.to(DISCARD)) {
      client.send(random, length);
      client.finish();
      assertThat(client.receiveAll().bytes()).isZero();
      AccessLine end = server.awaitEndOf(client.address());
      assertThat(end.result()).as("%s", end).isEqualTo("ok");
      assertThat(end.number("up")).isEqualTo(length);
      assertThat(end.number("down")).isZero();
    }
  }

  @Test
  void shouldWriteTheKeysOfTheContractWhenTheFormatIsJson() throws Exception {
    try (Client client = Client.to(ECHO)) {
      client.echo("hello");
      client.finish();
      client.receiveAll();
      AccessLine end = server.awaitEndOf(client.address());
      assertThat(end.fields().keySet()).containsExactlyElementsOf(AccessLine.KEYS);
    }
    assertThat(server.out().lines()).anyMatch(line -> line.startsWith("{"));
  }
}
