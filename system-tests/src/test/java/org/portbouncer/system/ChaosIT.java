package org.portbouncer.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * Workers are killed and stopped at random while sessions come and go, and at the end nothing may
 * be missing: every session that was not in a killed worker has completed, every other one is
 * logged as lost, and what is counted is what it was at the start.
 *
 * <p>The build runs it for some seconds. {@code -Dchaos.seconds=600} runs it longer, {@code
 * -Dchaos.kills=1000} until so many workers were killed, and {@code -Dseed=N} does in the same
 * order what a run did that printed that seed.
 */
@ExtendWith(Randomness.class)
class ChaosIT {
  private static final int SECONDS = Integer.getInteger("chaos.seconds", 10);
  private static final int KILLS = Integer.getInteger("chaos.kills", 0);

  /** Sessions that the rule admits which is tested at the end. */
  private static final int MOST_SESSIONS = 60;

  private static final Pattern LOST =
      Pattern.compile(
          "sessions lost (?:with it|on the way to \\w+ with a worker that died): (\\d+)");

  @TempDir private Path folder;
  private final int port = Ports.free();
  private final int limitedPort = Ports.free();

  private String config(Target target) {
    return """
    listeners {
      open { listen = "127.0.0.1:%d", target = "127.0.0.1:%d", acl = all }
      limited { listen = "127.0.0.1:%d", target = "127.0.0.1:%d", acl = some }
    }
    acls {
      all = [ { name = all, action = pass } ]
      some = [ { name = some, action = pass, max-sessions = %d, max-sessions-per-source = 50 } ]
    }
    workers { negotiate = 2, acl = 2, connect = 2, bandwidth = 2, io = 2 }
    state-transfer { mode = shm, padding = 2000, shm { slots = 256 } }
    timeouts { drain = 1s }
    """
        .formatted(port, target.port(), limitedPort, target.port(), MOST_SESSIONS);
  }

  @Test
  @Timeout(value = 4, unit = TimeUnit.HOURS)
  void shouldLoseNothingButWhatDiedWithItsWorker(Random random) throws Exception {
    try (Target target = Target.start(Handler.echo());
        BouncerServer server = BouncerServer.start(folder, config(target))) {
      WarmUp.sessions(port);
      WarmUp.sessions(limitedPort);
      server.awaitNoSession();
      server.command("status");
      Map<String, Map<String, Integer>> before = descriptors(server);
      ChaosMonkey monkey = new ChaosMonkey(server, random);
      ChaosLoad load = new ChaosLoad(random, port, limitedPort);
      long start = System.nanoTime();
      try (load) {
        while (KILLS > 0
            ? monkey.kills() < KILLS
            : System.nanoTime() - start < TimeUnit.SECONDS.toNanos(SECONDS)) {
          monkey.act();
        }
      }
      double seconds = (System.nanoTime() - start) / 1e9;
      int count = load.outcomes().size();
      System.out.printf(
          "%d sessions in %.0f s (%.0f/s), %d workers killed, %d stopped%n",
          count, seconds, count / seconds, monkey.kills(), monkey.stops());
      assertThat(monkey.kills()).isPositive();
      assertEverythingIsAsBefore(server, before);
      assertLog(server, load.outcomes());
      assertThat(server.err().text())
          .doesNotContain("internal error")
          .doesNotContain("refused")
          .doesNotContain("state slots that");
    }
  }

  private void assertEverythingIsAsBefore(
      BouncerServer server, Map<String, Map<String, Integer>> before) throws Exception {
    server.awaitNoSession();
    await("every worker")
        .atMost(Duration.ofSeconds(30))
        .untilAsserted(
            () ->
                assertThat(BouncerServer.elements(server.status().path("workers")))
                    .allMatch(worker -> worker.path("state").asText().equals("ready")));
    assertThat(server.status().path("state_transfer").path("slots_used").asInt()).isZero();
    assertLimitIsWhole();
    server.awaitNoSession();
    server.command("status");
    await("the descriptors of before")
        .atMost(Duration.ofSeconds(10))
        .untilAsserted(() -> assertThat(descriptors(server)).isEqualTo(before));
    assertThat(ProcessTree.of(server.pid())).hasSize(1 + before.size() - 1);
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

  /** Kinds of descriptors by process: the mother, and each worker by stage and number. */
  private static Map<String, Map<String, Integer>> descriptors(BouncerServer server)
      throws IOException {
    Map<String, Map<String, Integer>> all = new TreeMap<>();
    all.put("mother", ProcessTree.descriptors(server.pid()));
    for (JsonNode worker : server.status().path("workers")) {
      Map<String, Integer> kinds = ProcessTree.descriptors(worker.path("pid").asLong());
      // Pipes are kept for the next large transfer.
      kinds.remove("pipe:");
      all.put(worker.path("stage").asText() + "/" + worker.path("index").asText(), kinds);
    }
    return all;
  }

  private static void assertLog(BouncerServer server, Map<String, ChaosLoad.Outcome> outcomes) {
    Map<String, List<AccessLine>> lines =
        await("a line for each session")
            .atMost(Duration.ofSeconds(20))
            .until(
                () -> linesByClient(server),
                found -> found.keySet().containsAll(outcomes.keySet()));
    List<String> wrong = new ArrayList<>();
    int lost = 0;
    for (Map.Entry<String, ChaosLoad.Outcome> each : outcomes.entrySet()) {
      ChaosLoad.Outcome outcome = each.getValue();
      AccessLine line = lines.get(each.getKey()).getFirst();
      boolean error = line.result().equals("error");
      lost += error ? 1 : 0;
      boolean limited = line.result().equals("limited");
      boolean good =
          outcome.whole()
              ? error || line.result().equals("ok") && line.number("up") == outcome.bytes()
              : error || limited;
      if (!good || lines.get(each.getKey()).size() > 1 && !error) {
        wrong.add(outcome + ": " + lines.get(each.getKey()));
      }
    }
    assertThat(wrong).isEmpty();
    assertThat(lost).as("sessions logged as lost").isEqualTo(lostByServerLog(server));
  }

  private static Map<String, List<AccessLine>> linesByClient(BouncerServer server) {
    return server.accessLines(AccessLine::isEnd).stream()
        .collect(Collectors.groupingBy(AccessLine::client));
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
