package org.portbouncer.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One limit over several servers, by a real Redis, which comes and goes. */
class ClusterIT {

  private static final int LIMIT = 10;
  private static final long RATE = 4 << 20;

  @TempDir private Path folder;
  private Redis redis;
  private ClusterTrial trial;

  @BeforeEach
  void startRedis() throws IOException {
    redis = Redis.start(folder, ClusterTrial.TOKEN);
    trial = new ClusterTrial(folder, LIMIT, ", bandwidth = shared");
  }

  @AfterEach
  void stopAll() throws Exception {
    Closing.all(trial, redis);
  }

  private BouncerServer server(int port, String whenAway) throws IOException {
    String url = "redis://127.0.0.1:" + redis.port();
    String shared = "bandwidth { shared { down = 4 MiB/s } }";
    return trial.start(port, url, "when-away = " + whenAway, shared);
  }

  private static JsonNode limit(BouncerServer server, String which) throws IOException {
    for (JsonNode limit : ClusterTrial.cluster(server).path("limits")) {
      if (limit.path("limit").asText().equals(which)) {
        return limit;
      }
    }
    throw new AssertionError("no limit " + which + " in " + ClusterTrial.cluster(server));
  }

  @Test
  void shouldHoldOneLimitOverTwoServersWhenDemandMovesAndOneDies() throws Exception {
    int first = Ports.free();
    int second = Ports.free();
    BouncerServer one = server(first, "local");
    BouncerServer two = server(second, "local");
    ClusterTrial.awaitState(one, "held");
    ClusterTrial.awaitState(two, "held");
    // All of it where the demand is, and not one more anywhere.
    trial.awaitOpen(first, LIMIT);
    assertThat(trial.opens(first)).isFalse();
    assertThat(trial.opens(second)).isFalse();
    await("why")
        .atMost(Patience.seconds(10))
        .untilAsserted(
            () ->
                assertThat(two.accessLines(line -> line.result().equals("limited")))
                    .isNotEmpty()
                    .allSatisfy(
                        line -> assertThat(line.get(AccessLine.REASON)).contains("max-sessions")));
    one.awaitActive(LIMIT);
    trial.closeAll();
    trial.awaitOpen(second, LIMIT);
    assertThat(trial.opens(second)).isFalse();
    assertThat(trial.opens(first)).isFalse();
    assertThat(limit(two, "max-sessions").path("held_by_all").asInt()).isLessThanOrEqualTo(LIMIT);
    assertThat(ClusterTrial.cluster(two).path("servers").asInt()).isEqualTo(2);
    CommandResult shown = two.command("cluster");
    assertThat(shown.exit()).as(shown.allText()).isZero();
    assertThat(shown.outText()).contains("servers: 2", "max-sessions  all/one");
    assertThat(two.command("limit", "shared", "--down", "none").allText())
        .contains("shared in the cluster");
    // Nobody gives back for the dead: their time does.
    trial.closeAll();
    trial.awaitOpen(second, LIMIT / 2);
    for (long pid : ProcessTree.of(two.pid())) {
      ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly);
    }
    two.killMother();
    trial.forget();
    trial.awaitOpen(first, LIMIT);
    assertThat(trial.opens(first)).isFalse();
  }

  @Test
  void shouldKeepItsLastPartAndSayItOnceWhenRedisGoesAndComesBack() throws Exception {
    int port = Ports.free();
    BouncerServer server = server(port, "local");
    ClusterTrial.awaitState(server, "held");
    trial.awaitOpen(port, 1);
    trial.closeAll();
    server.rememberDescriptors();
    trial.awaitOpen(port, 1);
    redis.stop();
    ClusterTrial.awaitState(server, "away");
    await("why")
        .atMost(Patience.seconds(10))
        .untilAsserted(
            () ->
                assertThat(server.status().path("reasons").toString())
                    .containsPattern(
                        "Redis[^\"]*; when-away = local: this server keeps its last parts\""));
    assertThat(server.status().path("state").asText()).isEqualTo("degraded");
    trial.assertLive("still there");
    trial.awaitOpen(port, LIMIT);
    assertThat(trial.opens(port)).isFalse();
    redis.start();
    ClusterTrial.awaitState(server, "held");
    assertThat(trial.opens(port)).isFalse();
    // There, and silent.
    redis.signal("STOP");
    ClusterTrial.awaitState(server, "away");
    trial.assertLive("still there");
    redis.signal("CONT");
    ClusterTrial.awaitState(server, "held");
    assertThat(server.err().lines())
        .filteredOn(line -> line.contains("cluster edge is not reached"))
        .as("once for each time")
        .hasSize(2);
    trial.closeAll();
    server.assertNothingLeaked();
  }

  @Test
  void shouldRefuseWhenItsPartHasEndedAndServeAgainAfterwards() throws Exception {
    int port = Ports.free();
    BouncerServer server = server(port, "refuse");
    ClusterTrial.awaitState(server, "held");
    trial.awaitOpen(port, 2);
    redis.stop();
    await("refused")
        .atMost(Patience.seconds(20))
        .pollInterval(Duration.ofMillis(100))
        .untilAsserted(
            () -> {
              assertThat(trial.opens(port)).isFalse();
              assertThat(server.accessLines(line -> line.result().equals("limited")))
                  .anySatisfy(
                      line ->
                          assertThat(line.get(AccessLine.REASON))
                              .contains("the cluster is not reached"));
            });
    trial.assertLive("still there");
    redis.start();
    ClusterTrial.awaitState(server, "held");
    trial.closeAll();
    trial.awaitOpen(port, LIMIT);
    assertThat(trial.opens(port)).isFalse();
    assertThat(limit(server, "down").path("all").asLong()).isEqualTo(RATE);
    trial.closeAll();
  }

  @Test
  void shouldServeWhatIsNotSharedAndSayWhyWhenTheTokenIsWrong() throws Exception {
    Files.writeString(folder.resolve("token"), "marlin\n");
    int port = Ports.free();
    BouncerServer server = server(port, "local");
    ClusterTrial.awaitState(server, "away");
    assertThat(ClusterTrial.cluster(server).path("last_trouble").asText())
        .contains("Redis refuses");
    assertThat(server.err().text())
        .contains("cluster edge is not reached")
        .doesNotContain("marlin");
    assertThat(trial.opens(port)).as("without any part").isFalse();
  }
}
