package org.portbouncer.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.AfterTestExecutionCallback;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;

/**
 * Workers are killed and stopped at random, the server is reloaded and its limits are changed while
 * hundreds of sessions a second come and go and others stay, and at the end nothing may be missing:
 * every session that was not in a killed worker has completed, every other one is logged as lost,
 * and what is counted is what it was at the start.
 *
 * <p>The build runs it for some seconds. {@code -Dbouncer.chaos.seconds=300} runs it longer, {@code
 * -Dbouncer.chaos.kills=1000} until so many workers were killed, {@code -Dbouncer.chaos.rate=500}
 * begins so many sessions a second, and {@code -Dseed=N} does in the same order what a run did that
 * printed that seed; system-tests/README.md has the whole commands.
 */
@ExtendWith(Randomness.class)
@Isolated
class ChaosIT {
  private static final int SECONDS = Integer.getInteger("bouncer.chaos.seconds", 0);
  private static final int KILLS = Integer.getInteger("bouncer.chaos.kills", 0);
  private static final int RATE = Integer.getInteger("bouncer.chaos.rate", 300);

  /** In the build one deed follows the other; for hours, workers live long enough to serve. */
  private static final int MOST_PAUSE_MILLIS = SECONDS + KILLS > 0 ? 1_000 : 400;

  /** In the build other tests have them: each takes some seconds. */
  private static final boolean UPGRADES = SECONDS + KILLS > 0;

  /** Sessions that the rule admits which is tested at the end. */
  private static final int MOST_SESSIONS = 60;

  private static final Pattern LOST =
      Pattern.compile(
          "sessions lost (?:with it|on the way to \\w+ with a worker that died): (\\d+)");

  @TempDir private Path folder;
  private final int port = Ports.free();
  private final int limitedPort = Ports.free();
  private BouncerServer running;

  /**
   * The configuration that a reload brings; number 0 is that of the start. They differ in rules, in
   * a limit, and in how many workers there are.
   */
  private String config(EchoTarget target, int number) {
    return """
    listeners {
      open { listen = "127.0.0.1:%d", target = "127.0.0.1:%d", acl = all, bandwidth = wide }
      limited { listen = "127.0.0.1:%d", target = "127.0.0.1:%d", acl = some }
    }
    acls {
      all = [
        { name = none, action = block, from = "127.9.%d.0/24" }
        { name = all, action = pass }
      ]
      some = [ { name = some, action = pass, max-sessions = %d, max-sessions-per-source = 50 } ]
    }
    bandwidth { wide { up = "20 MiB/s", down = "20 MiB/s" } }
    workers { negotiate = 2, acl = 2, connect = %d, bandwidth = 2, io = %d }
    state-transfer { mode = shm, padding = 2000, shm { slots = 256 } }
    timeouts { drain = 1s }
    log { access { to = "file:%s" } }
    """
        .formatted(
            port,
            target.port(),
            limitedPort,
            target.port(),
            number % 256,
            MOST_SESSIONS,
            2 + number % 2,
            2 + number / 2 % 2,
            accessLog());
  }

  private static final String RULES = "/memfd:bouncer-rules (deleted)";

  /** What the server said is most of what there is to go by. */
  @RegisterExtension
  final AfterTestExecutionCallback onFailure =
      context ->
          context
              .getExecutionException()
              .ifPresent(e -> System.out.println(running == null ? "" : running.err().text()));

  private Path accessLog() {
    return folder.resolve("access.log");
  }

  @Test
  @Timeout(value = 12, unit = TimeUnit.HOURS)
  void shouldLoseNothingButWhatDiedWithItsWorker(Random random) throws Exception {
    try (EchoTarget target = new EchoTarget();
        BouncerServer server = BouncerServer.start(folder, config(target, 0))) {
      running = server;
      WarmUp.sessions(port);
      WarmUp.sessions(limitedPort);
      if (UPGRADES) {
        // One that follows another has other descriptors than the first.
        assertThat(server.command("upgrade", "--to", Checkout.root().toString()).exit()).isZero();
      }
      server.reloaded(config(target, 0));
      server.awaitNoSession();
      server.status();
      Map<String, Map<String, Integer>> before = settledDescriptors(server);
      ChaosMonkey monkey =
          new ChaosMonkey(
              server, random, MOST_PAUSE_MILLIS, UPGRADES, number -> config(target, number));
      ChaosLoad load = new ChaosLoad(random, RATE, port, limitedPort);
      Set<String> staying;
      long start = System.nanoTime();
      try (load) {
        boolean enough;
        do {
          boolean each = monkey.act();
          double sofar = (System.nanoTime() - start) / 1e9;
          enough = KILLS > 0 ? monkey.kills() >= KILLS : SECONDS > 0 ? sofar >= SECONDS : each;
        } while (!enough);
        monkey.restore();
        // One that is not needed any more stays as long as its last session.
        awaitWorkers(server, "ready", "draining");
        staying = load.awaitServed();
        monkey.killOnTheWay();
        awaitWorkers(server, "ready", "draining");
      }
      double seconds = (System.nanoTime() - start) / 1e9;
      awaitWorkers(server, "ready");
      // As before the beginning, all have had one: it leaves them the means to read the next.
      server.reloaded(config(target, 0));
      assertEverythingIsAsBefore(server, before);
      int count = load.outcomes().size();
      int lost = assertLog(server, load.outcomes());
      System.out.printf(
          "%d sessions in %.0f s (%.0f/s), %s; %d sessions lost with workers%n",
          count, seconds, count / seconds, monkey, lost);
      assertThat(monkey.kills()).isPositive();
      assertThat(staying)
          .as("sessions that were in io when the others' workers were killed")
          .allMatch(session -> load.outcomes().get(session).whole());
      assertThat(server.err().text())
          .doesNotContain("internal error")
          .doesNotContain("refused")
          .doesNotContain("state slots that");
      if (UPGRADES) {
        server.awaitHandOver();
        assertThat(server.command("stop").exit()).isZero();
        server.awaitOrphansEnd(Patience.seconds(20));
      }
    }
  }

  /** The one that serves: another than at the start, where there are upgrades. */
  private static long mother(BouncerServer server) throws IOException {
    return server.status().path("pid").asLong();
  }

  /** Until every worker is in one of these states. */
  private static void awaitWorkers(BouncerServer server, String... states) {
    await("every worker")
        .atMost(Patience.seconds(30))
        .untilAsserted(
            () ->
                assertThat(BouncerServer.elements(server.status().path("workers")))
                    .extracting(worker -> worker.path("state").asText())
                    .isSubsetOf(states));
  }

  private void assertEverythingIsAsBefore(
      BouncerServer server, Map<String, Map<String, Integer>> before) throws Exception {
    server.awaitNoSession();
    assertThat(server.status().path("state_transfer").path("slots_used").asInt()).isZero();
    assertLimitIsWhole();
    server.awaitNoSession();
    server.status();
    await("the descriptors of before")
        .atMost(Patience.seconds(10))
        .untilAsserted(() -> assertThat(descriptors(server)).isEqualTo(before));
    assertThat(ProcessTree.of(mother(server)))
        .as("the mother and her workers")
        .hasSameSizeAs(before.keySet());
  }

  /** Exactly as many sessions pass as the rule says. */
  private void assertLimitIsWhole() throws Exception {
    List<Client> clients = new ArrayList<>();
    try {
      for (int i = 0; i < MOST_SESSIONS; i++) {
        Client client = Client.from("127.4.0." + (1 + i % 7), limitedPort);
        clients.add(client);
        client.echo("one of those that may");
      }
      try (Client tooMany = Client.from("127.4.1.1", limitedPort)) {
        assertThat(tooMany.receiveAll().bytes()).isZero();
      }
    } finally {
      Closing.all(clients.toArray(AutoCloseable[]::new));
    }
  }

  /** Those that are there twice, a moment apart: without the connection of the last question. */
  private static Map<String, Map<String, Integer>> settledDescriptors(BouncerServer server)
      throws IOException {
    AtomicReference<Map<String, Map<String, Integer>>> last =
        new AtomicReference<>(descriptors(server));
    return await("descriptors that stay")
        .pollDelay(Duration.ofMillis(100))
        .pollInterval(Duration.ofMillis(100))
        .until(
            () -> {
              Map<String, Map<String, Integer>> now = descriptors(server);
              boolean same = now.equals(last.getAndSet(now));
              // The networks of a configuration before this one go when no session refers to it.
              boolean alone = now.get("mother").getOrDefault(RULES, 0) == 1;
              return same && alone ? now : null;
            },
            now -> now != null);
  }

  /** Kinds of descriptors by process: the mother, and each worker by stage and number. */
  private static Map<String, Map<String, Integer>> descriptors(BouncerServer server)
      throws IOException {
    Map<String, Map<String, Integer>> all = new TreeMap<>();
    all.put("mother", ProcessTree.descriptors(mother(server)));
    for (JsonNode worker : server.status().path("workers")) {
      Map<String, Integer> kinds = ProcessTree.descriptors(worker.path("pid").asLong());
      // Pipes are kept for the next large transfer.
      kinds.remove("pipe:");
      all.put(worker.path("stage").asText() + "/" + worker.path("index").asText(), kinds);
    }
    return all;
  }

  /** Fails unless the log says of each session what its client saw; returns how many were lost. */
  private int assertLog(BouncerServer server, Map<String, ChaosLoad.Outcome> outcomes)
      throws IOException {
    List<String> wrong = new ArrayList<>();
    int lost = 0;
    Map<String, AccessLine> logged = new HashMap<>();
    try (Stream<String> lines = Files.lines(accessLog())) {
      for (AccessLine line : (Iterable<AccessLine>) lines.flatMap(ChaosIT::endLine)::iterator) {
        ChaosLoad.Outcome outcome = outcomes.get(line.client());
        if (outcome == null) {
          continue;
        }
        AccessLine before = logged.put(line.client(), line);
        boolean error = line.result().equals("error");
        lost += error && before == null ? 1 : 0;
        boolean limited = line.result().equals("limited");
        boolean good =
            outcome.whole()
                ? error || line.result().equals("ok") && line.number("up") == outcome.bytes()
                : error || limited;
        if (!good || before != null && !isRepeated(before, line)) {
          wrong.add(outcome + ": " + line + (before == null ? "" : " after " + before));
        }
      }
    }
    assertThat(wrong).isEmpty();
    assertThat(logged.keySet()).as("sessions with a line").hasSameSizeAs(outcomes.keySet());
    assertThat(lost).as("sessions logged as lost").isEqualTo(lostByServerLog(server));
    return lost;
  }

  /**
   * A worker may be killed right after it has written lines, and before it could say that it has:
   * then the mother writes them again, for none must be missing.
   */
  private static boolean isRepeated(AccessLine before, AccessLine line) {
    return before.get("id").equals(line.get("id"))
        && before.result().equals(line.result())
        && !before.get("worker").equals(line.get("worker"));
  }

  private static Stream<AccessLine> endLine(String line) {
    return AccessLine.parse(line).filter(AccessLine::isEnd).stream();
  }

  private static int lostByServerLog(BouncerServer server) {
    int sum = 0;
    Matcher lost = LOST.matcher(server.err().text());
    while (lost.find()) {
      sum += Integer.parseInt(lost.group(1));
    }
    return sum;
  }
}
