package org.portbouncer.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;
import org.portbouncer.system.Received.Ending;

/** Workers that die, hang, or cannot go on: noticed, replaced, and said so. */
@Isolated
class SupervisionIT extends EchoTargetCase {

  /** Well above the five seconds of silence that make a worker one that hangs. */
  private static final Duration HANG_NOTICED = Patience.seconds(12);

  private static final int STOPPED_MILLIS = 7_000;

  private String config() {
    return """
    listeners { echo { listen = "127.0.0.1:%d", target = "127.0.0.1:%d" } }
    workers { io = 2 }
    timeouts { drain = 1s }
    """
        .formatted(port, target.port());
  }

  private static JsonNode worker(BouncerServer server, String stage, int index) throws IOException {
    return BouncerServer.elements(server.status().path("workers"))
        .filter(w -> w.path("stage").asText().equals(stage) && w.path("index").asInt() == index)
        .findFirst()
        .orElseThrow();
  }

  private static long restarts(BouncerServer server) throws IOException {
    return BouncerServer.elements(server.status().path("workers"))
        .mapToLong(w -> w.path("restarts").asLong())
        .sum();
  }

  private static void awaitSuccessor(BouncerServer server, String stage, int index, long old) {
    await("a successor of " + stage + "/" + index)
        .atMost(HANG_NOTICED)
        .pollInterval(Duration.ofMillis(20))
        .untilAsserted(
            () -> {
              JsonNode worker = worker(server, stage, index);
              assertThat(worker.path("pid").asLong()).isNotEqualTo(old);
              assertThat(worker.path("state").asText()).isEqualTo("ready");
            });
  }

  @Test
  void shouldBlameNobodyWhenAllStoodStillAndReplaceOneThatHangs() throws Exception {
    List<Client> clients = new ArrayList<>();
    try (BouncerServer server = BouncerServer.start(folder, config())) {
      for (int i = 0; i < 8; i++) {
        Client client = Client.to(port);
        client.echo("before");
        clients.add(client);
      }
      standStill(server);
      assertThat(restarts(server)).isZero();
      assertThat(server.err().text()).doesNotContain("no sign of life");

      long hung = worker(server, "io", 0).path("pid").asLong();
      Signals.send("STOP", hung);
      awaitSuccessor(server, "io", 0, hung);
      for (Client client : clients) {
        client.echo("after");
      }
      assertThat(server.err().text()).contains("go on in others: 4; sessions lost with it: 0");
      assertThat(worker(server, "io", 0).path("last_end").asText()).isEqualTo("killed by signal 9");
      assertThat(server.err().text())
          .contains("worker io/0, pid " + hung + ", has given no sign of life for 5 s (stopped)");
      assertThat(restarts(server)).isEqualTo(1);
    } finally {
      Closing.all(clients.toArray(AutoCloseable[]::new));
    }
  }

  /** Ten others are in its group, which has a thousandth of a processor. */
  @Test
  void shouldLeaveAWorkerAloneThatWaitsForAProcessor() throws Exception {
    ControlGroup group = ControlGroup.make("cpu");
    List<Process> others = new ArrayList<>();
    try (group;
        BouncerServer server = BouncerServer.start(folder, config());
        Client client = Client.to(port)) {
      client.echo("before");
      group.limitProcessors(1);
      long io = server.sessionOf(client.address()).orElseThrow().path("worker_pid").asLong();
      try {
        for (int i = 0; i < 10; i++) {
          others.add(new ProcessBuilder("sh", "-c", "while :; do :; done").start());
          group.take(others.getLast().pid());
        }
        group.take(io);
        server.awaitLog("pid " + io + ", has given no sign of life for 5 s: it waits for a");
        awaitState(server, "degraded");
        assertThat(server.status().path("reasons").findValuesAsText("detail"))
            .contains("no sign of life: " + name(server, io));
      } finally {
        others.forEach(Process::destroyForcibly);
        group.limitProcessors(1000);
        group.release(io);
      }
      client.echo("after");
      awaitState(server, "ready");
      assertThat(restarts(server)).isZero();
    }
  }

  private static void awaitState(BouncerServer server, String state) {
    await("the state " + state)
        .atMost(Patience.seconds(20))
        .until(() -> server.status().path("state").asText().equals(state));
  }

  /** A worker's name, as io/0. */
  private static String name(BouncerServer server, long pid) throws IOException {
    return BouncerServer.elements(server.status().path("workers"))
        .filter(worker -> worker.path("pid").asLong() == pid)
        .map(worker -> worker.path("stage").asText() + "/" + worker.path("index").asInt())
        .findFirst()
        .orElseThrow();
  }

  /** As a machine that was suspended, or a group of processes that was frozen. */
  private static void standStill(BouncerServer server) throws IOException, InterruptedException {
    for (long pid : server.processes().reversed()) {
      Signals.send("STOP", pid);
    }
    Pause.millis(STOPPED_MILLIS);
    // The mother first: she looks at once, and finds heartbeats as old as the pause.
    for (long pid : server.processes()) {
      Signals.send("CONT", pid);
    }
    Pause.millis(1_000);
  }

  @Test
  void shouldServeAgainWithinASecondWhenAWorkerIsKilled() throws Exception {
    try (BouncerServer server = BouncerServer.start(folder, config())) {
      WarmUp.sessions(port);
      List<String> times = new ArrayList<>();
      for (String stage : BouncerServer.STAGES) {
        long old = server.workers(stage).getFirst();
        long start = System.nanoTime();
        Signals.send("KILL", old);
        try (Client client = Client.to(port)) {
          client.echo("served by " + stage + " or its successor");
        }
        times.add(stage + " " + TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start));
        awaitSuccessor(server, stage, 0, old);
      }
      System.out.println("milliseconds from the kill to an echo: " + times);
      assertThat(times.stream().map(t -> Integer.parseInt(t.split(" ", -1)[1])))
          .as("%s", times)
          .allMatch(millis -> millis < 3_000);
    }
  }

  @Test
  void shouldNotWaitLongerEachTimeWhenAWorkerThatHasServedIsKilledAgainAndAgain() throws Exception {
    try (BouncerServer server = BouncerServer.start(folder, config() + "workers.io = 1\n")) {
      for (String stage : BouncerServer.STAGES) {
        for (int i = 0; i < 4; i++) {
          try (Client client = Client.to(port)) {
            client.echo("served by " + stage);
          }
          long old = server.workers(stage).getFirst();
          Signals.send("KILL", old);
          awaitSuccessor(server, stage, 0, old);
        }
      }
      assertThat(server.err().text()).doesNotContain("dies again and again");
      server.awaitNoSession();
    }
  }

  @Test
  void shouldSayWhenItStartsAWorkerAgainThatDiesAgainAndAgain() throws Exception {
    try (BouncerServer server = BouncerServer.start(folder, config())) {
      JsonNode throttled =
          await("a pause that can be seen")
              .atMost(Patience.seconds(30))
              .pollInterval(Duration.ofMillis(10))
              .until(
                  () -> {
                    JsonNode acl = worker(server, "acl", 0);
                    if (acl.path("state").asText().equals("ready")) {
                      ProcessHandle.of(acl.path("pid").asLong())
                          .ifPresent(ProcessHandle::destroyForcibly);
                    }
                    return acl;
                  },
                  acl -> acl.path("next_start_ms").asInt() > 100);
      assertThat(throttled.path("state").asText()).isEqualTo("throttled");
      assertThat(throttled.path("last_end").asText()).isEqualTo("killed by signal 9");
      // The log has a thread of its own: its lines may come a moment later.
      await("the line in the log")
          .atMost(Patience.seconds(10))
          .until(
              () ->
                  server
                      .err()
                      .text()
                      .contains(
                          "worker acl/0 dies again and again (killed by signal 9); next start in"
                              + " 200 ms"));
      // Meanwhile clients wait, and are served.
      try (Client client = Client.to(port)) {
        client.echo("worth the wait");
      }
    }
  }

  @Test
  void shouldSayThatAWorkerWasOutOfMemoryAndReplaceIt() throws Exception {
    List<Client> clients = new ArrayList<>();
    HangingTarget hanging = new HangingTarget();
    int hangingPort = Ports.free();
    String body =
        config()
            + "listeners.hanging { listen = \"127.0.0.1:%d\", target = \"127.0.0.1:%d\" }\n"
                .formatted(hangingPort, hanging.port())
            + "timeouts.connect = 60s\n";
    try (hanging;
        BouncerServer server =
            BouncerServer.startAfter(
                "export BOUNCER_WORKER_JAVA_OPTS='-Xms4m -Xmx4m'", folder, body)) {
      await("the end of the connect worker")
          .atMost(Patience.seconds(30))
          .pollInterval(Duration.ofMillis(1))
          .until(
              () -> {
                for (int i = 0; i < 50; i++) {
                  clients.add(Client.from("127.0.0.9", hangingPort));
                }
                return worker(server, "connect", 0).path("restarts").asInt() > 0;
              });
      assertThat(worker(server, "connect", 0).path("last_end").asText())
          .startsWith("out of memory");
      await("what the log says")
          .untilAsserted(
              () ->
                  assertThat(server.err().text())
                      .contains("java.lang.OutOfMemoryError")
                      .containsPattern(
                          "connect/0, pid \\d+, died \\(out of memory, exit code 3\\)"));
      Closing.all(clients.toArray(AutoCloseable[]::new));
      CommandResult kill = server.command("kill", "--from", "127.0.0.9/32");
      assertThat(kill.exit()).as(kill.allText()).isZero();
      try (Client client = Client.to(port)) {
        client.echo("served");
        client.finish();
        assertThat(client.receiveAll().ending()).isEqualTo(Ending.EOF);
      }
    }
  }
}
