package org.portbouncer.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A worker that dies is followed at once, by a process that waited for that. */
class SuccessorsIT {
  private static final Duration PATIENCE = Patience.seconds(30);

  /** One after the other, of one stage. */
  private static final int IN_A_ROW = 4;

  @TempDir private Path folder;
  private final int port = Ports.free();
  private EchoTarget target;

  @BeforeEach
  void startTarget() throws IOException {
    target = new EchoTarget();
  }

  @AfterEach
  void stopTarget() throws Exception {
    target.close();
  }

  private String config(int spares) {
    return """
    listeners { echo { listen = "127.0.0.1:%d", target = "127.0.0.1:%d" } }
    workers { io = 1, spares = %d }
    timeouts { drain = 1s }
    """
        .formatted(port, target.port(), spares);
  }

  private static long awaitSpare(BouncerServer server) {
    await("a spare that waits")
        .atMost(PATIENCE)
        .pollInterval(Duration.ofMillis(20))
        .until(
            () -> server.status().path("spares").path(0).path("state").asText(), "waiting"::equals);
    try {
      return server.status().path("spares").path(0).path("pid").asLong();
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  private static long awaitSuccessor(BouncerServer server, String stage, long old) {
    JsonNode[] found = new JsonNode[1];
    await("a successor of " + stage + "/0")
        .atMost(PATIENCE)
        .pollInterval(Duration.ofMillis(10))
        .until(
            () -> {
              found[0] = worker(server, stage);
              return found[0].path("pid").asLong() != old
                  && found[0].path("state").asText().equals("ready");
            });
    return found[0].path("pid").asLong();
  }

  private static JsonNode worker(BouncerServer server, String stage) throws IOException {
    return BouncerServer.elements(server.status().path("workers"))
        .filter(w -> w.path("stage").asText().equals(stage))
        .findFirst()
        .orElseThrow();
  }

  private static void echo(int port) throws IOException {
    try (Client client = Client.to(port)) {
      client.echo("hello");
    }
  }

  private static long failed(BouncerServer server) throws IOException {
    return server.status().path("listeners").path("echo").path("failed").asLong();
  }

  @Test
  void shouldFollowAKilledWorkerOfEachStageByTheProcessThatWaited() throws Exception {
    try (BouncerServer server = BouncerServer.start(folder, config(1))) {
      echo(port);
      AtomicBoolean over = new AtomicBoolean();
      AtomicInteger served = new AtomicInteger();
      AtomicInteger failures = new AtomicInteger();
      CompletableFuture<Void> load = CompletableFuture.runAsync(() -> load(over, served, failures));
      for (String stage : BouncerServer.STAGES) {
        long spare = awaitSpare(server);
        assertConfinedAsAWorkerThatStarts(spare);
        long old = server.workers(stage).getFirst();
        Signals.send("KILL", old);
        assertThat(awaitSuccessor(server, stage, old)).as(stage + "'s successor").isEqualTo(spare);
        assertServesAs(stage, spare);
        int before = served.get();
        await("sessions after it").atMost(PATIENCE).until(() -> served.get() > before + 2);
      }
      over.set(true);
      load.join();
      server.awaitNoSession();
      assertThat((long) failures.get())
          .as("clients that failed, of %d", served.get())
          .isLessThanOrEqualTo(failed(server));
      assertThat(server.err().text())
          .doesNotContain("again and again", "what no worker says", "rehearsal");
      awaitSpare(server);
      server.rememberDescriptors();
      for (int i = 0; i < 20; i++) {
        echo(port);
      }
      server.assertNothingLeaked();
    }
  }

  private void load(AtomicBoolean over, AtomicInteger served, AtomicInteger failures) {
    while (!over.get()) {
      try {
        echo(port);
        served.incrementAndGet();
      } catch (IOException | AssertionError e) {
        failures.incrementAndGet();
      }
    }
  }

  /** It has its link, a pipe for its errors, and the files of its JVM. */
  private static void assertConfinedAsAWorkerThatStarts(long spare) throws IOException {
    assertThat(name(spare)).startsWith("bnc:spare/");
    assertThat(Descriptors.of(spare).matching("(socket|pipe|/memfd|anon_inode).*")).isEmpty();
    assertThat(Files.readAllLines(Path.of("/proc/" + spare + "/status")))
        .contains("NoNewPrivs:\t1");
  }

  private static String name(long pid) throws IOException {
    return Files.readString(Path.of("/proc/" + pid + "/comm")).strip();
  }

  private static void assertServesAs(String stage, long pid) throws IOException {
    assertThat(name(pid)).isEqualTo("bnc:" + stage + "/0");
    try (Stream<Path> threads = Files.list(Path.of("/proc/" + pid + "/task"))) {
      for (Path thread : threads.toList()) {
        assertThat(Files.readAllLines(thread.resolve("status")))
            .as("thread %s of %s", thread, stage)
            .contains("Seccomp:\t2");
      }
    }
  }

  @Test
  void shouldNotWaitBeforeAnotherSuccessorOfAWorkerThatServed() throws Exception {
    try (BouncerServer server = BouncerServer.start(folder, config(1))) {
      awaitSpare(server);
      for (int i = 0; i < IN_A_ROW; i++) {
        echo(port);
        long old = server.workers("acl").getFirst();
        Signals.send("KILL", old);
        awaitSuccessor(server, "acl", old);
      }
      echo(port);
      assertThat(worker(server, "acl").path("restarts").asInt()).isEqualTo(IN_A_ROW);
      assertThat(server.err().text()).doesNotContain("again and again");
    }
  }

  @Test
  void shouldReplaceASpareThatDiesAndDoWithoutOneThatIsStopped() throws Exception {
    try (BouncerServer server = BouncerServer.start(folder, config(1))) {
      long first = awaitSpare(server);
      Signals.send("KILL", first);
      server.awaitLog("spare/0, pid " + first + ", died (killed by signal 9)");
      long second = awaitSpare(server);
      assertThat(second).isNotEqualTo(first);
      Signals.send("STOP", second);
      long old = server.workers("acl").getFirst();
      Signals.send("KILL", old);
      assertThat(awaitSuccessor(server, "acl", old)).isNotEqualTo(second);
      echo(port);
      assertThat(worker(server, "io").path("restarts").asInt()).isZero();
      assertThat(server.status().path("workers")).hasSize(BouncerServer.STAGES.size());
      Signals.send("CONT", second);
    }
  }

  @Test
  void shouldHaveAsManySparesAsAReloadSays() throws Exception {
    try (BouncerServer server = BouncerServer.start(folder, config(0))) {
      echo(port);
      assertThat(server.status().path("spares")).isEmpty();
      server.reloaded(config(1));
      long spare = awaitSpare(server);
      server.reloaded(config(0));
      await("the end of the spare")
          .atMost(PATIENCE)
          .until(() -> server.status().path("spares").isEmpty());
      assertThat(ProcessHandle.of(spare)).isEmpty();
      List<Long> all = ProcessTree.of(server.pid());
      assertThat(all).doesNotContain(spare);
      assertThat(server.err().text()).contains("spare/0, pid " + spare + ", has ended");
    }
  }
}
