package org.portbouncer.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What an operator sees of live sessions and of the server, and can do to them. */
class SessionsIT {
  private static final int WEB = Ports.free();
  private static final int MAIL = Ports.free();

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
              web {
                listen = "127.0.0.1:%d"
                target = "127.0.0.1:%d"
                acl = everyone
                bandwidth = wide
              }
              mail { listen = "127.0.0.1:%d", target = "127.0.0.1:%d", acl = everyone }
            }
            acls { everyone = [ { name = local, action = pass, from = "127.0.0.0/8" } ] }
            bandwidth { wide { up = "1 GiB/s", down = "1 GiB/s", burst = "1 MiB" } }
            """
                .formatted(WEB, target.port(), MAIL, target.port()));
    WarmUp.sessions(WEB);
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
  void shouldSayWhatIsWrongWhenNoListenerHasTheName() throws Exception {
    CommandResult unknown = server.command("sessions", "--listener", "wbe");
    assertThat(unknown.exit()).isEqualTo(1);
    assertThat(unknown.allText().strip())
        .isEqualTo("bouncer: no listener 'wbe', did you mean 'web'?");
    assertThat(server.command("sessions", "--listener", "mail").exit())
        .as("without a session")
        .isZero();
  }

  @Test
  void shouldShowFiveHopsThroughFiveProcessesWhenASessionIsLive() throws Exception {
    try (Client client = Client.to(WEB)) {
      client.echo("hello");
      JsonNode hops = server.awaitSession(client.address()).path("hops");

      List<String> stages = new ArrayList<>();
      Set<Long> pids = new HashSet<>(Set.of(server.pid()));
      long last = 0;
      for (JsonNode hop : hops) {
        String stage = hop.path("stage").asText();
        stages.add(stage);
        assertThat(pids.add(hop.path("pid").asLong())).as("a process of its own: %s", hop).isTrue();
        assertThat(server.workers(stage)).contains(hop.path("pid").asLong());
        assertThat(hop.path("received_us").isIntegralNumber()).as("%s", hop).isTrue();
        assertThat(hop.path("received_us").asLong()).as("%s", hops).isGreaterThanOrEqualTo(last);
        last = hop.path("received_us").asLong();
      }
      assertThat(stages).isEqualTo(BouncerServer.STAGES);
      assertThat(last).as("microseconds from accept to io").isLessThan(10_000_000);
    }
  }

  @Test
  void shouldShowEveryFieldOfTheContractWhenASessionIsLive() throws Exception {
    try (Client client = Client.to(WEB)) {
      client.echo("hello");
      server.awaitSession(client.address());
      JsonNode all = server.sessionsCommand();
      assertThat(all.isArray()).isTrue();
      JsonNode session =
          BouncerServer.elements(all)
              .filter(s -> s.path("client").asText().equals(client.address()))
              .findFirst()
              .orElseThrow();

      assertThat(session.path("id").isValueNode()).as("%s", session).isTrue();
      assertThat(session.path("listener").textValue()).isEqualTo("web");
      assertThat(session.path("local").textValue()).isEqualTo("127.0.0.1:" + WEB);
      assertThat(session.path("target").textValue()).isEqualTo("127.0.0.1:" + target.port());
      assertThat(session.path("acl").textValue()).isEqualTo("everyone");
      assertThat(session.path("rule").textValue()).isEqualTo("local");
      assertThat(session.path("bandwidth").textValue()).isEqualTo("wide");
      assertThat(session.path("state").textValue()).isNotEmpty();
      assertThat(server.workers("io")).contains(session.path("worker_pid").asLong());
      assertThat(session.path("transfer").textValue()).isEqualTo("inline");
      for (String number : List.of("state_bytes", "age_ms", "idle_ms")) {
        assertThat(session.path(number).isIntegralNumber()).as("%s: %s", number, session).isTrue();
        assertThat(session.path(number).asLong()).as("%s: %s", number, session).isNotNegative();
      }
      assertThat(session.path("bytes_up").longValue()).isEqualTo(5);
      assertThat(session.path("bytes_down").longValue()).isEqualTo(5);
      assertThat(session.path("hops").size()).isEqualTo(5);
    }
  }

  @Test
  void shouldShowEveryFieldOfTheContractInTheStatus() throws Exception {
    CommandResult result = server.command("status", "--json");
    assertThat(result.exit()).as(result.allText()).isZero();
    JsonNode status = new com.fasterxml.jackson.databind.ObjectMapper().readTree(result.outText());

    assertThat(status.path("version").textValue()).matches("\\d+\\.\\d+.*");
    assertThat(status.path("pid").longValue()).isEqualTo(server.pid());
    assertThat(status.path("uptime_s").isNumber()).isTrue();
    assertThat(status.path("epoch").isIntegralNumber()).isTrue();
    assertThat(status.path("ready").booleanValue()).isTrue();
    JsonNode web = status.path("listeners").path("web");
    assertThat(web.path("listen").toString()).contains("127.0.0.1:" + WEB);
    assertThat(web.path("target").textValue()).isEqualTo("127.0.0.1:" + target.port());
    for (String counter :
        List.of(
            "accepted",
            "active",
            "passed",
            "blocked",
            "limited",
            "failed",
            "bytes_up",
            "bytes_down")) {
      assertThat(web.path(counter).isIntegralNumber()).as("%s: %s", counter, web).isTrue();
    }
    assertThat(status.path("state_transfer").path("mode").textValue()).isEqualTo("inline");
    assertThat(status.path("limits").path("max_sessions").isIntegralNumber()).isTrue();
    assertWorkers(status.path("workers"));
  }

  private static void assertWorkers(JsonNode workers) {
    Set<String> stages = new HashSet<>();
    for (JsonNode worker : workers) {
      stages.add(worker.path("stage").asText());
      assertThat(worker.path("state").textValue()).as("%s", worker).isEqualTo("ready");
      assertThat(worker.path("pid").longValue()).as("%s", worker).isIn(server.processes());
      assertThat(worker.path("restarts").asInt(-1)).as("%s", worker).isZero();
      assertThat(worker.path("index").isIntegralNumber()).as("%s", worker).isTrue();
      assertThat(worker.path("sessions").isIntegralNumber()).as("%s", worker).isTrue();
      assertThat(worker.path("rss_bytes").asLong()).as("%s", worker).isPositive();
    }
    assertThat(stages).containsExactlyInAnyOrderElementsOf(BouncerServer.STAGES);
  }

  @Test
  void shouldCountSessionsAndBytesOfAListenerWhenSessionsHaveEnded() throws Exception {
    JsonNode before = server.status().path("listeners").path("mail");
    for (int i = 0; i < 10; i++) {
      try (Client client = Client.to(MAIL)) {
        client.echo("0123456789");
        client.finish();
        client.receiveAll();
      }
    }
    server.awaitNoSession();
    JsonNode after = server.status().path("listeners").path("mail");
    assertThat(growth(before, after, "accepted")).isEqualTo(10);
    assertThat(growth(before, after, "passed")).isEqualTo(10);
    assertThat(growth(before, after, "bytes_up")).isEqualTo(100);
    assertThat(growth(before, after, "bytes_down")).isEqualTo(100);
    assertThat(after.path("active").asInt(-1)).isZero();
  }

  private static long growth(JsonNode before, JsonNode after, String counter) {
    return after.path(counter).asLong() - before.path(counter).asLong();
  }

  @Test
  void shouldWriteTheKeysInOrderWhenASessionEnds() throws Exception {
    try (Client client = Client.to(WEB)) {
      client.echo("hello");
      client.finish();
      client.receiveAll();
      AccessLine end = server.awaitEndOf(client.address());
      assertThat(end.fields().keySet()).containsExactlyElementsOf(AccessLine.KEYS);
      assertThat(end.get("listener")).isEqualTo("web");
      assertThat(end.get("local")).isEqualTo("127.0.0.1:" + WEB);
      assertThat(end.get("target")).isEqualTo("127.0.0.1:" + target.port());
      assertThat(end.get("acl")).isEqualTo("everyone");
      assertThat(end.get("rule")).isEqualTo("local");
      assertThat(end.result()).isEqualTo("ok");
      assertThat(end.term()).isEqualTo("--");
      assertThat(end.number("setup_us")).isPositive();
      assertThat(end.number("duration_ms")).isNotNegative();
    }
  }

  @Test
  void shouldEndTheSessionWhenItIsKilledByItsId() throws Exception {
    try (Client victim = Client.to(WEB);
        Client other = Client.to(WEB)) {
      victim.echo("hello");
      other.echo("hello");
      String id = server.awaitSession(victim.address()).path("id").asText();
      CommandResult result = server.command("kill", id);

      assertThat(result.exit()).as(result.allText()).isZero();
      assertThat(result.outText()).containsPattern("\\b1\\b");
      victim.receiveAll();
      AccessLine end = server.awaitEnd(id);
      assertThat(end.result()).isEqualTo("killed");
      assertThat(end.term()).startsWith("K");
      assertThat(end.client()).isEqualTo(victim.address());
      other.echo("still here");
    }
  }

  @Test
  void shouldEndTheSessionsOfANetworkWhenTheyAreKilledBySource() throws Exception {
    try (Client first = Client.from("127.0.0.2", WEB);
        Client second = Client.from("127.0.0.2", MAIL);
        Client other = Client.from("127.0.0.3", WEB)) {
      for (Client client : List.of(first, second, other)) {
        client.echo("hello");
      }
      CommandResult result = server.command("kill", "--from", "127.0.0.2/32");

      assertThat(result.exit()).as(result.allText()).isZero();
      assertThat(result.outText()).containsPattern("\\b2\\b");
      first.receiveAll();
      second.receiveAll();
      assertThat(server.awaitEndOf(first.address()).result()).isEqualTo("killed");
      assertThat(server.awaitEndOf(second.address()).result()).isEqualTo("killed");
      other.echo("still here");
    }
  }

  @Test
  void shouldRefuseToKillWhenThereIsNoSuchSession() throws Exception {
    CommandResult result = server.command("kill", "999999999");
    assertThat(result.exit()).as(result.allText()).isEqualTo(1);
  }

  @Test
  void shouldListOnlyMatchingSessionsWhenFiltersAreGiven() throws Exception {
    try (Client web = Client.from("127.0.0.2", WEB);
        Client mail = Client.from("127.0.0.3", MAIL)) {
      web.echo("hello");
      mail.echo("hello");
      server.awaitSession(web.address());
      server.awaitSession(mail.address());

      assertThat(clients(server.sessionsCommand()))
          .containsExactlyInAnyOrder(web.address(), mail.address());
      assertThat(clients(server.sessionsCommand("--listener", "mail")))
          .containsExactly(mail.address());
      assertThat(clients(server.sessionsCommand("--from", "127.0.0.2/32")))
          .containsExactly(web.address());
      assertThat(clients(server.sessionsCommand("--listener", "web", "--from", "127.0.0.3")))
          .isEmpty();
    }
  }

  private static List<String> clients(JsonNode sessions) {
    return BouncerServer.elements(sessions).map(s -> s.path("client").asText()).toList();
  }

  @Test
  void shouldAnswerForPeopleWhenNoJsonIsAskedFor() throws Exception {
    try (Client client = Client.to(WEB)) {
      client.echo("hello");
      server.awaitSession(client.address());
      CommandResult sessions = server.command("sessions");
      assertThat(sessions.exit()).as(sessions.allText()).isZero();
      assertThat(sessions.outText()).contains(client.address()).contains("web");
      CommandResult status = server.command("status");
      assertThat(status.exit()).as(status.allText()).isZero();
      assertThat(status.outText()).contains("web").contains("mail").contains(BouncerServer.STAGES);
    }
  }

  @Test
  void shouldFindTheAdminSocketFromTheConfiguration() throws IOException, InterruptedException {
    CommandResult result =
        CommandResult.bouncer("status", "--json", "-c", server.config().toString());
    assertThat(result.exit()).as(result.allText()).isZero();
  }
}
