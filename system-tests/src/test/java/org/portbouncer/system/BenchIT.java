package org.portbouncer.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

/** The benchmarks run, check what they carry, and print what the contract says; not how fast. */
@Isolated
class BenchIT {

  private static final List<String> MODES =
      List.of("inline", "inline-gzip", "file-fd", "file-memfd", "shm", "shm-fcntl", "shm-lock");

  private static JsonNode json(String... arguments) throws Exception {
    return CommandResult.bouncer(arguments).json();
  }

  @Test
  void shouldMeasureEveryModeWhenTheHopIsBenchmarked() throws Exception {
    JsonNode answer =
        json(
            "bench", "hop", "--messages", "1000", "--runs", "1", "--state-size", "20000", "--json");
    assertThat(answer.get("state_size").asInt()).isEqualTo(20_000);
    assertThat(answer.get("fds").asInt()).isEqualTo(2);
    assertThat(answer.get("messages").asInt()).isEqualTo(1000);
    assertThat(answer.get("runs").asInt()).isEqualTo(1);
    List<String> names = new ArrayList<>();
    answer.get("modes").fieldNames().forEachRemaining(names::add);
    assertThat(names).isEqualTo(MODES);
    for (JsonNode mode : answer.get("modes")) {
      for (String field : List.of("user_s", "system_s", "sum_s", "cpu_us", "wall_us", "ratio")) {
        assertThat(mode.get(field).isNumber()).as(field).isTrue();
      }
      assertThat(mode.get("sum_s").asDouble()).isPositive();
    }
  }

  @Test
  void shouldCarryTheLargestStateWhenItFitsNoDatagram() throws Exception {
    JsonNode answer =
        json(
            "bench",
            "hop",
            "--messages",
            "20",
            "--runs",
            "1",
            "--state-size",
            "16777216",
            "--modes",
            "inline,file-memfd,shm",
            "--json");
    assertThat(answer.get("modes")).hasSize(3);
  }

  @Test
  void shouldSayWhatIsWrongWhenAModeIsUnknown() throws Exception {
    CommandResult result = CommandResult.bouncer("bench", "hop", "--modes", "pigeon");
    assertThat(result.exit()).isEqualTo(2);
    assertThat(String.join("\n", result.err())).contains("pigeon");
  }

  @Test
  void shouldMeasureRoundTripsWhenIpcIsBenchmarked() throws Exception {
    JsonNode answer = json("bench", "ipc", "--trips", "1000", "--runs", "1", "--json");
    for (String mode : List.of("unix-datagram", "ring-per-peer", "shared-ring", "threads")) {
      JsonNode row = answer.get("modes").get(mode);
      assertThat(row.get("p50_us").asDouble()).as(mode).isPositive();
      assertThat(row.get("p99_us").asDouble())
          .as(mode)
          .isGreaterThanOrEqualTo(row.get("p50_us").asDouble());
    }
  }
}
