package org.portbouncer.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Standard output and error that nobody reads: a pager, a log shipper that hangs, a terminal that
 * was stopped. The server serves, ends, and says what it could not say.
 */
@Timeout(120)
class StuckStreamsIT {
  private static final Pattern LEFT_OUT = Pattern.compile("server log lines left out: (\\d+);");

  /** Has each worker say more at its start than a pipe holds. */
  private static final String TALKATIVE =
      "export BOUNCER_WORKER_JAVA_OPTS=-Xlog:class+load=info:stderr; ";

  @TempDir private Path folder;

  private final int echo = Ports.free();
  private final int away = Ports.free();
  private final int metrics = Ports.free();

  private String config() {
    return """
    listeners {
      echo { listen = "127.0.0.1:%d", target = "internal:echo" }
      away { listen = "127.0.0.1:%d", target = "127.0.0.1:%d" }
    }
    workers { io = 1 }
    metrics { listen = "127.0.0.1:%d" }
    """
        .formatted(echo, away, Ports.free(), metrics);
  }

  private void refused(int sessions) throws IOException {
    for (int i = 0; i < sessions; i++) {
      try (Client client = Client.to(away)) {
        client.receiveAll();
      }
    }
  }

  private void serves() throws IOException {
    try (Client client = Client.to(echo)) {
      client.patience(10_000);
      client.echo("still there");
    }
  }

  private static long leftOut(BouncerServer server) throws IOException {
    return server.status().path("server_log").path("lines_left_out").asLong(-1);
  }

  private long leftOutMetric() throws IOException, InterruptedException {
    return (long) Scrape.of(metrics).value("bouncer_server_log_lines_lost_total");
  }

  @Test
  void shouldServeCountAndSayWhatWasLeftOutWhenNobodyReadsStderrForAWhile() throws Exception {
    Path path = folder.resolve("stderr");
    try (Fifo fifo = Fifo.make(path).open().fill();
        BouncerServer server =
            BouncerServer.startAfter(TALKATIVE + "exec 2>" + path, folder, config())) {
      await("lines are left out")
          .atMost(Duration.ofSeconds(30))
          .until(
              () -> {
                refused(20);
                return leftOut(server) > 0;
              });
      serves();
      assertThat(server.command("status").outText()).contains("server log lines left out: ");
      String said = fifo.readUntil("server log lines left out: ");
      assertThat(said).contains("listener echo: ").contains(" io/0[").contains("] stderr: [");
      serves();
      long counted = leftOut(server);
      assertThat(counted).isPositive();
      assertThat(leftOutMetric()).isGreaterThanOrEqualTo(counted);
      said += fifo.readUntil("\n");
      long sum = 0;
      Matcher notices = LEFT_OUT.matcher(said);
      while (notices.find()) {
        sum += Long.parseLong(notices.group(1));
      }
      assertThat(sum).isPositive().isLessThanOrEqualTo(leftOut(server));
    }
  }

  @Test
  void shouldEndOnTheSignalWhenNobodyReadsStderrAtAll() throws Exception {
    Path path = folder.resolve("stderr");
    try (Fifo _ = Fifo.make(path).open().fill();
        BouncerServer server =
            BouncerServer.startAfter(TALKATIVE + "exec 2>" + path, folder, config())) {
      refused(100);
      serves();
      server.signal("TERM");
      assertThat(server.awaitExit()).isZero();
    }
  }

  @Test
  void shouldServeAndEndWhenNobodyReadsStdoutFromTheStart() throws Exception {
    Path path = folder.resolve("stdout");
    try (Fifo fifo = Fifo.make(path).open().fill();
        BouncerServer server = BouncerServer.startUnheard("exec >" + path, folder, config())) {
      refused(300);
      serves();
      String said = fifo.readUntil("bouncer ready: ");
      if (!said.contains("event=end")) {
        fifo.readUntil("event=end");
      }
      fifo.fill();
      refused(300);
      server.signal("TERM");
      assertThat(server.awaitExit()).isZero();
    }
  }

  @Test
  void shouldServeWhenNobodyReadsAStdoutThatIsAnotherUsers() throws Exception {
    Accounts.assumeReachable(Accounts.USER);
    Accounts.open(folder);
    Accounts.give(folder, Accounts.USER);
    Path path = folder.resolve("stdout");
    try (Fifo fifo = Fifo.make(path).open().fill();
        BouncerServer server =
            BouncerServer.startUnheard(
                "exec >" + path + "; set -- \"$0\" \"$@\"; " + as(Accounts.USER),
                folder,
                config())) {
      refused(500);
      serves();
      fifo.readUntil("bouncer ready: ");
      for (int i = 0; i < 10; i++) {
        refused(1);
        fifo.readUntil("event=end");
      }
      fifo.fill();
      refused(500);
      serves();
      server.signal("TERM");
      assertThat(server.awaitExit()).isZero();
    }
  }

  private static String as(String user) throws Exception {
    return "exec " + String.join(" ", Accounts.as(user)) + " \"$@\"";
  }

  @Test
  void shouldNotBeFloodedNorKeptFromWorkByAWorkerThatWritesWhatItLikes() throws Exception {
    Path begin = folder.resolve("begin");
    Path agent = FloodAgent.jar(folder);
    String options = "-javaagent:" + agent + "=" + begin;
    try (BouncerServer server =
        BouncerServer.startAfter(
            "export BOUNCER_WORKER_JAVA_OPTS=" + options, folder, config() + "confine = false\n")) {
      int before = server.err().lines().size();
      long bandwidth = server.workers("bandwidth").getFirst();
      Files.createFile(begin);
      await("both floods")
          .atMost(Duration.ofSeconds(30))
          .until(
              () ->
                  server.err().text().contains("says too much: ")
                      && server.err().text().contains("] stderr: flood"));
      long since = System.nanoTime();
      for (int i = 0; i < 50; i++) {
        serves();
        server.status();
      }
      List<String> lines = server.err().linesFrom(before);
      double seconds = (System.nanoTime() - since) / 1e9 + 10;
      // At once 128 KiB of stderr and 64 KiB of messages, then 4 and 32 KiB a second.
      assertThat(lines.stream().mapToInt(String::length).sum())
          .isLessThan((int) (4 * 192 * 1024 + seconds * 4 * 36 * 1024));
      assertThat(lines)
          .filteredOn(line -> line.contains("flood"))
          .isNotEmpty()
          .allMatch(line -> line.contains(" bandwidth/0[" + bandwidth + "] "));
      assertThat(lines)
          .as("lines under another's name")
          .noneMatch(line -> line.startsWith("2026-01-01T00:00:00.000Z"))
          .as("control characters")
          .noneMatch(line -> line.chars().anyMatch(c -> c < ' ' || c == 0x7f || c == 0x9b));
    }
  }
}
