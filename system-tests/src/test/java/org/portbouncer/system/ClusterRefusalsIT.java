package org.portbouncer.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A Redis that is there, and does not want: what the log says, and that sessions go on. */
class ClusterRefusalsIT {

  private static final int LIMIT = 5;
  private static final int METRICS = Ports.free();

  /** Has Redis' clock jump, for the script: by so many milliseconds, the other way. */
  private static final String JUMP =
      "local s = cmsgpack.unpack(redis.call('GET', KEYS[1])) s.l = s.l + tonumber(ARGV[1])"
          + " redis.call('SET', KEYS[1], cmsgpack.pack(s)) return s.c";

  private static final String STATE = "bouncer:{edge}:state";

  @TempDir private Path folder;

  private interface Change {
    void make() throws Exception;
  }

  private static void through(
      ClusterTrial trial, BouncerServer server, int port, String meaning, Change bad, Change good)
      throws Exception {
    bad.make();
    ClusterTrial.awaitTrouble(server, meaning);
    trial.assertLive("still there");
    assertThat(trial.opens(port)).as(meaning).isFalse();
    assertThat(Scrape.of(METRICS).value("bouncer_cluster_reached")).isZero();
    double age = Scrape.of(METRICS).value("bouncer_cluster_lease_age_seconds");
    await("older")
        .atMost(Patience.seconds(20))
        .until(() -> Scrape.of(METRICS).value("bouncer_cluster_lease_age_seconds") > age);
    good.make();
    ClusterTrial.awaitState(server, "held");
    assertThat(server.err().lines())
        .filteredOn(line -> line.contains("cluster edge is not reached: " + meaning))
        .as("%s: once, in %s", meaning, server.err().text())
        .hasSize(1);
  }

  @Test
  void shouldSayOnceWhatRedisDoesNotWantAndGoOnWithItsPart() throws Exception {
    Path data = Files.createDirectory(folder.resolve("data"));
    int port = Ports.free();
    try (Redis redis = Redis.start(folder, ClusterTrial.TOKEN, List.of("--dir", data.toString()));
        ClusterTrial trial = new ClusterTrial(folder, LIMIT)) {
      BouncerServer server =
          trial.start(
              port,
              "redis://127.0.0.1:" + redis.port(),
              "",
              "metrics { listen = \"127.0.0.1:" + METRICS + "\" }");
      ClusterTrial.awaitState(server, "held");
      trial.awaitOpen(port, LIMIT);
      refuse(trial, server, port, redis);
      fail(trial, server, port, redis, data);
      forget(trial, server, port, redis);
      assertThat(server.err().text().split("is not reached", -1)).as("no more of it").hasSize(7);
      turnTheClock(trial, server, port, redis);
      trial.assertLive("still there");
      trial.closeAll();
      trial.awaitOpen(port, LIMIT);
      trial.closeAll();
    }
  }

  private static void refuse(ClusterTrial trial, BouncerServer server, int port, Redis redis)
      throws Exception {
    through(
        trial,
        server,
        port,
        "Redis is full: OOM",
        () -> redis.tell("CONFIG", "SET", "maxmemory", "1"),
        () -> redis.tell("CONFIG", "SET", "maxmemory", "0"));
    through(
        trial,
        server,
        port,
        "Redis is a replica: READONLY",
        () -> redis.tell("REPLICAOF", "127.0.0.1", "1"),
        () -> redis.tell("REPLICAOF", "NO", "ONE"));
    through(
        trial,
        server,
        port,
        "Redis' user may not do what is needed: NOPERM",
        () -> redis.tell("ACL", "SETUSER", "default", "-evalsha"),
        () -> redis.tell("ACL", "SETUSER", "default", "+evalsha"));
    through(
        trial,
        server,
        port,
        "Redis refuses the user or the token: WRONGPASS",
        () -> {
          redis.tell("ACL", "SETUSER", "default", "resetpass", ">marlin", ">other");
          redis.sayAs("marlin", "CLIENT", "KILL", "TYPE", "normal");
        },
        () -> redis.sayAs("marlin", "ACL", "SETUSER", "default", ">" + ClusterTrial.TOKEN));
  }

  private static void fail(
      ClusterTrial trial, BouncerServer server, int port, Redis redis, Path data) throws Exception {
    through(
        trial,
        server,
        port,
        "Redis cannot write to its disk, and so takes nothing: MISCONF",
        () -> {
          Files.delete(data);
          redis.tell("CONFIG", "SET", "save", "3600 1");
          redis.say("BGSAVE");
        },
        () -> redis.tell("CONFIG", "SET", "save", ""));
    through(
        trial,
        server,
        port,
        "Redis does not answer in time",
        () -> redis.tell("CLIENT", "PAUSE", "600000", "WRITE"),
        () -> redis.tell("CLIENT", "UNPAUSE"));
  }

  /** What it has forgotten servers tell it; what it knows no more of is sent to it again. */
  private static void forget(ClusterTrial trial, BouncerServer server, int port, Redis redis)
      throws Exception {
    for (String forgets : List.of("SCRIPT", "FLUSHALL")) {
      redis.tell(
          forgets.equals("SCRIPT") ? new String[] {"SCRIPT", "FLUSH"} : new String[] {"FLUSHALL"});
      await("known again")
          .atMost(Patience.seconds(20))
          .until(() -> redis.say("EXISTS", STATE).equals(":1"));
      ClusterTrial.awaitState(server, "held");
      assertThat(trial.opens(port)).as("after %s", forgets).isFalse();
    }
  }

  /** Into the past and into the future: neither gives anybody a part that another has. */
  private static void turnTheClock(ClusterTrial trial, BouncerServer server, int port, Redis redis)
      throws Exception {
    for (String by : List.of("3600000", "-3600000", "86400000", "-86400000")) {
      redis.tell("EVAL", JUMP, "1", STATE, by);
      int clock = Integer.parseInt(redis.say("EVAL", JUMP, "1", STATE, "0").substring(1));
      await("its own clock goes on")
          .atMost(Patience.seconds(20))
          .until(
              () ->
                  Integer.parseInt(redis.say("EVAL", JUMP, "1", STATE, "0").substring(1))
                      > clock + 300);
      assertThat(ClusterTrial.cluster(server).path("state").asText()).isEqualTo("held");
      assertThat(trial.opens(port)).isFalse();
    }
  }

  @Test
  void shouldWaitForARedisThatStillLoads() throws Exception {
    int port = Ports.free();
    try (Redis redis = Redis.start(folder, ClusterTrial.TOKEN);
        ClusterTrial trial = new ClusterTrial(folder, LIMIT)) {
      BouncerServer server = trial.start(port, "redis://127.0.0.1:" + redis.port(), "", "");
      ClusterTrial.awaitState(server, "held");
      trial.awaitOpen(port, LIMIT);
      redis.tell(
          "EVAL",
          "for i = 1, 400 do redis.call('SET', 'k' .. i, string.rep('x', 2000)) end return 1",
          "0");
      redis.tell("SAVE");
      redis.restart(
          List.of(
              "--key-load-delay", "10000",
              "--loading-process-events-interval-bytes", "1024",
              "--rdbcompression", "no"));
      ClusterTrial.awaitTrouble(server, "Redis is still loading its data: LOADING");
      trial.assertLive("still there");
      ClusterTrial.awaitState(server, "held");
      assertThat(trial.opens(port)).isFalse();
      trial.closeAll();
    }
  }
}
