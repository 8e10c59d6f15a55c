package org.portbouncer.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;

/**
 * A server of a cluster that another installation follows: one member before, and one after. Alone
 * on the machine: parts are good for two seconds.
 */
@Isolated
class ClusterUpgradeIT {

  private static final int LIMIT = 60;
  private static final int KEPT = 10;

  @TempDir private Path folder;

  private static long part(BouncerServer server, String name) throws IOException {
    JsonNode limit = ClusterTrial.cluster(server).path("limits").path(0);
    assertThat(limit.has(name)).as("%s", limit).isTrue();
    return limit.path(name).asLong();
  }

  /** What one server sees of both, all the time: what is held together, and how many they are. */
  private static final class Sight implements AutoCloseable {

    private final List<String> failures = new CopyOnWriteArrayList<>();
    private final AtomicLong most = new AtomicLong();
    private final AtomicInteger servers = new AtomicInteger();
    private final AtomicBoolean over = new AtomicBoolean();
    private final Thread thread;

    Sight(BouncerServer server) {
      thread = Thread.ofPlatform().daemon().start(() -> look(server));
    }

    private void look(BouncerServer server) {
      while (!over.get()) {
        try {
          most.accumulateAndGet(part(server, "held_by_all"), Math::max);
          servers.accumulateAndGet(ClusterTrial.cluster(server).path("servers").asInt(), Math::max);
          Pause.millis(20);
        } catch (IOException | AssertionError e) {
          failures.add(e.toString());
        }
      }
    }

    @Override
    public void close() {
      over.set(true);
      Pause.untilEnd(thread);
    }
  }

  private void upgradeUnderLoad(String whenAway) throws Exception {
    int first = Ports.free();
    int second = Ports.free();
    try (Redis redis = Redis.start(folder, ClusterTrial.TOKEN);
        ClusterTrial trial = new ClusterTrial(folder, LIMIT)) {
      String url = "redis://127.0.0.1:" + redis.port();
      BouncerServer one = trial.start(first, url, "when-away = " + whenAway, "");
      BouncerServer two = trial.start(second, url, "when-away = " + whenAway, "");
      ClusterTrial.awaitState(one, "held");
      ClusterTrial.awaitState(two, "held");
      trial.awaitOpen(first, KEPT);
      long pid = one.status().path("pid").asLong();
      Sight sight = new Sight(two);
      try (sight;
          Load load = Load.on(first, List.of("127.0.6.1", "127.0.6.2", "127.0.6.3"))) {
        load.awaitServed(20);
        CommandResult upgraded = one.command("upgrade");
        assertThat(upgraded.exit()).as(upgraded.allText() + one.err().text()).isZero();
        assertThat(one.status().path("pid").asLong()).isNotEqualTo(pid);
        load.awaitServed(20);
        ClusterTrial.awaitState(one, "held");
        load.end();
      }
      assertThat(sight.failures).isEmpty();
      assertThat(sight.most.get()).as("held by all").isLessThanOrEqualTo(LIMIT);
      assertThat(sight.servers.get()).as("members at once").isEqualTo(2);
      trial.assertLive("still there");
      one.awaitHandOver();
      // The limit is one as before, and all of it can be had.
      trial.awaitOpen(first, LIMIT);
      assertThat(trial.opens(first)).isFalse();
      assertThat(trial.opens(second)).isFalse();
      assertThat(part(one, "held_by_all")).isLessThanOrEqualTo(LIMIT);
      assertThat(ClusterTrial.cluster(one).path("servers").asInt()).isEqualTo(2);
      CommandResult stopped = one.command("stop", "--now");
      assertThat(stopped.exit()).as(stopped.allText()).isZero();
      one.awaitOrphansEnd(Patience.seconds(20));
      // It has given its part back: as one member, once.
      trial.forget();
      trial.awaitOpen(second, LIMIT);
      assertThat(trial.opens(second)).isFalse();
    }
  }

  @Test
  void shouldRefuseNobodyAndHoldTheBoundWhenAnotherInstallationFollows() throws Exception {
    upgradeUnderLoad("local");
  }

  @Test
  void shouldRefuseNobodyWhenPartsEndWithTheirTermAndAnotherInstallationFollows() throws Exception {
    upgradeUnderLoad("refuse");
  }
}
