package org.portbouncer.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Groups of targets: who gets a session, and what happens to members that fail. */
class TargetsIT {
  private static final int PORT = Ports.free();
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir private Path folder;

  private Target a;
  private Target b;
  private Target c;

  @BeforeEach
  void targets() throws IOException {
    a = says("a");
    b = says("b");
    c = says("c");
  }

  @AfterEach
  void close() throws Exception {
    Closing.all(a, b, c);
  }

  /** A server that says its name first, and then whatever it hears. */
  private static Target says(String name) throws IOException {
    return Target.start(
        connection -> {
          connection.send(name);
          Handler.echo().handle(connection);
        });
  }

  private static String member(String name, int port, String more) {
    return "{ name = %s, address = \"127.0.0.1:%d\"%s }".formatted(name, port, more);
  }

  private static String group(String settings, String... members) {
    return """
    listeners.web { listen = "127.0.0.1:%d", target = "group:app", acl = all }
    acls.all = [ { action = pass } ]
    targets.app { members = [ %s ], %s }
    """
        .formatted(PORT, String.join(", ", members), settings);
  }

  private String abc(int index) {
    return switch (index) {
      case 0 -> member("a", a.port(), "");
      case 1 -> member("b", b.port(), "");
      default -> member("c", c.port(), "");
    };
  }

  /** Who answers a session from this address. */
  private static String served(String from) throws IOException {
    try (Client client = Client.from(from, PORT)) {
      String who = client.receiveText(1);
      leave(client);
      return who;
    }
  }

  private static void leave(Client client) throws IOException {
    client.finish();
    client.receiveAll();
  }

  private static Map<String, Integer> servedBy(int sessions) throws IOException {
    Map<String, Integer> counts = new TreeMap<>();
    for (int i = 0; i < sessions; i++) {
      counts.merge(served("127.0.0.1"), 1, Integer::sum);
    }
    return counts;
  }

  /** The lines of all sessions that have ended, once there are so many. */
  private static List<AccessLine> ends(BouncerServer server, int sessions) {
    await("lines of sessions that have ended")
        .atMost(Patience.seconds(20))
        .until(() -> server.accessLines(AccessLine::isEnd).size() >= sessions);
    return server.accessLines(AccessLine::isEnd);
  }

  @Test
  void shouldTakeTheFirstThatIsUpAndSayWhichItWas() throws Exception {
    try (BouncerServer server =
        BouncerServer.start(folder, group("balance = order", abc(0), abc(1)))) {
      assertThat(servedBy(5)).isEqualTo(Map.of("a", 5));
      server.awaitNoSession();
      AccessLine end = ends(server, 1).getFirst();
      assertThat(end.get("target")).isEqualTo("group:app");
      assertThat(end.get("member")).isEqualTo("a");
      assertThat(end.get("server")).isEqualTo("127.0.0.1:" + a.port());
      assertThat(end.get("attempts")).isEqualTo("1");
      server.rememberDescriptors();
      servedBy(3);
      server.assertNothingLeaked();
    }
  }

  @Test
  void shouldShareByWeightWhenMembersTakeTurns() throws Exception {
    String heavy = member("a", a.port(), ", weight = 2");
    try (BouncerServer server =
        BouncerServer.start(folder, group("balance = round-robin", heavy, abc(1)))) {
      assertThat(servedBy(30)).isEqualTo(Map.of("a", 20, "b", 10));
      server.awaitNoSession();
    }
  }

  @Test
  void shouldGiveTheNextSessionToTheMemberWithTheFewest() throws Exception {
    List<Client> staying = new ArrayList<>();
    try (BouncerServer server =
        BouncerServer.start(folder, group("balance = least-sessions", abc(0), abc(1), abc(2)))) {
      Map<String, Integer> counts = new HashMap<>();
      for (int i = 0; i < 9; i++) {
        Client client = Client.to(PORT);
        staying.add(client);
        counts.merge(client.receiveText(1), 1, Integer::sum);
      }
      assertThat(counts).isEqualTo(Map.of("a", 3, "b", 3, "c", 3));
      Closing.all(staying.toArray(AutoCloseable[]::new));
      server.awaitNoSession();
    }
  }

  @Test
  void shouldMoveTheSourcesAloneOfAMemberThatGoes() throws Exception {
    Map<String, String> before = new TreeMap<>();
    Map<String, String> after = new TreeMap<>();
    String settings = "balance = source, eject { failures = 1, for = 1h }";
    try (BouncerServer server =
        BouncerServer.start(folder, group(settings, abc(0), abc(1), abc(2)))) {
      for (int i = 1; i <= 60; i++) {
        before.put("127.0.0." + i, served("127.0.0." + i));
      }
      assertThat(before.values()).contains("a", "b", "c");
      b.close();
      for (String source : before.keySet()) {
        after.put(source, served(source));
      }
      server.awaitNoSession();
    }
    before.forEach(
        (source, who) -> {
          if (who.equals("b")) {
            assertThat(after.get(source)).as(source).isIn("a", "c");
          } else {
            assertThat(after.get(source)).as(source).isEqualTo(who);
          }
        });
  }

  @Test
  void shouldTryTheNextAtOnceWhenOneRefusesAndLeaveItAloneAfterThree() throws Exception {
    a.close();
    try (BouncerServer server =
        BouncerServer.start(folder, group("attempts = 2", abc(0), abc(1)))) {
      assertThat(servedBy(6)).isEqualTo(Map.of("b", 6));
      server.awaitNoSession();
      List<AccessLine> lines = ends(server, 6);
      assertThat(lines).allMatch(line -> line.result().equals("ok"));
      assertThat(lines.stream().map(line -> line.get("attempts")).sorted())
          .containsExactly("1", "1", "1", "2", "2", "2");
      assertThat(lines.getFirst().get("member")).isEqualTo("b");
      server.awaitLog(
          "group app: member a (127.0.0.1:%d) gets no session for 10000 ms: 3 in a row could"
                  .formatted(a.port())
              + " not be connected, the last: connection refused");
    }
  }

  @Test
  void shouldSayWhyTheLastOneTriedWasNotConnectedWhenNoOtherMayBe() throws Exception {
    a.close();
    try (BouncerServer server = BouncerServer.start(folder, group("", abc(0), abc(1)))) {
      assertThat(server.command("target", "off", "app/b").exit()).isZero();
      try (Client nobody = Client.to(PORT)) {
        assertThat(nobody.receiveAll().bytes()).isZero();
        AccessLine line = server.awaitEndOf(nobody.address());
        assertThat(line.get("reason")).isEqualTo("connection refused");
        assertThat(line.get("member")).isEqualTo("a");
        assertThat(line.get("attempts")).isEqualTo("1");
      }
    }
  }

  @Test
  void shouldGiveASilentMemberItsShareOfTheTimeAlone() throws Exception {
    try (HangingTarget silent = new HangingTarget();
        BouncerServer server =
            BouncerServer.start(
                folder,
                group("attempts = 2", member("a", silent.port(), ""), abc(1))
                    + "timeouts.connect = 2s\n")) {
      long begun = System.nanoTime();
      assertThat(served("127.0.0.1")).isEqualTo("b");
      assertThat((System.nanoTime() - begun) / 1_000_000).isBetween(950L, 8_000L);
      server.awaitNoSession();
      assertThat(ends(server, 1).getFirst().get("attempts")).isEqualTo("2");
    }
  }

  @Test
  void shouldUseABackupWhenNoOtherHasRoomAndRefuseWhenNoneIsLeft() throws Exception {
    String few = member("a", a.port(), ", max-sessions = 2");
    String spare = member("b", b.port(), ", max-sessions = 1, backup = true");
    String settings = "when-all-down = refuse";
    try (BouncerServer server =
            BouncerServer.start(folder, group(settings, few, spare) + "workers.connect = 2\n");
        Client first = Client.to(PORT);
        Client second = Client.to(PORT);
        Client third = Client.to(PORT)) {
      assertThat(first.receiveText(1)).isEqualTo("a");
      assertThat(second.receiveText(1)).isEqualTo("a");
      assertThat(third.receiveText(1)).isEqualTo("b");
      try (Client fourth = Client.to(PORT)) {
        assertThat(fourth.receiveAll().bytes()).isZero();
        AccessLine end = server.awaitEndOf(fourth.address());
        assertThat(end.result()).isEqualTo("no-target");
        assertThat(end.get("reason"))
            .isEqualTo("every member of the group that is up has its max-sessions");
      }
      leave(second);
      server.awaitActive(2);
      assertThat(served("127.0.0.1")).isEqualTo("a");
      leave(third);
      leave(first);
      server.awaitNoSession();
      assertThat(servedBy(3)).isEqualTo(Map.of("a", 3));
      server.awaitNoSession();
    }
  }

  @Test
  void shouldGiveBackWhatAMemberHadWhenTheWorkerOfItsSessionsIsKilled() throws Exception {
    String few = member("a", a.port(), ", max-sessions = 3");
    String config = group("when-all-down = refuse", few) + "survive = false\n";
    try (BouncerServer server = BouncerServer.start(folder, config)) {
      List<Client> clients = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        Client client = Client.to(PORT);
        assertThat(client.receiveText(1)).isEqualTo("a");
        clients.add(client);
      }
      for (long io : server.workers("io")) {
        Signals.send("KILL", io);
      }
      server.awaitNoSession();
      for (int i = 0; i < 3; i++) {
        Client client = Client.to(PORT);
        assertThat(client.receiveText(1)).isEqualTo("a");
        clients.add(client);
      }
      Closing.all(clients.toArray(AutoCloseable[]::new));
      server.awaitNoSession();
    }
  }

  private static String state(BouncerServer server, String member) throws Exception {
    CommandResult targets = server.command("targets", "--json");
    assertThat(targets.exit()).isZero();
    for (JsonNode one : JSON.readTree(String.join("\n", targets.out()))) {
      if (one.path("member").asText().equals(member)) {
        return one.path("state").asText();
      }
    }
    return "";
  }

  private static void awaitState(BouncerServer server, String member, String state) {
    await(member + " to be " + state)
        .atMost(Patience.seconds(30))
        .until(() -> state(server, member).equals(state));
  }

  @Test
  void shouldSendSessionsElsewhereWhileAMemberFailsItsChecksAndEndThoseItHad() throws Exception {
    String settings =
        "check { type = expect, send = \"hi\", expect = \"hi\", every = 100ms, rise = 2, fall = 2"
            + " }, on-down = end";
    int port = a.port();
    try (BouncerServer server =
            BouncerServer.start(folder, group(settings, abc(0), abc(1)) + "workers.connect = 2\n");
        Client staying = Client.to(PORT)) {
      assertThat(staying.receiveText(1)).isEqualTo("a");
      a.close();
      awaitState(server, "a", "down");
      staying.receiveAll();
      AccessLine end = server.awaitEndOf(staying.address());
      // The target's own end may be first.
      assertThat(end.result()).isIn("killed", "reset", "ok");
      assertThat(served("127.0.0.1")).isEqualTo("b");
      server.awaitLog(
          "group app: member a (127.0.0.1:%d) is down: connection refused".formatted(port));
      for (long worker : server.workers("connect")) {
        Signals.send("KILL", worker);
      }
      assertThat(state(server, "a")).as("health outlives the checker").isEqualTo("down");
      a =
          Target.start(
              new InetSocketAddress(Client.LOOPBACK, port),
              connection -> {
                connection.send("a");
                Handler.echo().handle(connection);
              });
      awaitState(server, "a", "up");
      assertThat(served("127.0.0.1")).isEqualTo("a");
      server.awaitNoSession();
    }
  }

  @Test
  void shouldEndTheSessionsOfAMemberThatAnswersNoCheckAnyMore() throws Exception {
    AtomicBoolean mute = new AtomicBoolean();
    Target odd =
        Target.start(
            connection -> {
              if (!mute.get()) {
                connection.send("o");
              }
              Handler.echo().handle(connection);
            });
    String settings =
        "check { type = expect, expect = \"o\", every = 100ms, timeout = 300ms, fall = 1 },"
            + " on-down = end";
    try (odd;
        BouncerServer server =
            BouncerServer.start(folder, group(settings, member("odd", odd.port(), ""), abc(1)));
        Client staying = Client.to(PORT)) {
      assertThat(staying.receiveText(1)).isEqualTo("o");
      mute.set(true);
      staying.receiveAll();
      AccessLine end = server.awaitEndOf(staying.address());
      assertThat(end.result()).isEqualTo("killed");
      assertThat(end.get("reason")).isEqualTo("checks found its member down, and on-down is end");
      awaitState(server, "odd", "down");
      server.awaitLog("is down: no answer in time");
      server.awaitNoSession();
    }
  }

  @Test
  void shouldTakeMembersOutAndBackOnTheOperatorsWord() throws Exception {
    int metrics = Ports.free();
    try (BouncerServer server =
        BouncerServer.start(
            folder,
            group("when-all-down = refuse", abc(0), abc(1))
                + "metrics.listen = \"127.0.0.1:%d\"\n".formatted(metrics))) {
      assertThat(server.command("target", "drain", "app/a").allText().strip())
          .isEqualTo("app/a: 1 member drain");
      assertThat(served("127.0.0.1")).isEqualTo("b");
      assertThat(server.command("target", "off", "app").allText().strip())
          .isEqualTo("app: 2 members off");
      try (Client nobody = Client.to(PORT)) {
        assertThat(nobody.receiveAll().bytes()).isZero();
        assertThat(server.awaitEndOf(nobody.address()).get("reason"))
            .isEqualTo("no member of the group is up");
      }
      await("the state degraded")
          .atMost(Patience.seconds(30))
          .until(() -> server.status().path("state").asText().equals("degraded"));
      assertThat(server.status().path("reasons").get(0).path("what").asText())
          .isEqualTo("group app");
      assertThat(server.command("targets").allText())
          .containsPattern("app +a +127.0.0.1:%d +off ".formatted(a.port()));
      assertThat(Scrape.get(metrics, "/metrics"))
          .contains("bouncer_target_up{group=\"app\",member=\"a\"} 0.0")
          .contains("bouncer_target_connects_total{group=\"app\",member=\"b\",outcome=\"ok\"} 1.0");
      assertThat(server.command("target", "ready", "app").exit()).isZero();
      assertThat(served("127.0.0.1")).isEqualTo("a");
      CommandResult unknown = server.command("target", "drain", "app/x");
      assertThat(unknown.exit()).isEqualTo(1);
      assertThat(unknown.allText()).contains("group 'app' has no member 'x'");
      assertThat(server.command("target", "stop", "app").exit()).isEqualTo(2);
      server.awaitNoSession();
    }
  }

  @Test
  void shouldTakeAListOfTargetsInItsOrder() throws Exception {
    a.close();
    try (BouncerServer server =
        BouncerServer.start(
            folder,
            """
            listeners.web { listen = "127.0.0.1:%d", target = ["127.0.0.1:%d", "localhost:%d"] }
            """
                .formatted(PORT, a.port(), b.port()))) {
      assertThat(served("127.0.0.1")).isEqualTo("b");
      server.awaitNoSession();
      AccessLine end = ends(server, 1).getFirst();
      assertThat(end.get("target"))
          .isEqualTo("127.0.0.1:%d,localhost:%d".formatted(a.port(), b.port()));
      assertThat(end.get("member")).isEqualTo("#2");
      assertThat(end.get("server")).isEqualTo("127.0.0.1:" + b.port());
      assertThat(Objects.requireNonNull(server.readyLine().orElse(null))).contains("web");
    }
  }
}
