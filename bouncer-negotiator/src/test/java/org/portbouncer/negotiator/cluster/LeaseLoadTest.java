package org.portbouncer.negotiator.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What as many servers as nobody has ask of one Redis, which does one thing at a time. */
class LeaseLoadTest {

  private static final int SERVERS = 1000;
  private static final int LIMITS = 3;

  /** What docs/cluster.md says of so many. */
  private static final int CALLS_PER_SECOND = 2000;

  private static final int SECONDS = 3;

  @TempDir private Path folder;
  private final long seed = Long.getLong("seed", System.nanoTime());
  private final Random random = new Random(seed);
  private final long[] numbers = new long[SERVERS];

  private List<String> words(int server) {
    String name = "server" + server + ":0123456789abcdef";
    List<String> words = new ArrayList<>(List.of("EVALSHA", LeaseScript.SHA1, "2", "s", "m", name));
    // Every two seconds a server asks who the others are.
    String look = ++numbers[server] % 4 == 0 ? "1" : "0";
    words.addAll(List.of(Long.toString(numbers[server]), "run", "server" + server, "0", look));
    for (int limit = 0; limit < LIMITS; limit++) {
      words.add(Long.toHexString(0x7fed_cba9_8765_4321L + limit));
      int used = random.nextInt(100);
      for (int figure : new int[] {100_000, used, used, random.nextInt(300)}) {
        words.add(Integer.toString(figure));
      }
    }
    return words;
  }

  /** Processor time that Redis has used so far, in seconds. */
  private static double used(RedisConnection connection) throws IOException, RedisException {
    Object info = connection.call(List.of("INFO", "cpu"));
    String text =
        info instanceof byte[] bytes ? new String(bytes, StandardCharsets.UTF_8) : "" + info;
    return text.lines()
        .filter(line -> line.startsWith("used_cpu_user:") || line.startsWith("used_cpu_sys:"))
        .mapToDouble(line -> Double.parseDouble(line.substring(line.indexOf(':') + 1).strip()))
        .sum();
  }

  @Test
  void shouldNeedNoMoreThanHalfACoreForAThousandServers() throws Exception {
    System.out.println("LeaseLoadTest -Dseed=" + seed);
    try (RedisServer redis = RedisServer.start(folder);
        RedisConnection connection = redis.open()) {
      connection.call(List.of("SCRIPT", "LOAD", LeaseScript.TEXT));
      // All at once, as when Redis has started again.
      double before = used(connection);
      for (int server = 0; server < SERVERS; server++) {
        connection.call(words(server));
      }
      double first = used(connection) - before;
      Thread.sleep(1000);
      before = used(connection);
      long begun = System.nanoTime();
      long longest = 0;
      // By the clock: what is computed for all is so twice a second, however many calls there are.
      for (long calls = 0; calls < (long) SECONDS * CALLS_PER_SECOND; calls++) {
        long due = begun + calls * 1_000_000_000L / CALLS_PER_SECOND;
        for (long now = System.nanoTime(); now < due; now = System.nanoTime()) {
          Thread.sleep(1);
        }
        long asked = System.nanoTime();
        List<?> said = (List<?>) connection.call(words((int) (calls % SERVERS)));
        longest = Math.max(longest, System.nanoTime() - asked);
        assertThat(said.get(2)).isEqualTo((long) SERVERS);
      }
      double each = (used(connection) - before) / SECONDS;
      System.out.printf(
          "%d servers, %d limits: first calls %.3f s; %d calls/s %.3f s of a core each second,"
              + " longest call %.1f ms%n",
          SERVERS, LIMITS, first, CALLS_PER_SECOND, each, longest / 1e6);
      assertThat(first).as("seed %d", seed).isLessThan(1);
      assertThat(each).as("seed %d", seed).isLessThan(0.5);
    }
  }
}
