package org.portbouncer.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One bandwidth class over several servers that want different parts of it, by a real Redis. */
class ClusterFlowIT {

  private static final int SERVERS = 3;
  private static final long ALL = 4 << 20;

  /** What comes at the first, bytes a second, of an equal part of 1,398,101. */
  private static final int LITTLE = 600_000;

  @TempDir private Path folder;
  private final long seed = Long.getLong("seed", System.nanoTime());
  private final int[] ports = new int[SERVERS];
  private final List<AutoCloseable> open = new ArrayList<>();
  private final List<BouncerServer> servers = new ArrayList<>();

  @BeforeEach
  void start() throws Exception {
    System.out.println("ClusterFlowIT -Dseed=" + seed);
    Redis redis = Redis.start(folder, ClusterTrial.TOKEN);
    open.add(redis);
    Path token = Files.writeString(folder.resolve("token"), ClusterTrial.TOKEN + "\n");
    Files.setPosixFilePermissions(token, PosixFilePermissions.fromString("rw-------"));
    for (int i = 0; i < SERVERS; i++) {
      Target target =
          Target.start(i == 0 ? Handler.uneven(LITTLE, new Random(seed)) : Handler.flood());
      open.add(target);
      ports[i] = Ports.free();
      String config =
          """
          listeners { bytes { listen = "127.0.0.1:%d", target = "127.0.0.1:%d", acl = all } }
          bandwidth { uplink { down = 4 MiB/s } }
          acls { all = [ { name = one, action = pass, bandwidth = uplink, shared = cluster } ] }
          cluster { redis = "redis://127.0.0.1:%d", name = edge, token = "file:%s" }
          workers { io = 1 }
          timeouts { drain = 1s }
          """
              .formatted(ports[i], target.port(), redis.port(), token);
      Path own = Files.createDirectory(folder.resolve("server" + i));
      BouncerServer server = BouncerServer.start(own, config);
      servers.add(server);
      open.add(server);
    }
    for (BouncerServer server : servers) {
      ClusterTrial.awaitState(server, "held");
    }
  }

  @AfterEach
  void stop() throws Exception {
    Closing.all(open.reversed().toArray(AutoCloseable[]::new));
  }

  private Meter read(int server, int sessions) throws IOException {
    Meter meter = new Meter().open("127.0.0.1", ports[server], sessions);
    open.add(meter);
    return meter;
  }

  /** Bytes a second of each in the next three seconds. */
  private static long[] rates(List<Meter> meters) {
    long begun = System.nanoTime();
    long[] before = meters.stream().mapToLong(Meter::total).toArray();
    Pause.millis(3000);
    long[] each = meters.stream().mapToLong(Meter::total).toArray();
    double seconds = (System.nanoTime() - begun) / 1e9;
    Arrays.setAll(each, i -> Math.round((each[i] - before[i]) / seconds));
    return each;
  }

  @Test
  void shouldUseAllOfAClassWhenOneNeedsLittleAndOthersTakeWhatTheyCan() throws Exception {
    // Whoever has more sessions does not get more.
    List<Meter> meters = List.of(read(0, 1), read(1, 3), read(2, 1));
    await("all of a class, and each what it is due")
        .atMost(Patience.seconds(40))
        .pollInterval(Duration.ofMillis(10))
        .untilAsserted(
            () -> {
              long[] each = rates(meters);
              String all = "seed " + seed + ": " + Arrays.toString(each);
              System.out.println("ClusterFlowIT " + all);
              assertThat((double) Arrays.stream(each).sum())
                  .as(all)
                  .isBetween(0.98 * ALL, 1.02 * ALL);
              assertThat((double) each[0]).as(all).isGreaterThan(0.9 * LITTLE);
              assertThat(Meter.jain(new long[] {each[1], each[2]}))
                  .as(all)
                  .isGreaterThanOrEqualTo(0.98);
            });
  }
}
