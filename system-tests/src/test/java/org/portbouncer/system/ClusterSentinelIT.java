package org.portbouncer.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A Redis that fails over: by a Sentinel, and by who says that it is the master. */
class ClusterSentinelIT {

  private static final int LIMIT = 8;

  @TempDir private Path folder;

  private Redis replica(Redis master) throws Exception {
    Redis replica =
        Redis.start(
            folder,
            ClusterTrial.TOKEN,
            List.of(
                "--replicaof", "127.0.0.1 " + master.port(), "--repl-diskless-sync-delay", "0"));
    await("replica")
        .atMost(Patience.seconds(30))
        .until(() -> replica.role().contains("master_link_status:up"));
    return replica;
  }

  @Test
  void shouldGoOnWithTheNewMasterWhenTheOldOneDiesAndTheReplicaHasLostWrites() throws Exception {
    int first = Ports.free();
    int second = Ports.free();
    try (Redis master = Redis.start(folder, ClusterTrial.TOKEN);
        Redis replica = replica(master);
        Redis sentinel = Redis.sentinel(folder, "edge-master", master);
        ClusterTrial trial = new ClusterTrial(folder, LIMIT)) {
      String url = "redis-sentinel://127.0.0.1:" + sentinel.port() + "/edge-master";
      String ports = "redis-ports = [" + master.port() + ", " + replica.port() + "]";
      BouncerServer one = trial.start(first, url, ports, "");
      BouncerServer two = trial.start(second, url, ports, "");
      ClusterTrial.awaitState(one, "held");
      ClusterTrial.awaitState(two, "held");
      await("the replica is known")
          .atMost(Patience.seconds(30))
          .until(() -> sentinel.knowsReplicas("edge-master"));
      // What follows the replica never hears of.
      replica.signal("STOP");
      trial.awaitOpen(first, LIMIT - 3);
      trial.awaitOpen(second, LIMIT);
      assertThat(trial.opens(first)).isFalse();
      assertThat(trial.opens(second)).isFalse();
      master.stop();
      replica.signal("CONT");
      ClusterTrial.awaitState(one, "away");
      trial.assertLive("still there");
      assertThat(trial.opens(first)).isFalse();
      assertThat(trial.opens(second)).isFalse();
      ClusterTrial.awaitState(one, "held");
      ClusterTrial.awaitState(two, "held");
      assertThat(replica.role()).contains("role:master");
      // Not one more than the limit, of which the new master knew nothing.
      trial.assertLive("still there");
      assertThat(trial.opens(first)).isFalse();
      assertThat(trial.opens(second)).isFalse();
      for (BouncerServer server : List.of(one, two)) {
        assertThat(server.err().lines())
            .filteredOn(line -> line.contains("cluster edge is not reached"))
            .as("once")
            .hasSize(1);
      }
      // The old one comes back, and takes itself for the master until it is told otherwise.
      master.start();
      await("a replica")
          .atMost(Patience.seconds(60))
          .until(() -> master.role().contains("role:slave"));
      assertThat(ClusterTrial.cluster(one).path("state").asText()).isEqualTo("held");
      trial.closeAll();
      trial.awaitOpen(first, LIMIT);
      assertThat(trial.opens(second)).isFalse();
      trial.closeAll();
    }
  }

  @Test
  void shouldTakeTheOneOfSeveralThatIsTheMaster() throws Exception {
    int port = Ports.free();
    try (Redis master = Redis.start(folder, ClusterTrial.TOKEN);
        Redis replica = replica(master);
        ClusterTrial trial = new ClusterTrial(folder, LIMIT)) {
      String url = "redis://127.0.0.1:" + replica.port() + ",127.0.0.1:" + master.port();
      BouncerServer server = trial.start(port, url, "", "");
      ClusterTrial.awaitState(server, "held");
      trial.awaitOpen(port, LIMIT);
      master.stop();
      ClusterTrial.awaitTrouble(server, "it is a replica");
      ClusterTrial.awaitTrouble(server, "Connection refused");
      trial.assertLive("still there");
      replica.tell("REPLICAOF", "NO", "ONE");
      ClusterTrial.awaitState(server, "held");
      assertThat(trial.opens(port)).isFalse();
      trial.closeAll();
    }
  }

  @Test
  void shouldSayWhatIsWrongWithWhatSentinelNames() throws Exception {
    int port = Ports.free();
    int other = Ports.free();
    try (Redis master = Redis.start(folder, ClusterTrial.TOKEN);
        Redis sentinel = Redis.sentinel(folder, "edge-master", master);
        ClusterTrial trial = new ClusterTrial(folder, LIMIT)) {
      String url = "redis-sentinel://127.0.0.1:" + sentinel.port();
      BouncerServer server = trial.start(port, url + "/edge-master", "", "");
      ClusterTrial.awaitTrouble(server, "whose port is none of cluster.redis-ports: [6379]");
      BouncerServer another = trial.start(other, url + "/edge-mistress", "", "");
      ClusterTrial.awaitTrouble(another, "Sentinel knows no master 'edge-mistress'");
    }
  }
}
