package org.portbouncer.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every line of a session that did not end well says why, and a listener its last failure. */
class EndReasonsIT {

  @TempDir private Path folder;
  private final int open = Ports.free();
  private final int ruled = Ports.free();
  private final int refused = Ports.free();
  private final int late = Ports.free();
  private final int dead = Ports.free();
  private Target target;
  private HangingTarget hanging;

  @BeforeEach
  void startTargets() throws Exception {
    target = Target.start(Handler.echo());
    hanging = new HangingTarget();
  }

  @AfterEach
  void stopTargets() throws Exception {
    Closing.all(target, hanging);
  }

  private String config(String format) {
    return """
    survive = false
    listeners {
      open { listen = "127.0.0.1:%d", target = "127.0.0.1:%d", timeouts { idle = 300ms } }
      ruled { listen = "127.0.0.1:%d", target = "127.0.0.1:%d", acl = rules }
      refused { listen = "127.0.0.1:%d", target = "127.0.0.1:%d" }
      late { listen = "127.0.0.1:%d", target = "127.0.0.1:%d", timeouts { connect = 300ms } }
    }
    acls { rules = [
      { name = bad, action = block, from = "127.0.0.9" }
      { name = one, action = pass, from = "127.0.0.2", max-sessions = 1 }
      { name = slow, action = pass, from = "127.0.0.3", rate-per-source = "1/60s" }
    ] }
    timeouts { drain = 1s }
    log.access.format = %s
    """
        .formatted(
            open, target.port(), ruled, target.port(), refused, dead, late, hanging.port(), format);
  }

  /** The reason of a client's session, which ends without having been asked to. */
  private static void assertReason(BouncerServer server, Client client, String result, String why) {
    AccessLine end = server.awaitEndOf(client.address());
    assertThat(end.result()).as("%s", end).isEqualTo(result);
    assertThat(end.get(AccessLine.REASON)).as("%s", end).isEqualTo(why);
    assertThat(end.fields().keySet()).last().isEqualTo(AccessLine.REASON);
  }

  @Test
  void shouldSayInWordsWhyEachSessionEnded() throws Exception {
    try (BouncerServer server = BouncerServer.start(folder, config("logfmt"))) {
      assertPolicy(server);
      assertTargets(server);
      try (Client idle = Client.to(open)) {
        idle.echo("x");
        assertReason(server, idle, "timeout", "no byte within timeouts.idle");
      }
      try (Client killed = Client.from("127.0.0.2", ruled)) {
        killed.echo("x");
        String id = server.awaitSession(killed.address()).path("id").asText();
        assertThat(server.command("kill", id).exit()).isZero();
        assertReason(server, killed, "killed", "killed by the operator");
      }
      try (Client orphan = Client.from("127.0.0.2", ruled)) {
        orphan.echo("x");
        Signals.send("KILL", server.awaitSession(orphan.address()).path("worker_pid").asLong());
        assertReason(server, orphan, "error", "the worker that had it died");
      }
      try (Client well = Client.from("127.0.0.2", ruled)) {
        well.echo("x");
        well.finish();
        well.receiveAll();
        assertThat(server.awaitEndOf(well.address()).fields().keySet())
            .containsExactlyElementsOf(AccessLine.KEYS);
      }
    }
  }

  private void assertPolicy(BouncerServer server) throws IOException {
    try (Client blocked = Client.from("127.0.0.9", ruled)) {
      assertReason(server, blocked, "blocked", "the rule blocks");
    }
    try (Client unknown = Client.from("127.0.0.8", ruled)) {
      assertReason(server, unknown, "blocked", "no rule matches");
    }
    try (Client first = Client.from("127.0.0.2", ruled)) {
      first.echo("x");
      try (Client second = Client.from("127.0.0.2", ruled)) {
        assertReason(server, second, "limited", "max-sessions of the rule");
      }
      first.finish();
      first.receiveAll();
      server.awaitEndOf(first.address());
    }
    try (Client first = Client.from("127.0.0.3", ruled)) {
      first.echo("x");
      try (Client second = Client.from("127.0.0.3", ruled)) {
        assertReason(server, second, "limited", "rate-per-source of the rule");
      }
    }
  }

  private void assertTargets(BouncerServer server) throws IOException, InterruptedException {
    for (int i = 0; i < 2; i++) {
      try (Client client = Client.to(refused)) {
        assertReason(server, client, "no-target", "connection refused");
      }
    }
    try (Client client = Client.to(late)) {
      assertReason(server, client, "timeout", "no answer in time");
    }
    await("the books")
        .atMost(Patience.seconds(10))
        .untilAsserted(
            () -> {
              JsonNode error = server.status().path("listeners").path("refused").path("last_error");
              assertThat(error.path("what").asText()).isEqualTo("connection refused");
              assertThat(error.path("count").asInt()).isEqualTo(2);
              assertThat(error.path("since").asText()).matches("20.*Z");
              assertThat(error.path("last").asText())
                  .isGreaterThanOrEqualTo(error.path("since").asText());
            });
    assertThat(server.status().path("listeners").path("open").path("last_error").isNull()).isTrue();
    assertThat(server.command("status").outText())
        .containsPattern(
            "\nrefused: last failed 20.*: connection refused; times in a row: 2, first 20")
        .containsPattern("\nlate: last failed 20.*: no answer in time; times in a row: 1\n");
  }

  @Test
  void shouldHaveTheReasonInJsonToo() throws Exception {
    try (BouncerServer server = BouncerServer.start(folder, config("json"))) {
      try (Client client = Client.to(refused)) {
        assertReason(server, client, "no-target", "connection refused");
      }
    }
  }
}
