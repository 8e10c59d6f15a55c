package org.portbouncer.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** What a reload changes, and what it leaves alone. */
class ReloadIT extends ReloadCase {

  @Test
  void shouldDecideAboutNewClientsByTheNewRulesAndLeaveLiveSessionsAlone() throws Exception {
    long accepted = counted("web", "accepted");
    List<String> sockets = listening();
    int epoch = server.status().path("epoch").asInt();
    try (Client live = Client.to(port)) {
      live.echo("before");
      assertThat(server.reloaded(with("block", "workers { io = 1 }"))).isEqualTo(epoch + 1);
      assertThat(server.status().path("epoch").asInt()).isEqualTo(epoch + 1);
      try (Client client = Client.to(port)) {
        assertThat(client.receiveAll().bytes()).isZero();
        assertThat(server.awaitEndOf(client.address()).result()).isEqualTo("blocked");
      }
      live.echo("after");
      assertThat(counted("web", "accepted")).isEqualTo(accepted + 2);
      assertThat(counted("web", "active")).isEqualTo(1);
      assertThat(server.awaitSession(live.address()).path("rule").asText()).isEqualTo("local");
    }
    assertThat(sockets).hasSize(1);
    assertThat(listening()).as("the listening socket").isEqualTo(sockets);
  }

  @Test
  void shouldLeadNewSessionsToTheNewTarget() throws Exception {
    try (Client live = Client.to(port)) {
      live.echo("first");
      server.reloaded(plain().replace(":" + target.port(), ":" + second.port()));
      try (Client client = Client.to(port)) {
        assertThat(client.receiveText(7)).isEqualTo("second ");
        assertThat(server.awaitSession(client.address()).path("target").asText())
            .isEqualTo("127.0.0.1:" + second.port());
      }
      live.echo("still the first");
      assertThat(server.awaitSession(live.address()).path("target").asText())
          .isEqualTo("127.0.0.1:" + target.port());
    }
  }

  @Test
  void shouldChangeNothingWhereTheConfigurationIsWrong() throws Exception {
    int epoch = server.status().path("epoch").asInt();
    BouncerServer.writeConfig(
        folder,
        listener("more", "127.0.0.1:" + other, 1) + plain() + "lisssteners {}\nlog.level = loud");
    CommandResult reload = server.command("reload");
    assertThat(reload.exit()).isEqualTo(1);
    assertThat(reload.out()).isEmpty();
    String config = server.config().toString();
    assertThat(reload.err()).hasSize(3);
    assertThat(reload.err().getFirst()).startsWith(config + ":6: ").contains("listeners");
    assertThat(reload.err().get(1)).startsWith(config + ":7: ");
    assertThat(reload.err().getLast())
        .isEqualTo(
            "bouncer: not reloaded: 2 errors in the configuration; epoch %d stays in force"
                .formatted(epoch));
    for (String line : reload.err()) {
      assertThat(server.err().text()).contains(line.replaceFirst("^bouncer: ", ""));
    }
    // Whoever names the server by that same file gets as far.
    assertThat(CommandResult.bouncer("reload", "-c", config).err()).isEqualTo(reload.err());
    assertThat(CommandResult.bouncer("status", "-c", config).exit()).isZero();
    Files.writeString(server.config(), "bouncer {\n  admin { socket = [\n}");
    CommandResult unreadable = CommandResult.bouncer("reload", "-c", config);
    assertThat(unreadable.exit()).isEqualTo(1);
    assertThat(unreadable.err()).singleElement().asString().contains(config + ":3: ");
    assertThat(isRefused(other)).isTrue();
    assertThat(server.status().path("epoch").asInt()).isEqualTo(epoch);
    WarmUp.sessions(port);
  }

  @Test
  void shouldReloadOnTheSignalAndSaySoInTheLog() throws Exception {
    int epoch = server.status().path("epoch").asInt();
    BouncerServer.writeConfig(folder, and("log { level = debug }"));
    server.signal("HUP");
    await("the next epoch")
        .atMost(Patience.seconds(10))
        .until(() -> server.status().path("epoch").asInt() == epoch + 1);
    assertThat(server.err().text())
        .contains("reloaded: epoch %d, 1 listeners (+0 -0)".formatted(epoch + 1));
  }

  @Test
  void shouldPrintWhatItDid() throws Exception {
    int epoch = server.status().path("epoch").asInt();
    BouncerServer.writeConfig(folder, and(listener("more", "127.0.0.1:" + other, target.port())));
    CommandResult reload = server.command("reload");
    assertThat(reload.exit()).as(reload.allText()).isZero();
    assertThat(reload.outText())
        .matches(
            ("reloaded: epoch %d, 2 listeners \\(\\+1 -0\\), 2 addresses \\(\\+1 -0\\),"
                    + " 5 workers \\(\\+0 -0\\), live sessions: \\d+, \\d+ ms")
                .formatted(epoch + 1));
  }

  @Test
  void shouldWriteTheAccessLogWhereAndHowTheNewConfigurationSays() throws Exception {
    Path file = folder.resolve("access.log");
    String config = and("log { access { to = \"file:access.log\", format = json } }");
    server.reloaded(config);
    String first = oneSession();
    await("a line in the file").until(() -> Files.readString(file).contains(first));
    assertThat(Files.readString(file)).startsWith("{\"ts\":");
    assertThat(server.accessLines(line -> line.client().equals(first))).isEmpty();
    // As logrotate does.
    Path old = folder.resolve("access.log.1");
    Files.move(file, old);
    server.reloaded(config);
    String second = oneSession();
    await("a line in the new file")
        .until(() -> Files.exists(file) && Files.readString(file).contains(second));
    assertThat(Files.readString(old)).doesNotContain(second);
    server.reloaded(plain());
    assertThat(server.awaitEndOf(oneSession()).result()).isEqualTo("ok");
  }

  @Test
  void shouldHearMoreOfOneStageAndLessOfAllAsTheLevelsSay() throws Exception {
    server.reloaded(and("log { level = warn, levels { acl = debug } }"));
    int before = server.err().lines().size();
    long acl = server.workers("acl").getFirst();
    await("a worker's word, with its stage and pid")
        .atMost(Patience.seconds(10))
        .untilAsserted(
            () -> {
              oneSession();
              assertThat(server.err().linesFrom(before))
                  .anyMatch(
                      line -> line.matches("\\S+ DEBUG acl/0\\[" + acl + "] session \\d+ came.*"));
            });
    server.reloaded(and("log { level = error }"));
    int then = server.err().lines().size();
    oneSession();
    server.reloaded(and("log { level = error }"));
    assertThat(server.err().linesFrom(before)).noneMatch(line -> line.contains(" INFO "));
    assertThat(server.err().linesFrom(then)).isEmpty();
  }

  /** A client that came and went. */
  private String oneSession() throws IOException {
    try (Client client = Client.to(port)) {
      client.echo("x");
      client.finish();
      client.receiveAll();
      return client.address();
    }
  }

  @Test
  void shouldChangeTheMostSessionsAtOnce() throws Exception {
    server.reloaded(and("limits { max-sessions = 1 }"));
    try (Client first = Client.to(port)) {
      first.echo("x");
      try (Client over = Client.to(port)) {
        assertThat(over.receiveAll().bytes()).isZero();
        assertThat(server.awaitEndOf(over.address()).result()).isEqualTo("limited");
      }
      server.reloaded(and("limits { max-sessions = 2 }"));
      try (Client next = Client.to(port)) {
        next.echo("x");
      }
    }
    assertThat(server.status().path("limits").path("max_sessions").asInt()).isEqualTo(2);
  }

  @Test
  void shouldSayWhatARestartWouldChangeAndChangeTheRest() throws Exception {
    BouncerServer.writeConfig(
        folder,
        """
        state-transfer { mode = shm }
        limits { max-sessions = 900000 }
        metrics { listen = "127.0.0.1:%d" }
        """
                .formatted(other)
            + with("block", "workers { io = 1 }"));
    CommandResult reload = server.command("reload");
    assertThat(reload.exit()).as(reload.allText()).isZero();
    assertThat(reload.err())
        .anyMatch(
            l -> l.contains(":2: warning: state-transfer.mode = \"shm\" changes with a restart"))
        .anyMatch(
            l -> l.contains(":3: warning: limits.max-sessions = 900000 is more than the 64512"))
        .anyMatch(l -> l.contains(":4: warning: metrics.listen = "));
    JsonNode status = server.status();
    assertThat(status.path("state_transfer").path("mode").asText()).isEqualTo("inline");
    assertThat(status.path("limits").path("max_sessions").asInt()).isEqualTo(10_000);
    try (Client client = Client.to(port)) {
      assertThat(client.receiveAll().bytes()).isZero();
    }
  }

  @Test
  void shouldEndSessionsThatTheNewRulesBlockWhereThatIsWanted() throws Exception {
    server.reloaded(and(listener("more", "127.0.0.1:" + other, target.port())));
    String newer =
        plain()
            .replace(
                "{ name = local",
                "{ name = out, action = block, from = \"127.0.9.0/24\" }\n{ name = local");
    try (Client stays = Client.from("127.0.8.1", port);
        Client goes = Client.from("127.0.9.1", port);
        Client goesToo = Client.from("127.0.9.2", port);
        Client ofOther = Client.from("127.0.9.3", other)) {
      for (Client client : List.of(stays, goes, goesToo, ofOther)) {
        client.echo("x");
      }
      server.reloaded(newer);
      goes.echo("without --recheck all go on");
      CommandResult reload = server.command("reload", "--recheck");
      assertThat(reload.outText()).contains(", sessions ended: 2, ");
      for (Client client : List.of(goes, goesToo)) {
        AccessLine end = server.awaitEndOf(client.address());
        assertThat(end.result()).isEqualTo("blocked");
        assertThat(end.term()).isEqualTo("PD");
        assertThat(end.get("rule")).isEqualTo("local");
      }
      stays.echo("may stay");
      ofOther.echo("has no listener any more, and so no rules");
    }
  }

  @Test
  void shouldAnswerAllWhoAskAtOnce() throws Exception {
    int epoch = server.status().path("epoch").asInt();
    List<CompletableFuture<JsonNode>> answers = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      answers.add(CompletableFuture.supplyAsync(() -> ask("reload")));
    }
    for (CompletableFuture<JsonNode> answer : answers) {
      JsonNode outcome = answer.get();
      assertThat(outcome.path("reloaded").asBoolean()).as("%s", outcome).isTrue();
      assertThat(outcome.path("epoch").asInt()).isBetween(epoch + 1, epoch + 8);
    }
  }

  private JsonNode ask(String request) {
    try {
      return AdminClient.ask(server.socket(), request);
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}
