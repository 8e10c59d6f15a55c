package org.portbouncer.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;

/** Many sessions: one after the other at speed, and thousands that stay open. */
@ExtendWith(Randomness.class)
@Isolated
class ManySessionsIT {
  private static final int SHORT_SESSIONS = 2_000;
  private static final int AT_ONCE = 64;
  private static final int IDLE_SESSIONS = 5_000;
  private static final int MOST_THREADS_OF_A_WORKER = 40;
  private static final String OTHER_SOURCE = "127.0.0.10";
  private static final int PORT = Ports.free();

  private static Target target;
  private static BouncerServer server;

  @BeforeAll
  static void start(@TempDir Path folder) throws Exception {
    target = Target.start(Handler.echo());
    server =
        BouncerServer.start(
            folder,
            """
            listeners { echo { listen = "127.0.0.1:%d", target = "127.0.0.1:%d" } }
            limits { max-sessions = 6000 }
            """
                .formatted(PORT, target.port()));
    WarmUp.sessions(PORT);
    server.rememberDescriptors();
  }

  @AfterAll
  static void stop() throws Exception {
    Closing.all(server, target);
  }

  @AfterEach
  void nothingIsLeft() {
    server.assertNothingLeaked();
  }

  @Test
  void shouldServeEachOfManyShortSessionsAndLogItOnce(Random random) throws Exception {
    int linesBefore = server.out().lines().size();
    List<String> expected = new ArrayList<>();
    AtomicInteger left = new AtomicInteger(SHORT_SESSIONS);
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<List<String>>> clients = new ArrayList<>();
      for (int i = 0; i < AT_ONCE; i++) {
        Random own = new Random(random.nextLong());
        clients.add(threads.submit(() -> echoSessions(left, own)));
      }
      for (Future<List<String>> client : clients) {
        expected.addAll(client.get());
      }
    }
    await("an end line for each session")
        .atMost(Patience.seconds(20))
        .until(() -> endLines(linesBefore).size() >= SHORT_SESSIONS);
    server.awaitNoSession();
    // A line too many would come with or before the lines of sessions that end later.
    server.awaitEndOf(oneMoreSession());

    List<AccessLine> lines = endLines(linesBefore);
    assertThat(lines.stream().map(ManySessionsIT::summary))
        .containsExactlyInAnyOrderElementsOf(expected);
    assertThat(new HashSet<>(lines.stream().map(AccessLine::id).toList())).hasSize(SHORT_SESSIONS);
  }

  /** Runs sessions as long as there are some left; returns what the log must say of each. */
  private static List<String> echoSessions(AtomicInteger left, Random random) throws IOException {
    List<String> done = new ArrayList<>();
    while (left.getAndDecrement() > 0) {
      byte[] bytes = Payload.bytes(random, random.nextInt(1, 4_000));
      try (Client client = Client.to(PORT)) {
        client.echo(bytes);
        client.finish();
        Received rest = client.receiveAll();
        if (rest.bytes() != 0 || rest.ending() != Received.Ending.EOF) {
          throw new IOException("after the echo came " + rest);
        }
        done.add(client.address() + " ok " + bytes.length + " " + bytes.length);
      }
    }
    return done;
  }

  private static String oneMoreSession() throws IOException {
    try (Client client = Client.from(OTHER_SOURCE, PORT)) {
      client.echo("one more");
      client.finish();
      client.receiveAll();
      return client.address();
    }
  }

  /** End lines of the short sessions: the others of this class come from other addresses. */
  private static List<AccessLine> endLines(int skip) {
    return server.out().linesFrom(skip).stream()
        .flatMap(line -> AccessLine.parse(line).stream())
        .filter(line -> line.isEnd() && line.client().startsWith("127.0.0.1:"))
        .toList();
  }

  private static String summary(AccessLine line) {
    return line.client() + " " + line.result() + " " + line.get("up") + " " + line.get("down");
  }

  @Test
  void shouldHoldThousandsOfIdleSessionsWithoutAThreadForEach() throws Exception {
    int count = Math.min(IDLE_SESSIONS, affordable());
    List<Client> clients = new ArrayList<>();
    try {
      for (int i = 0; i < count; i++) {
        clients.add(Client.from("127.0.0." + (2 + i % 8), PORT));
      }
      server.awaitActive(count);
      await("as many connections to the target")
          .atMost(Patience.seconds(20))
          .until(() -> target.open() == count);

      for (long worker : server.workers("io")) {
        assertThat(ProcessTree.threads(worker))
            .as("threads of io worker %d with %d sessions", worker, count)
            .isLessThanOrEqualTo(MOST_THREADS_OF_A_WORKER);
      }
      for (Client client : clients) {
        client.echo("alive");
      }
    } finally {
      Closing.all(clients.toArray(AutoCloseable[]::new));
    }
    assertThat(server.processes())
        .as("processes; the log: %s", server.err().text())
        .allMatch(ProcessTree::isAlive);
  }

  /**
   * How many sessions the descriptor limit allows: this JVM holds both ends of each, and so does an
   * io worker.
   */
  private static int affordable() throws IOException, InterruptedException {
    String limit = CommandResult.run(null, List.of("sh", "-c", "ulimit -Hn")).outText();
    return limit.equals("unlimited") ? IDLE_SESSIONS : (Integer.parseInt(limit) - 1_000) / 2;
  }
}
