package org.portbouncer.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A server of a cluster that another installation follows: one member before, and one after. */
class ClusterUpgradeIT {

  private static final int LIMIT = 60;
  private static final int KEPT = 10;

  @TempDir private Path folder;

  private static long part(BouncerServer server, String name) throws IOException {
    JsonNode limit = ClusterTrial.cluster(server).path("limits").path(0);
    assertThat(limit.has(name)).as("%s", limit).isTrue();
    return limit.path(name).asLong();
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
      List<String> failures = new CopyOnWriteArrayList<>();
      AtomicInteger served = new AtomicInteger();
      AtomicLong most = new AtomicLong();
      AtomicInteger servers = new AtomicInteger();
      AtomicBoolean over = new AtomicBoolean();
      List<Thread> threads = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        // The ports of one address are not enough for all that come and go.
        String source = "127.0.6." + (i + 1);
        threads.add(
            Thread.ofPlatform()
                .daemon()
                .start(
                    () -> {
                      while (!over.get()) {
                        Pause.millis(2);
                        try (Client client = Client.from(source, first)) {
                          client.echo("new");
                          served.incrementAndGet();
                        } catch (IOException | AssertionError e) {
                          failures.add(e.toString());
                        }
                      }
                    }));
      }
      // The other server sees all of it: what is held together, and how many they are.
      threads.add(
          Thread.ofPlatform()
              .daemon()
              .start(
                  () -> {
                    while (!over.get()) {
                      try {
                        most.accumulateAndGet(part(two, "held_by_all"), Math::max);
                        servers.accumulateAndGet(
                            ClusterTrial.cluster(two).path("servers").asInt(), Math::max);
                        Thread.sleep(20);
                      } catch (IOException | InterruptedException | AssertionError e) {
                        failures.add(e.toString());
                      }
                    }
                  }));
      await("load").atMost(Patience.seconds(20)).until(() -> served.get() > 20);
      CommandResult upgraded = one.command("upgrade");
      assertThat(upgraded.exit()).as(upgraded.allText() + one.err().text()).isZero();
      assertThat(one.status().path("pid").asLong()).isNotEqualTo(pid);
      int before = served.get();
      await("load on the new server")
          .atMost(Patience.seconds(30))
          .until(() -> served.get() > before + 20);
      ClusterTrial.awaitState(one, "held");
      over.set(true);
      for (Thread thread : threads) {
        assertThat(thread.join(Patience.seconds(40))).as("the load ends").isTrue();
      }
      assertThat(failures).as("of %d, all in all", served.get()).isEmpty();
      assertThat(most.get()).as("held by all").isLessThanOrEqualTo(LIMIT);
      assertThat(servers.get()).as("members at once").isEqualTo(2);
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
