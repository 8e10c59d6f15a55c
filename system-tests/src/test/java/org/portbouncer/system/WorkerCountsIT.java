package org.portbouncer.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Reloads that change how many workers there are, while sessions live and come. */
class WorkerCountsIT {
  private static final int PORT = Ports.free();

  private static Target target;
  private static BouncerServer server;

  @BeforeAll
  static void start(@TempDir Path folder) throws Exception {
    target = Target.start(Handler.echo());
    server = BouncerServer.start(folder, workers(1, 1, 1, 1, 1));
    WarmUp.sessions(PORT);
  }

  @AfterAll
  static void stop() throws Exception {
    Closing.all(server, target);
  }

  @BeforeEach
  void asAtTheStart() throws Exception {
    server.reloaded(workers(1, 1, 1, 1, 1));
    awaitWorkers(5);
    server.rememberDescriptors();
  }

  private static String workers(int negotiate, int acl, int connect, int bandwidth, int io) {
    return """
    listeners { web { listen = "127.0.0.1:%d", target = "127.0.0.1:%d", acl = rules } }
    acls { rules = [ { name = local, action = pass, from = "127.0.0.0/8" } ] }
    survive = false
    workers { negotiate = %d, acl = %d, connect = %d, bandwidth = %d, io = %d }
    """
        .formatted(PORT, target.port(), negotiate, acl, connect, bandwidth, io);
  }

  /** Waits until there are this many, and all of them serve. */
  private static void awaitWorkers(int count) {
    await(count + " workers that are ready")
        .atMost(Patience.seconds(20))
        .pollInterval(Duration.ofMillis(20))
        .untilAsserted(
            () -> {
              JsonNode workers = server.status().path("workers");
              assertThat(workers).hasSize(count);
              assertThat(workers).allMatch(w -> w.path("state").asText().equals("ready"));
            });
  }

  private static Set<Long> pids(String stage, String state) throws IOException {
    return BouncerServer.elements(server.status().path("workers"))
        .filter(w -> w.path("stage").asText().equals(stage))
        .filter(w -> w.path("state").asText().equals(state))
        .map(w -> w.path("pid").asLong())
        .collect(Collectors.toSet());
  }

  private static List<Client> open(int count) throws IOException {
    List<Client> clients = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      Client client = Client.to(PORT);
      client.echo("x");
      clients.add(client);
    }
    return clients;
  }

  private static Set<Long> forwarding() throws IOException {
    return BouncerServer.elements(server.sessions())
        .map(session -> session.path("worker_pid").asLong())
        .collect(Collectors.toSet());
  }

  @Test
  void shouldGiveNewWorkersSessionsAndLetThoseGoThatAreTooMany() throws Exception {
    Set<Long> before = pids("io", "ready");
    server.reloaded(workers(2, 2, 2, 2, 3));
    awaitWorkers(11);
    Set<Long> grown = pids("io", "ready");
    assertThat(grown).hasSize(3).containsAll(before);
    List<Client> clients = open(12);
    assertThat(forwarding()).isEqualTo(grown);

    server.reloaded(workers(1, 1, 1, 1, 1));
    await("the others of the first stages have gone")
        .atMost(Patience.seconds(10))
        .until(() -> server.status().path("workers").size() == 7);
    Set<Long> leaving = pids("io", "draining");
    assertThat(leaving).hasSize(2).doesNotContainAnyElementsOf(before);
    assertThat(pids("io", "ready")).isEqualTo(before);
    List<Client> later = open(6);
    for (Client client : later) {
      assertThat(server.awaitSession(client.address()).path("worker_pid").asLong()).isIn(before);
    }
    for (Client client : clients) {
      client.echo("served to its end");
    }
    Closing.all(clients.toArray(AutoCloseable[]::new));
    Closing.all(later.toArray(AutoCloseable[]::new));
    awaitWorkers(5);
    assertThat(leaving).noneMatch(ProcessTree::isAlive);
    assertThat(server.err().text()).contains("has ended: it was not needed");
    server.assertNothingLeaked();
  }

  @Test
  void shouldNumberANewWorkerApartFromOneThatStillEnds() throws Exception {
    server.reloaded(workers(1, 1, 1, 1, 2));
    List<Client> clients = open(4);
    server.reloaded(workers(1, 1, 1, 1, 1));
    server.reloaded(workers(1, 1, 1, 1, 2));
    List<String> names =
        BouncerServer.elements(server.status().path("workers"))
            .filter(w -> w.path("stage").asText().equals("io"))
            .map(w -> w.path("index").asText() + " " + w.path("state").asText())
            .toList();
    assertThat(names).containsExactly("0 ready", "1 draining", "2 ready");
    Closing.all(clients.toArray(AutoCloseable[]::new));
    awaitWorkers(6);
  }

  @Test
  void shouldNotReplaceAWorkerThatDiesWhileItEnds() throws Exception {
    server.reloaded(workers(1, 1, 1, 1, 2));
    List<Client> clients = open(4);
    server.reloaded(workers(1, 1, 1, 1, 1));
    long leaving = pids("io", "draining").iterator().next();
    Signals.send("KILL", leaving);
    awaitWorkers(5);
    assertThat(server.sessions()).hasSize(2);
    assertThat(server.accessLines(line -> line.result().equals("error"))).hasSize(2);
    for (Client client : clients) {
      client.close();
    }
  }

  @Test
  void shouldTellASuccessorOfTheStageBeforeWhoGetsSessionsNow() throws Exception {
    server.reloaded(workers(1, 1, 1, 1, 2));
    List<Client> clients = open(2);
    server.reloaded(workers(1, 1, 1, 1, 1));
    server.reloaded(workers(1, 1, 1, 1, 3));
    Signals.send("KILL", server.workers("bandwidth").getFirst());
    List<Client> later = open(9);
    Set<Long> ready = pids("io", "ready");
    assertThat(ready).hasSize(3);
    for (Client client : later) {
      assertThat(server.awaitSession(client.address()).path("worker_pid").asLong()).isIn(ready);
    }
    Closing.all(clients.toArray(AutoCloseable[]::new));
    Closing.all(later.toArray(AutoCloseable[]::new));
    awaitWorkers(7);
  }

  @Test
  void shouldLoseNoSessionWhileWorkersComeAndGo() throws Exception {
    AtomicBoolean enough = new AtomicBoolean();
    AtomicInteger served = new AtomicInteger();
    List<CompletableFuture<Void>> clients = new ArrayList<>();
    for (int i = 0; i < 16; i++) {
      clients.add(
          CompletableFuture.runAsync(
              () -> {
                while (!enough.get()) {
                  try (Client client = Client.to(PORT)) {
                    client.echo("a few bytes");
                    client.finish();
                    client.receiveAll();
                    served.incrementAndGet();
                  } catch (IOException e) {
                    throw new java.io.UncheckedIOException(e);
                  }
                }
              },
              task -> Thread.ofVirtual().start(task)));
    }
    try {
      for (int round = 0; round < 2; round++) {
        server.reloaded(workers(2, 2, 2, 2, 2));
        server.reloaded(workers(1, 1, 1, 1, 1));
      }
    } finally {
      enough.set(true);
    }
    for (CompletableFuture<Void> client : clients) {
      client.get();
    }
    assertThat(served).hasPositiveValue();
    awaitWorkers(5);
    server.assertNothingLeaked();
  }
}
