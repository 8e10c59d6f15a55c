package org.portbouncer.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Live sessions are moved from one io worker to others, and nobody notices. */
@ExtendWith(Randomness.class)
class MoveIT {
  private static final int MOVES = Integer.getInteger("move.moves", 8);

  @TempDir private Path folder;
  private final int port = Ports.free();

  private String config(int target, int io, String more) {
    return """
    listeners {
      web { listen = "127.0.0.1:%d", target = "127.0.0.1:%d" }
      door { listen = "unix:%s/door", target = "127.0.0.1:%d" }
    }
    workers { io = %d }
    %s
    """
        .formatted(port, target, folder, target, io, more);
  }

  private static List<JsonNode> io(BouncerServer server) throws IOException {
    return BouncerServer.elements(server.status().path("workers"))
        .filter(worker -> worker.path("stage").asText().equals("io"))
        .toList();
  }

  private static void awaitIo(BouncerServer server, int count) {
    await(count + " io workers that serve")
        .atMost(Patience.seconds(20))
        .pollInterval(Duration.ofMillis(20))
        .untilAsserted(
            () ->
                assertThat(io(server))
                    .hasSize(count)
                    .allMatch(worker -> worker.path("state").asText().equals("ready")));
  }

  @Test
  void shouldCutNoSessionOffHoweverBusyWhenItsWorkerIsMoved(Random random) throws Exception {
    List<Talk> talks = new ArrayList<>();
    try (EchoTarget target = new EchoTarget();
        BouncerServer server = BouncerServer.start(folder, config(target.port(), 2, ""))) {
      SocketAddress[] doors = {
        new InetSocketAddress(Client.LOOPBACK, port),
        UnixDomainSocketAddress.of(folder.resolve("door"))
      };
      for (int i = 0; i < 16; i++) {
        talks.add(new Talk(doors[i / 2 % 2], i, i % 2 == 0, random.nextLong()));
      }
      await("all talk")
          .atMost(Patience.seconds(20))
          .until(() -> talks.stream().allMatch(Talk::begun));
      for (int i = 0; i < MOVES; i++) {
        moveOne(server, i % 2);
      }
      for (Talk talk : talks) {
        talk.finish();
      }
      assertThat(talks)
          .allSatisfy(talk -> assertThat(talk.wrong() + talk.cut()).as("%s", talk).isEmpty());
      server.awaitNoSession();
      assertThat(server.accessLines(AccessLine::isEnd))
          .hasSize(talks.size())
          .allSatisfy(line -> assertThat(line.result()).as("%s", line).isEqualTo("ok"))
          .allSatisfy(line -> assertThat(line.number("up")).isEqualTo(line.number("down")));
      assertThat(
              server.accessLines(AccessLine::isEnd).stream()
                  .mapToLong(line -> line.number("up"))
                  .sum())
          .isEqualTo(talks.stream().mapToLong(Talk::bytes).sum());
      assertThat(io(server)).allMatch(worker -> worker.path("restarts").asInt() == 0);
      assertThat(ProcessTree.keepers(server.pid())).hasSize(2);
      assertThat(server.err().text()).doesNotContain("ERROR");
    } finally {
      Closing.all(talks.toArray(AutoCloseable[]::new));
    }
  }

  private static void moveOne(BouncerServer server, int index) throws Exception {
    JsonNode before = io(server).get(index);
    String name = index % 4 < 2 ? "io/" + index : before.path("pid").asText();
    CommandResult moved = server.command("move", name);
    assertThat(moved.exit()).as(moved.allText()).isZero();
    assertThat(moved.outText())
        .matches("moved %d sessions?".formatted(before.path("sessions").asInt()));
    for (JsonNode session : server.sessions()) {
      assertThat(session.path("worker_pid").asLong()).isNotEqualTo(before.path("pid").asLong());
    }
    awaitIo(server, 2);
  }

  @Test
  void shouldMoveSessionsAtOnceWhenAReloadWantsFewerIoWorkers() throws Exception {
    List<Client> clients = new ArrayList<>();
    try (EchoTarget target = new EchoTarget();
        BouncerServer server = BouncerServer.start(folder, config(target.port(), 3, ""))) {
      for (int i = 0; i < 9; i++) {
        clients.add(Client.to(port));
        clients.getLast().echo("before");
      }
      server.reloaded(config(target.port(), 1, ""));
      awaitIo(server, 1);
      long stays = server.workers("io").getFirst();
      assertThat(server.sessions()).hasSize(9);
      for (JsonNode session : server.sessions()) {
        assertThat(session.path("worker_pid").asLong()).isEqualTo(stays);
        assertThat(session.path("bytes_up").asInt()).isEqualTo(6);
      }
      for (Client client : clients) {
        client.echo("after");
        client.finish();
        assertThat(client.receiveAll().bytes()).isZero();
      }
      server.awaitNoSession();
      assertThat(server.accessLines(AccessLine::isEnd))
          .allMatch(line -> line.result().equals("ok") && line.number("up") == 11);
    } finally {
      Closing.all(clients.toArray(AutoCloseable[]::new));
    }
  }

  @ParameterizedTest
  @CsvSource({"1, 2", "2, 3"})
  void shouldGiveNewIoWorkersTheirShareOfTheSessionsAtOnce(int few, int many) throws Exception {
    List<Client> clients = new ArrayList<>();
    try (EchoTarget target = new EchoTarget();
        BouncerServer server = BouncerServer.start(folder, config(target.port(), few, ""))) {
      for (int i = 0; i < 12; i++) {
        clients.add(Client.to(port));
        clients.getLast().echo("before");
      }
      server.reloaded(config(target.port(), many, ""));
      awaitIo(server, many);
      await("all have their share")
          .atMost(Patience.seconds(20))
          .pollInterval(Duration.ofMillis(50))
          .untilAsserted(
              () -> {
                assertThat(shares(server)).hasSize(many).allMatch(share -> share == 12 / many);
                assertThat(server.sessions()).hasSize(12);
              });
      for (Client client : clients) {
        client.echo("after");
        client.finish();
        assertThat(client.receiveAll().bytes()).isZero();
      }
      server.awaitNoSession();
      assertThat(server.accessLines(AccessLine::isEnd))
          .hasSize(12)
          .allMatch(line -> line.result().equals("ok") && line.number("up") == 11);
      assertThat(io(server)).allMatch(worker -> worker.path("restarts").asInt() == 0);
    } finally {
      Closing.all(clients.toArray(AutoCloseable[]::new));
    }
  }

  /** How many sessions each io worker has. */
  private static Collection<Long> shares(BouncerServer server) throws IOException {
    return BouncerServer.elements(server.sessions())
        .collect(
            Collectors.groupingBy(
                session -> session.path("worker_pid").asLong(), Collectors.counting()))
        .values();
  }

  @Test
  void shouldSayWhyAWorkerCannotBeMoved() throws Exception {
    try (BouncerServer server = BouncerServer.start(folder, config(1, 1, "survive = false"))) {
      assertRefused(server, "acl/0", "acl/0 forwards no sessions: only io workers can be moved");
      assertRefused(server, "io/7", "no worker 'io/7'");
      assertRefused(server, "io/0", "the sessions of io/0 would end with it");
      assertThat(ProcessTree.keepers(server.pid())).isEmpty();
    }
  }

  private static void assertRefused(BouncerServer server, String worker, String why)
      throws Exception {
    CommandResult refused = server.command("move", worker);
    assertThat(refused.exit()).isEqualTo(1);
    assertThat(refused.allText()).contains(why);
  }
}
