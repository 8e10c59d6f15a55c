package org.portbouncer.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.EOFException;
import java.io.IOException;
import java.net.SocketException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One limit over several servers, by a real Redis, which comes and goes. */
class ClusterIT {

  private static final int LIMIT = 10;
  private static final long RATE = 4 << 20;

  @TempDir private Path folder;
  private Target target;
  private Redis redis;
  private final List<Client> open = new ArrayList<>();

  @BeforeEach
  void startTargets() throws IOException {
    redis = Redis.start(folder, ClusterTrial.TOKEN);
    target = Target.start(Handler.echo());
    Files.writeString(folder.resolve("token"), ClusterTrial.TOKEN + "\n");
    Files.setPosixFilePermissions(
        folder.resolve("token"), PosixFilePermissions.fromString("rw-------"));
  }

  @AfterEach
  void stopTargets() throws IOException {
    for (Client client : open) {
      client.close();
    }
    target.close();
    redis.close();
  }

  private String config(int port, String token, String whenAway) {
    return """
    listeners { echo { listen = "127.0.0.1:%d", target = "127.0.0.1:%d", acl = all } }
    bandwidth { shared { down = 4 MiB/s } }
    acls {
      all = [ { name = one, action = pass, max-sessions = %d, bandwidth = shared, shared = cluster } ]
    }
    cluster { redis = "redis://127.0.0.1:%d", name = edge, token = "%s", when-away = %s }
    workers { io = 1 }
    timeouts { drain = 1s }
    """
        .formatted(port, target.port(), LIMIT, redis.port(), token, whenAway);
  }

  private BouncerServer server(String name, int port, String whenAway) throws IOException {
    Path own = Files.createDirectory(folder.resolve(name));
    String token = "file:" + folder.resolve("token");
    return BouncerServer.start(own, config(port, token, whenAway));
  }

  private static JsonNode limit(BouncerServer server, String which) throws IOException {
    for (JsonNode limit : ClusterTrial.cluster(server).path("limits")) {
      if (limit.path("limit").asText().equals(which)) {
        return limit;
      }
    }
    throw new AssertionError("no limit " + which + " in " + ClusterTrial.cluster(server));
  }

  /** Opens a session, if it may pass. */
  private boolean opens(int port) throws IOException {
    Client client = Client.to(port);
    try {
      client.echo("x");
      open.add(client);
      return true;
    } catch (EOFException | SocketException e) {
      client.close();
      return false;
    }
  }

  /** Tries until so many sessions of it are live. */
  private void awaitOpen(int port, int sessions) {
    await(sessions + " sessions")
        .atMost(Patience.seconds(20))
        .pollInterval(Duration.ofMillis(20))
        .until(
            () -> {
              while (open.size() < sessions && opens(port)) {
                // As long as it lets one in.
              }
              return open.size() == sessions;
            });
  }

  private void closeAll(BouncerServer server) throws IOException {
    for (Client client : open) {
      client.close();
    }
    open.clear();
    server.awaitNoSession();
  }

  @Test
  void shouldHoldOneLimitOverTwoServersWhenDemandMovesAndOneDies() throws Exception {
    int first = Ports.free();
    int second = Ports.free();
    try (BouncerServer one = server("one", first, "local")) {
      try (BouncerServer two = server("two", second, "local")) {
        ClusterTrial.awaitState(one, "held");
        ClusterTrial.awaitState(two, "held");
        // All of it where the demand is, and not one more anywhere.
        awaitOpen(first, LIMIT);
        assertThat(opens(first)).isFalse();
        assertThat(opens(second)).isFalse();
        await("why")
            .atMost(Patience.seconds(10))
            .untilAsserted(
                () ->
                    assertThat(two.accessLines(line -> line.result().equals("limited")))
                        .isNotEmpty()
                        .allSatisfy(
                            line ->
                                assertThat(line.get(AccessLine.REASON)).contains("max-sessions")));
        one.awaitActive(LIMIT);
        closeAll(one);
        awaitOpen(second, LIMIT);
        assertThat(opens(second)).isFalse();
        assertThat(opens(first)).isFalse();
        assertThat(limit(two, "max-sessions").path("held_by_all").asInt())
            .isLessThanOrEqualTo(LIMIT);
        assertThat(ClusterTrial.cluster(two).path("servers").asInt()).isEqualTo(2);
        CommandResult shown = two.command("cluster");
        assertThat(shown.exit()).as(shown.allText()).isZero();
        assertThat(shown.outText()).contains("servers: 2", "max-sessions  all/one");
        assertThat(two.command("limit", "shared", "--down", "none").allText())
            .contains("shared in the cluster");
        // Nobody gives back for the dead: their time does.
        closeAll(two);
        awaitOpen(second, LIMIT / 2);
        for (long pid : ProcessTree.of(two.pid())) {
          ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly);
        }
        two.killMother();
      }
      for (Client client : open) {
        client.close();
      }
      open.clear();
      awaitOpen(first, LIMIT);
      assertThat(opens(first)).isFalse();
    }
  }

  @Test
  void shouldKeepItsLastPartAndSayItOnceWhenRedisGoesAndComesBack() throws Exception {
    int port = Ports.free();
    try (BouncerServer server = server("one", port, "local")) {
      ClusterTrial.awaitState(server, "held");
      awaitOpen(port, 1);
      closeAll(server);
      server.rememberDescriptors();
      awaitOpen(port, 1);
      redis.stop();
      ClusterTrial.awaitState(server, "away");
      await("why")
          .atMost(Patience.seconds(10))
          .untilAsserted(
              () ->
                  assertThat(server.status().path("reasons").toString())
                      .contains("cluster unreachable"));
      assertThat(server.status().path("state").asText()).isEqualTo("degraded");
      open.getFirst().echo("still there");
      awaitOpen(port, LIMIT);
      assertThat(opens(port)).isFalse();
      redis.start();
      ClusterTrial.awaitState(server, "held");
      assertThat(opens(port)).isFalse();
      // There, and silent.
      redis.signal("STOP");
      ClusterTrial.awaitState(server, "away");
      open.getFirst().echo("still there");
      redis.signal("CONT");
      ClusterTrial.awaitState(server, "held");
      assertThat(server.err().lines())
          .filteredOn(line -> line.contains("cluster edge is not reached"))
          .as("once for each time")
          .hasSize(2);
      closeAll(server);
      server.assertNothingLeaked();
    }
  }

  @Test
  void shouldRefuseWhenItsPartHasEndedAndServeAgainAfterwards() throws Exception {
    int port = Ports.free();
    try (BouncerServer server = server("one", port, "refuse")) {
      ClusterTrial.awaitState(server, "held");
      awaitOpen(port, 2);
      redis.stop();
      await("refused")
          .atMost(Patience.seconds(20))
          .pollInterval(Duration.ofMillis(100))
          .untilAsserted(
              () -> {
                assertThat(opens(port)).isFalse();
                assertThat(server.accessLines(line -> line.result().equals("limited")))
                    .anySatisfy(
                        line ->
                            assertThat(line.get(AccessLine.REASON))
                                .contains("the cluster is not reached"));
              });
      open.getFirst().echo("still there");
      redis.start();
      ClusterTrial.awaitState(server, "held");
      closeAll(server);
      awaitOpen(port, LIMIT);
      assertThat(opens(port)).isFalse();
      assertThat(limit(server, "down").path("all").asLong()).isEqualTo(RATE);
      closeAll(server);
    }
  }

  @Test
  void shouldServeWhatIsNotSharedAndSayWhyWhenTheTokenIsWrong() throws Exception {
    Files.writeString(folder.resolve("token"), "marlin\n");
    int port = Ports.free();
    try (BouncerServer server = server("one", port, "local")) {
      ClusterTrial.awaitState(server, "away");
      assertThat(ClusterTrial.cluster(server).path("last_trouble").asText())
          .contains("Redis refuses");
      assertThat(server.err().text())
          .contains("cluster edge is not reached")
          .doesNotContain("marlin");
      assertThat(opens(port)).as("without any part").isFalse();
    }
  }
}
