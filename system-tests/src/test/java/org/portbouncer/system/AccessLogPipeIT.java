package org.portbouncer.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** An access log on a named pipe whose reader is not there, leaves, comes, or does not read. */
@Timeout(120)
class AccessLogPipeIT {
  @TempDir private Path folder;

  private final int port = Ports.free();

  private String config(Path log) {
    return """
    listeners { echo { listen = "127.0.0.1:%d", target = "internal:echo" } }
    workers { io = 1 }
    log { access { to = "file:%s" } }
    """
        .formatted(port, log);
  }

  private String session() throws IOException {
    try (Client client = Client.to(port)) {
      client.patience(10_000);
      client.echo("hello");
      client.finish();
      client.receiveAll();
      return client.address();
    }
  }

  /** The lines up to the one of this client's session. */
  private static String read(Fifo fifo, String client) throws IOException {
    return fifo.readUntil(" client=" + client + " ");
  }

  private static long leftOut(BouncerServer server) throws IOException {
    return server.status().path("access_log").path("lines_left_out").asLong(-1);
  }

  private static void awaitLeftOut(BouncerServer server, long lines) {
    await("lines left out")
        .atMost(Duration.ofSeconds(15))
        .untilAsserted(() -> assertThat(leftOut(server)).isEqualTo(lines));
  }

  @Test
  void shouldServeAndSayThatNobodyReadsAtTheStartAndAtTheSignal() throws Exception {
    Path path = folder.resolve("access");
    try (Fifo fifo = Fifo.make(path);
        BouncerServer server = BouncerServer.start(folder, config(path))) {
      String nobody = "WARN  mother[" + server.pid() + "] nobody reads the access log " + path;
      assertThat(server.err().lines()).filteredOn(line -> line.contains(nobody)).hasSize(1);
      session();
      awaitLeftOut(server, 1);
      assertThat(server.status().path("access_log").path("trouble").asText())
          .contains("broken pipe");

      fifo.open();
      assertThat(read(fifo, session())).startsWith("ts=");
      awaitLeftOut(server, 1);

      fifo.leave();
      server.signal("HUP");
      await("both lines")
          .atMost(Duration.ofSeconds(15))
          .untilAsserted(
              () ->
                  assertThat(server.err().lines())
                      .filteredOn(line -> line.contains(nobody))
                      .hasSize(2));
      session();
      awaitLeftOut(server, 2);
      fifo.open();
      assertThat(read(fifo, session())).startsWith("ts=");
    }
  }

  @Test
  void shouldServeAndKeepLinesWhenTheReaderDoesNotRead() throws Exception {
    Path path = folder.resolve("access");
    try (Fifo fifo = Fifo.make(path).open().fill();
        BouncerServer server = BouncerServer.start(folder, config(path))) {
      String first = session();
      session();
      server.signal("HUP");
      String last = session();
      String lines = fifo.readUntil(last);
      assertThat(lines).contains(" client=" + first + " ");
      assertThat(leftOut(server)).isZero();
      fifo.fill();
      session();
    }
  }
}
