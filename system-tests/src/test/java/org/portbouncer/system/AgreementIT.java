package org.portbouncer.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.ToLongFunction;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * Access log, status, sessions and metrics about the same thousand sessions, whose sizes and ends
 * the test knows: all must say what happened, exactly.
 */
@ExtendWith(Randomness.class)
class AgreementIT {

  private static final int AT_ONCE = 24;

  private static Target target;
  private static BouncerServer server;

  @BeforeAll
  static void start(@TempDir Path folder) throws Exception {
    target = Target.start(AgreementClients::serve);
    server =
        BouncerServer.start(
            folder,
            """
            listeners {
              main { listen = "127.0.0.1:%d", target = "127.0.0.1:%d", acl = main }
              one { listen = "127.0.0.1:%d", target = "127.0.0.1:%d", acl = one }
              idle { listen = "127.0.0.1:%d", target = "127.0.0.1:%d", acl = main,
                timeouts { idle = 1s } }
              nowhere { listen = "127.0.0.1:%d", target = "127.0.0.1:%d", acl = main }
            }
            acls {
              main = [
                { name = noisy, action = block, from = "127.0.1.0/24", log = [connect] }
                { name = staff, action = pass, from = "127.0.0.0/24", log = [connect] }
              ]
              one = [ { name = single, action = pass, max-sessions = 1 } ]
            }
            workers { acl = 2, io = 2 }
            metrics { listen = "127.0.0.1:%d" }
            """
                .formatted(
                    AgreementClients.MAIN,
                    target.port(),
                    AgreementClients.ONE,
                    target.port(),
                    AgreementClients.IDLE,
                    target.port(),
                    AgreementClients.NOWHERE,
                    Ports.free(),
                    AgreementClients.METRICS));
  }

  @AfterAll
  static void stop() throws Exception {
    Closing.all(server, target);
  }

  @Test
  void shouldSayTheSameOfAThousandSessionsInLogStatusAndMetrics(Random random) throws Exception {
    List<AgreementClients.Sort> plan = new ArrayList<>();
    for (AgreementClients.Sort sort : AgreementClients.Sort.values()) {
      plan.addAll(Collections.nCopies(sort.count, sort));
    }
    Collections.shuffle(plan, random);
    List<Happened> happened = Collections.synchronizedList(new ArrayList<>());
    List<Client> toKill = Collections.synchronizedList(new ArrayList<>());
    try (Client only = Client.to(AgreementClients.ONE)) {
      AgreementClients.exchange(only, 100, 1000);
      happened.add(AgreementClients.forwarded(only, "one", "ok", "--", 100, 1000));
      try (ExecutorService threads = Executors.newFixedThreadPool(AT_ONCE)) {
        List<Future<?>> clients = new ArrayList<>();
        for (AgreementClients.Sort sort : plan) {
          Random own = new Random(random.nextLong());
          clients.add(
              threads.submit(() -> happened.add(AgreementClients.run(sort, own, toKill)), null));
        }
        for (Future<?> client : clients) {
          client.get();
        }
      }
      kill(toKill);
      AgreementClients.finish(only);
    }
    server.awaitNoSession();
    assertThat(happened).hasSize(1000);
    assertLog(happened);
    assertStatus(happened);
    assertThat(server.sessionsCommand()).as("sessions --json").isEmpty();
    assertMetrics(happened);
  }

  private static void kill(List<Client> clients) throws Exception {
    List<String> words = new ArrayList<>(List.of("kill"));
    for (Client client : clients) {
      words.add(server.awaitSession(client.address()).path("id").asText());
    }
    CommandResult kill = server.command(words.toArray(String[]::new));
    assertThat(kill.exit()).as(kill.allText()).isZero();
    for (Client client : clients) {
      client.receiveAll();
      client.close();
    }
  }

  // What is said of it.

  private static void assertLog(List<Happened> happened) {
    await("an end line for each session")
        .atMost(Patience.seconds(10))
        .until(() -> server.accessLines(AccessLine::isEnd).size() >= happened.size());
    List<AccessLine> ends = server.accessLines(AccessLine::isEnd);
    assertThat(ends.stream().map(AgreementIT::text))
        .containsExactlyInAnyOrderElementsOf(happened.stream().map(Happened::line).toList());
    assertThat(new HashSet<>(ends.stream().map(AccessLine::id).toList())).hasSameSizeAs(happened);
    assertThat(ends.stream().filter(line -> !line.get("setup_us").equals("-")).count())
        .as("lines with a set-up time")
        .isEqualTo(count(happened, Happened::forwarded));
    assertThat(
            server.accessLines(line -> !line.isEnd()).stream()
                .filter(line -> line.get("rule").equals("staff"))
                .count())
        .as("connect lines")
        .isEqualTo(count(happened, one -> one.rule().equals("staff")));
  }

  private static String text(AccessLine line) {
    return List.of("client", "listener", "acl", "rule", "result", "term", "up", "down").stream()
        .map(line::get)
        .collect(Collectors.joining(" "));
  }

  private static void assertStatus(List<Happened> happened) throws IOException {
    JsonNode status = server.status();
    for (Map.Entry<String, List<Happened>> listener : by(happened, Happened::listener).entrySet()) {
      List<Happened> all = listener.getValue();
      JsonNode said = status.path("listeners").path(listener.getKey());
      Map<String, Long> expected = new TreeMap<>();
      expected.put("accepted", (long) all.size());
      expected.put("active", 0L);
      expected.put("passed", (long) count(all, Happened::passed));
      expected.put("blocked", (long) count(all, one -> one.result().equals("blocked")));
      expected.put("limited", (long) count(all, one -> one.result().equals("limited")));
      expected.put("failed", (long) count(all, one -> one.result().equals("no-target")));
      expected.put("bytes_up", all.stream().mapToLong(Happened::up).sum());
      expected.put("bytes_down", all.stream().mapToLong(Happened::down).sum());
      expected.forEach(
          (key, value) ->
              assertThat(said.path(key).asLong(-1))
                  .as("status: %s of %s: %s", key, listener.getKey(), said)
                  .isEqualTo(value));
    }
    for (JsonNode worker : status.path("workers")) {
      assertThat(worker.path("sessions").asInt(-1)).as("%s", worker).isZero();
      assertThat(worker.path("restarts").asInt(-1)).as("%s", worker).isZero();
    }
  }

  private static void assertMetrics(List<Happened> happened) throws Exception {
    Scrape scrape = Scrape.of(AgreementClients.METRICS);
    by(happened, one -> one.listener() + " " + one.result())
        .forEach(
            (key, all) -> {
              String[] words = key.split(" ", -1);
              double said =
                  scrape.value("bouncer_sessions_total", "listener", words[0], "result", words[1]);
              assertThat(said).as("sessions: %s", key).isEqualTo(all.size());
            });
    assertThat(scrape.sum("bouncer_sessions_total")).isEqualTo(happened.size());
    assertThat(scrape.sum("bouncer_accepted_total")).isEqualTo(happened.size());
    assertThat(scrape.sum("bouncer_sessions_active")).isZero();
    by(happened, Happened::listener)
        .forEach((listener, all) -> assertListener(scrape, listener, all));
    by(happened, Happened::decision)
        .forEach(
            (key, all) -> {
              String[] words = key.split(" ", -1);
              double said =
                  scrape.value(
                      "bouncer_acl_decisions_total",
                      "acl",
                      words[0],
                      "rule",
                      words[1],
                      "action",
                      words[2]);
              assertThat(said).as("decisions: %s", key).isEqualTo(all.size());
            });
    assertThat(scrape.sum("bouncer_acl_decisions_total")).isEqualTo(happened.size());
    assertStages(scrape, happened);
  }

  private static void assertListener(Scrape scrape, String listener, List<Happened> all) {
    double up = scrape.value("bouncer_bytes_total", "listener", listener, "direction", "up");
    double down = scrape.value("bouncer_bytes_total", "listener", listener, "direction", "down");
    assertThat(up).as("up of %s", listener).isEqualTo(sum(all, Happened::up));
    assertThat(down).as("down of %s", listener).isEqualTo(sum(all, Happened::down));
    assertThat(scrape.value("bouncer_passed_total", "listener", listener))
        .as("passed of %s", listener)
        .isEqualTo(count(all, Happened::passed));
    for (String histogram : List.of("bouncer_setup_seconds", "bouncer_connect_seconds")) {
      assertHistogram(scrape, histogram, "listener", listener, count(all, Happened::forwarded));
    }
  }

  private static void assertStages(Scrape scrape, List<Happened> happened) {
    for (String stage : BouncerServer.STAGES) {
      int expected =
          switch (stage) {
            case "connect" -> count(happened, Happened::passed);
            case "bandwidth", "io" -> count(happened, Happened::forwarded);
            default -> happened.size();
          };
      assertHistogram(scrape, "bouncer_hop_seconds", "stage", stage, expected);
      assertThat(scrape.value("bouncer_received_sessions_total", "stage", stage))
          .as("received by %s", stage)
          .isEqualTo(expected);
      assertThat(scrape.value("bouncer_queued_sessions", "stage", stage)).as(stage).isZero();
    }
    for (String none :
        List.of(
            "bouncer_refused_messages_total",
            "bouncer_worker_sessions",
            "bouncer_state_spills_total")) {
      assertThat(scrape.sum(none)).as(none).isZero();
    }
  }

  private static void assertHistogram(
      Scrape scrape, String name, String label, String value, int expected) {
    assertThat(scrape.sum(name + "_count", label, value))
        .as("%s of %s", name, value)
        .isEqualTo(expected);
    assertThat(scrape.sum(name + "_bucket", label, value, "le", "+Inf"))
        .as("all buckets of %s of %s", name, value)
        .isEqualTo(expected);
  }

  private static Map<String, List<Happened>> by(
      List<Happened> happened, Function<Happened, String> key) {
    return happened.stream().collect(Collectors.groupingBy(key, TreeMap::new, Collectors.toList()));
  }

  private static int count(List<Happened> happened, Predicate<Happened> which) {
    return (int) happened.stream().filter(which).count();
  }

  private static double sum(List<Happened> happened, ToLongFunction<Happened> bytes) {
    return happened.stream().mapToLong(bytes).sum();
  }
}
