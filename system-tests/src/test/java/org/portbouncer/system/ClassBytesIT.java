package org.portbouncer.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.URLConnection;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What operators are told that a bandwidth class has moved: all of it, and never less than before.
 */
class ClassBytesIT {

  private static final int METRICS = Ports.free();
  private static final int SOURCES = Ports.free();
  private static final int FREE = Ports.free();

  private static Target target;
  private static BouncerServer server;

  @BeforeAll
  static void start(@TempDir Path folder) throws Exception {
    target = Target.start(Handler.echo());
    server =
        BouncerServer.start(
            folder,
            """
            listeners {
              sources { listen = "127.0.0.1:%d", target = "127.0.0.1:%d", bandwidth = sources }
              free { listen = "127.0.0.1:%d", target = "127.0.0.1:%d" }
            }
            bandwidth { sources { up = "8 MiB/s", down = "8 MiB/s", shared-by = source } }
            workers { io = 2 }
            metrics { listen = "127.0.0.1:%d" }
            """
                .formatted(SOURCES, target.port(), FREE, target.port(), METRICS));
    warmUp();
  }

  /** What is made once is made: a worker's first reload leaves it an eventfd. */
  private static void warmUp() throws Exception {
    WarmUp.sessions(FREE);
    WarmUp.sessions(SOURCES);
    assertThat(server.command("reload").exit()).isZero();
    server.rememberDescriptors();
  }

  @AfterAll
  static void stop() throws Exception {
    Closing.all(server, target);
  }

  @AfterEach
  void nothingIsLeft() {
    server.awaitNoSession();
    server.assertNothingLeaked();
  }

  /** As `status` has it: a scraper's connection stays open, and would be taken for a leak. */
  private static long bytes(String way) throws IOException {
    return server.status().path("bandwidth").path("sources").path("bytes_" + way).asLong(-1);
  }

  /** As scrapers get it, over a connection that ends with the answer. */
  private static String metrics() throws IOException {
    URLConnection connection =
        URI.create("http://127.0.0.1:" + METRICS + "/metrics").toURL().openConnection();
    connection.setRequestProperty("Connection", "close");
    try (InputStream answer = connection.getInputStream()) {
      return new String(answer.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  @Test
  void shouldKeepWhatAClassHasMovedWhenItsSessionsEnd() throws Exception {
    long up = bytes("up");
    long down = bytes("down");
    for (int i = 0; i < 3; i++) {
      try (Client client = Client.to(SOURCES)) {
        client.echo("ten bytes.");
        assertThat(bytes("up")).as("while it lives").isEqualTo(up + 10L * (i + 1));
      }
      try (Client other = Client.to(FREE)) {
        other.echo("none of the class's");
      }
    }
    server.awaitNoSession();
    assertThat(bytes("up")).isEqualTo(up + 30);
    assertThat(bytes("down")).isEqualTo(down + 30);
    assertThat(metrics())
        .contains(
            "bouncer_bandwidth_bytes_total{class=\"sources\",direction=\"up\"} " + (up + 30.0))
        .contains(
            "bouncer_bandwidth_bytes_total{class=\"sources\",direction=\"down\"} " + (down + 30.0));
    // A class is known by its name: its count outlives a reload.
    assertThat(server.command("reload").exit()).isZero();
    assertThat(bytes("up")).isEqualTo(up + 30);
  }

  @Test
  void shouldCountEveryByteOnceWhenAnIoWorkerDies() throws Exception {
    target.serve(Handler.flood());
    long before = bytes("down");
    long most = before;
    try (Meter meter = new Meter().open("127.0.0.1", SOURCES, 8)) {
      await().until(() -> Arrays.stream(meter.counts()).allMatch(bytes -> bytes > 0));
      List<Long> workers = server.workers("io");
      Signals.send("KILL", workers.getFirst());
      while (server.workers("io").contains(workers.getFirst())) {
        long now = bytes("down");
        assertThat(now).as("never back").isGreaterThanOrEqualTo(most);
        most = now;
      }
    }
    target.serve(Handler.echo());
    server.awaitNoSession();
    long counted = bytes("down");
    assertThat(counted).isGreaterThanOrEqualTo(most);
    await("the lines of all that ended")
        .untilAsserted(() -> assertThat(logged()).isEqualTo(counted));
    // The successor is another process.
    warmUp();
  }

  private static long logged() {
    return server
        .accessLines(line -> line.isEnd() && line.get("listener").equals("sources"))
        .stream()
        .mapToLong(line -> line.number("down"))
        .sum();
  }
}
