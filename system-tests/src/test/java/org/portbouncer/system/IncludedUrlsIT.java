package org.portbouncer.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A configuration that includes a URL, which the operator has asked for. */
class IncludedUrlsIT {
  /** Instead of 30; reading a URL has limits of its own, of 5 s for each answer, beyond it. */
  private static final int READING_SECONDS = 3;

  @TempDir private Path folder;
  private final int port = Ports.free();
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private volatile String part = "timeouts { idle = 17m }";
  private volatile CountDownLatch mayAnswer = new CountDownLatch(0);
  private HttpServer web;

  @BeforeEach
  void startWeb() throws IOException {
    web = HttpServer.create(new InetSocketAddress(Client.LOOPBACK, 0), 0);
    web.setExecutor(threads);
    web.createContext(
        "/part.conf",
        exchange -> {
          try {
            mayAnswer.await();
          } catch (InterruptedException e) {
            throw new UncheckedIOException(new IOException(e));
          }
          byte[] text = part.getBytes(StandardCharsets.UTF_8);
          exchange.sendResponseHeaders(200, text.length);
          exchange.getResponseBody().write(text);
          exchange.close();
        });
    web.start();
  }

  @AfterEach
  void stopWeb() {
    mayAnswer.countDown();
    web.stop(0);
    threads.shutdownNow();
  }

  private String body() {
    return """
    listeners { echo { listen = "127.0.0.1:%d", target = "internal:echo" } }
    workers { io = 1 }
    include url("http://127.0.0.1:%d/part.conf")
    """
        .formatted(port, web.getAddress().getPort());
  }

  private void assertServes() throws IOException {
    try (Client client = Client.to(port)) {
      client.echo("served");
    }
  }

  @Test
  void shouldIncludeAUrlAndGoOnServingWhereItDoesNotAnswer() throws Exception {
    List<String> asked =
        List.of(
            "env",
            "BOUNCER_INCLUDE_URLS=yes",
            "BOUNCER_JAVA_OPTS=-Dbouncer.reading.seconds=" + READING_SECONDS);
    try (BouncerServer server = BouncerServer.startBy(asked, folder, body())) {
      assertServes();
      part = "no-such-key = 1";
      JsonNode wrong = server.reload(body());
      assertThat(wrong.path("reloaded").asBoolean()).isFalse();
      assertThat(wrong.path("problems").toString()).contains("no-such-key").contains("/part.conf");

      part = "limits { max-sessions = 17 }";
      mayAnswer = new CountDownLatch(1);
      CommandResult silent = server.command("reload");
      assertThat(silent.exit()).as(silent.allText()).isEqualTo(1);
      assertThat(silent.allText())
          .contains("the configuration was not read in " + READING_SECONDS + " s")
          .contains("stays in force");
      assertServes();

      mayAnswer.countDown();
      CommandResult answered = server.command("reload");
      assertThat(answered.exit()).as(answered.allText()).isZero();
      assertServes();
    }
  }

  @Test
  void shouldSayAtCheckWhyAUrlCannotBeRead() throws Exception {
    web.removeContext("/part.conf");
    Path file = Files.writeString(folder.resolve("b.conf"), "bouncer {\n" + body() + "}\n");
    List<String> check =
        List.of(
            "env", "BOUNCER_INCLUDE_URLS=yes", Checkout.command(), "check", "-c", file.toString());
    CommandResult result = CommandResult.run(null, check);
    assertThat(result.exit()).isEqualTo(1);
    assertThat(result.allText()).contains("/part.conf").contains("cannot be read");
  }
}
