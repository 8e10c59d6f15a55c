package org.portbouncer.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** Groups of targets: who gets a session, and what happens to members that fail. */
class TargetsIT extends TargetsCase {

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
        Client client = Client.to(port);
        staying.add(client);
        counts.merge(client.receiveText(1), 1, Integer::sum);
      }
      assertThat(counts).isEqualTo(Map.of("a", 3, "b", 3, "c", 3));
      assertThat(server.command("sessions").outText()).contains(" group:app/a ", " group:app/c ");
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
      try (Client nobody = Client.to(port)) {
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
        Client first = Client.to(port);
        Client second = Client.to(port);
        Client third = Client.to(port)) {
      assertThat(first.receiveText(1)).isEqualTo("a");
      assertThat(second.receiveText(1)).isEqualTo("a");
      assertThat(third.receiveText(1)).isEqualTo("b");
      try (Client fourth = Client.to(port)) {
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
        Client client = Client.to(port);
        assertThat(client.receiveText(1)).isEqualTo("a");
        clients.add(client);
      }
      for (long io : server.workers("io")) {
        Signals.send("KILL", io);
      }
      server.awaitNoSession();
      for (int i = 0; i < 3; i++) {
        Client client = Client.to(port);
        assertThat(client.receiveText(1)).isEqualTo("a");
        clients.add(client);
      }
      Closing.all(clients.toArray(AutoCloseable[]::new));
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
                .formatted(port, a.port(), b.port()))) {
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
