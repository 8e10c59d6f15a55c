package org.portbouncer.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Ten thousand sessions that end in one turn of two loops: each has its line. */
class ManyEndsIT {
  private static final int SESSIONS = 10_001;

  private static final int IO_WORKERS = 2;

  /** A client and both ends of the pair to the internal service, in each io worker. */
  private static final int DESCRIPTORS = 3 * (SESSIONS / IO_WORKERS + 1) + 1_000;

  @TempDir private Path folder;

  private final int port = Ports.free();

  @BeforeAll
  static void enoughDescriptors() throws Exception {
    String hard = CommandResult.run(null, List.of("sh", "-c", "ulimit -Hn")).outText();
    assumeThat(hard.equals("unlimited") || Integer.parseInt(hard) >= DESCRIPTORS)
        .as("descriptor limit %s", hard)
        .isTrue();
  }

  private String config(String to, String who, String drain) {
    return """
    listeners { hold { listen = "127.0.0.1:%d", target = "internal:discard", acl = who } }
    acls { who = [ { name = who, action = %s } ] }
    workers { io = 2 }
    limits { max-sessions = 12000 }
    timeouts { drain = %s }
    log { access { to = "%s" } }
    """
        .formatted(port, who, drain, to);
  }

  private Crowd crowd(BouncerServer server, int which) throws IOException {
    Crowd crowd = Crowd.of(SESSIONS, "127.0.0." + (20 + which), port);
    await("all in io")
        .atMost(Duration.ofSeconds(60))
        .untilAsserted(() -> assertThat(inIo(server)).isEqualTo(SESSIONS));
    return crowd;
  }

  private static int inIo(BouncerServer server) throws IOException {
    return BouncerServer.elements(server.status().path("workers"))
        .filter(worker -> worker.path("stage").asText().equals("io"))
        .mapToInt(worker -> worker.path("sessions").asInt())
        .sum();
  }

  /** Fails unless each of the crowd has one line, with this result. */
  private static void awaitLines(LineSource lines, int which, String result) {
    String from = "127.0.0." + (20 + which) + ":";
    await("a line for each")
        .atMost(Duration.ofSeconds(30))
        .pollInterval(Duration.ofMillis(200))
        .untilAsserted(
            () -> {
              Set<String> clients = new HashSet<>();
              int all = 0;
              for (String line : lines.get()) {
                Optional<AccessLine> one = AccessLine.parse(line);
                if (one.isPresent() && one.get().client().startsWith(from)) {
                  assertThat(one.get().result()).isEqualTo(result);
                  clients.add(one.get().client());
                  all++;
                }
              }
              assertThat(all).as("lines").isEqualTo(SESSIONS);
              assertThat(clients).as("clients").hasSize(SESSIONS);
            });
  }

  private interface LineSource {
    List<String> get() throws IOException;
  }

  @Test
  void shouldWriteEachLineToAFileHoweverSessionsEnd() throws Exception {
    Path file = folder.resolve("access.log");
    String to = "file:" + file;
    try (BouncerServer server = BouncerServer.start(folder, config(to, "pass", "10s"))) {
      try (Crowd _ = crowd(server, 0)) {
        assertThat(server.command("kill", "--from", "127.0.0.0/8").exit()).isZero();
        awaitLines(() -> Files.readAllLines(file), 0, "killed");
      }
      try (Crowd _ = crowd(server, 1)) {
        for (long io : server.workers("io")) {
          ProcessHandle.of(io).orElseThrow().destroyForcibly();
        }
        awaitLines(() -> Files.readAllLines(file), 1, "error");
      }
      await("another io worker")
          .atMost(Duration.ofSeconds(20))
          .until(() -> server.status().path("ready").asBoolean());
      try (Crowd _ = crowd(server, 2)) {
        BouncerServer.writeConfig(folder, config(to, "block", "10s"));
        CommandResult reload = server.command("reload", "--recheck");
        assertThat(reload.exit()).as(reload.allText()).isZero();
        awaitLines(() -> Files.readAllLines(file), 2, "blocked");
      }
      server.reloaded(config(to, "pass", "10s"));
      try (Crowd _ = crowd(server, 3)) {
        assertThat(server.command("stop", "--now").exit()).isZero();
        assertThat(server.awaitExit()).isZero();
        awaitLines(() -> Files.readAllLines(file), 3, "killed");
      }
      assertThat(server.err().text()).doesNotContain("lines left out");
    }
  }

  @Test
  void shouldWriteEachLineToAPipeWhenTheDrainTimeIsOver() throws Exception {
    try (BouncerServer server = BouncerServer.start(folder, config("stdout", "pass", "100ms"))) {
      try (Crowd _ = crowd(server, 4)) {
        server.signal("TERM");
        assertThat(server.awaitExit()).isZero();
        awaitLines(() -> server.out().lines(), 4, "drained");
      }
      assertThat(server.err().text()).doesNotContain("lines left out");
    }
  }
}
