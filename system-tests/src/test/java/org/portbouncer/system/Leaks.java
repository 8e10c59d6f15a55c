package org.portbouncer.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** Which descriptors the processes of a server have open, once and again. */
final class Leaks {

  /**
   * Pipes that an io worker may keep for its next large transfers: not leaked, but not unbounded.
   */
  private static final int POOLED_PIPE_ENDS = 128;

  private final BouncerServer server;
  private Map<Long, Map<String, Integer>> baseline = Map.of();
  private Set<Long> ioWorkers = Set.of();

  Leaks(BouncerServer server) {
    this.server = server;
  }

  void remember() throws IOException {
    server.status();
    server.sessions();
    server.awaitNoSession();
    // Twice the same a moment apart, or the last session's descriptors would be in the count.
    List<Map<Long, Map<String, Integer>>> last = new ArrayList<>(List.of(Map.of()));
    await("descriptor counts that stay")
        .atMost(Patience.seconds(10))
        .pollInterval(Duration.ofMillis(150))
        .until(
            () -> {
              Map<Long, Map<String, Integer>> now = descriptors();
              return now.equals(last.set(0, now)) && hasOneMemoryOfRules(now);
            });
    baseline = last.getFirst();
    ioWorkers = Set.copyOf(server.workers("io"));
  }

  /** The rules of an older configuration are kept until the mother has looked who needs them. */
  private boolean hasOneMemoryOfRules(Map<Long, Map<String, Integer>> now) {
    return now.get(server.pid()).getOrDefault("/memfd:bouncer-rules (deleted)", 0) <= 1;
  }

  private Map<Long, Map<String, Integer>> descriptors() throws IOException {
    Map<Long, Map<String, Integer>> all = new TreeMap<>();
    for (long pid : ProcessTree.of(server.pid())) {
      all.put(pid, ProcessTree.descriptors(pid));
    }
    return all;
  }

  void assertNone() {
    server.awaitNoSession();
    await("the descriptors of before")
        .atMost(Patience.seconds(10))
        .pollInterval(Duration.ofMillis(50))
        .untilAsserted(
            () -> {
              Map<Long, Map<String, Integer>> now = descriptors();
              assertThat(now.keySet())
                  .as("processes; the server has said: %s", troubles())
                  .isEqualTo(baseline.keySet());
              for (Map.Entry<Long, Map<String, Integer>> process : now.entrySet()) {
                assertSameDescriptors(process.getKey(), process.getValue());
              }
            });
  }

  /** What its log holds of warnings and errors. */
  private List<String> troubles() {
    return server.err().lines().stream()
        .filter(line -> line.contains(" WARN ") || line.contains(" ERROR "))
        .toList();
  }

  private void assertSameDescriptors(long pid, Map<String, Integer> now) {
    Map<String, Integer> before = baseline.get(pid);
    if (!ioWorkers.contains(pid)) {
      assertThat(now).as("descriptors of process %d", pid).isEqualTo(before);
      return;
    }
    assertThat(now.getOrDefault("pipe:", 0))
        .as("pipe ends of io worker %d", pid)
        .isLessThanOrEqualTo(before.getOrDefault("pipe:", 0) + POOLED_PIPE_ENDS);
    assertThat(withoutPipes(now))
        .as("descriptors of io worker %d", pid)
        .isEqualTo(withoutPipes(before));
  }

  private static Map<String, Integer> withoutPipes(Map<String, Integer> kinds) {
    Map<String, Integer> others = new TreeMap<>(kinds);
    others.remove("pipe:");
    return others;
  }
}
