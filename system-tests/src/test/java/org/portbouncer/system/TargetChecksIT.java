package org.portbouncer.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.net.InetSocketAddress;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

/** Members that are taken out and come back: by checks, and on the operator's word. */
class TargetChecksIT extends TargetsCase {

  private static final ObjectMapper JSON = new ObjectMapper();

  private String state(BouncerServer server, String member) throws Exception {
    CommandResult targets = server.command("targets", "--json");
    assertThat(targets.exit()).isZero();
    for (JsonNode one : JSON.readTree(String.join("\n", targets.out()))) {
      if (one.path("member").asText().equals(member)) {
        return one.path("state").asText();
      }
    }
    return "";
  }

  private void awaitState(BouncerServer server, String member, String state) {
    await(member + " to be " + state)
        .atMost(Patience.seconds(30))
        .until(() -> state(server, member).equals(state));
  }

  @Test
  void shouldSendSessionsElsewhereWhileAMemberFailsItsChecksAndEndThoseItHad() throws Exception {
    String settings =
        "check { type = expect, send = \"hi\", expect = \"hi\", every = 100ms, rise = 2, fall = 2"
            + " }, on-down = end";
    int ofA = a.port();
    try (BouncerServer server =
            BouncerServer.start(folder, group(settings, abc(0), abc(1)) + "workers.connect = 2\n");
        Client staying = Client.to(port)) {
      assertThat(staying.receiveText(1)).isEqualTo("a");
      a.close();
      awaitState(server, "a", "down");
      staying.receiveAll();
      AccessLine end = server.awaitEndOf(staying.address());
      // The target's own end may be first.
      assertThat(end.result()).isIn("killed", "reset", "ok");
      assertThat(served("127.0.0.1")).isEqualTo("b");
      server.awaitLog(
          "group app: member a (127.0.0.1:%d) is down: connection refused".formatted(ofA));
      for (long worker : server.workers("connect")) {
        Signals.send("KILL", worker);
      }
      assertThat(state(server, "a")).as("health outlives the checker").isEqualTo("down");
      a =
          Target.start(
              new InetSocketAddress(Client.LOOPBACK, ofA),
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
        Client staying = Client.to(port)) {
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
      try (Client nobody = Client.to(port)) {
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
}
