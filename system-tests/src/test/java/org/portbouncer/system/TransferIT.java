package org.portbouncer.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Session state by message, by file and by shared memory, on live traffic. */
@ExtendWith(Randomness.class)
class TransferIT {
  private static final int HEAD = 120;
  private static final String STUCK_SOURCE = "127.0.0.9";
  private static final int SLOTS = 64;
  private static final int MANY_SESSIONS = 6_000;
  private static final int AT_ONCE = 64;
  private static final Duration MANY_TAKE_AT_MOST = Patience.seconds(15);
  private static final int FEWER_SESSIONS = 3_000;

  @TempDir private Path folder;
  private final int port = Ports.free();
  private final int stuckPort = Ports.free();

  private static Target target;
  private static HangingTarget hanging;

  @BeforeAll
  static void startTargets() throws IOException {
    target = Target.start(Handler.echo());
    hanging = new HangingTarget();
  }

  @AfterAll
  static void stopTargets() throws Exception {
    Closing.all(target, hanging);
  }

  private String body(String transfer) {
    return """
    listeners {
      echo { listen = "127.0.0.1:%d", target = "127.0.0.1:%d" }
      stuck { listen = "127.0.0.1:%d", target = "127.0.0.1:%d", timeouts { connect = 60s } }
    }
    limits { max-sessions = 6000 }
    state-transfer { %s }
    timeouts { drain = 1s }
    """
        .formatted(port, target.port(), stuckPort, hanging.port(), transfer);
  }

  private BouncerServer start(String transfer) throws IOException {
    BouncerServer server = BouncerServer.start(folder, body(transfer));
    WarmUp.sessions(port);
    server.rememberDescriptors();
    return server;
  }

  private static JsonNode figures(BouncerServer server) throws IOException {
    return server.status().path("state_transfer");
  }

  private static int figure(BouncerServer server, String name) throws IOException {
    return figures(server).path(name).asInt(-1);
  }

  private static void awaitFigure(BouncerServer server, String name, int value) {
    await(name + " == " + value)
        .atMost(Patience.seconds(15))
        .pollInterval(Duration.ofMillis(20))
        .untilAsserted(() -> assertThat(figure(server, name)).isEqualTo(value));
  }

  @ParameterizedTest
  @CsvSource({
    "inline,0,inline",
    "inline,112192,inline",
    "inline,1048576,file-fd",
    "inline,4194304,file-fd",
    "file-fd,0,file-fd",
    "file-fd,112192,file-fd",
    "file-fd,4194304,file-fd",
    "shm,0,shm",
    "shm,112192,shm",
    "shm,4194304,shm"
  })
  void shouldPassSessionsAndShowHowTheirStateCame(
      String mode, int padding, String shown, Random random) throws Exception {
    try (BouncerServer server =
        start("mode = %s, padding = %d, shm { slots = %d }".formatted(mode, padding, SLOTS))) {
      boolean spills = !mode.equals(shown);
      int before = figure(server, "spilled");
      List<Client> clients = new ArrayList<>();
      for (int i = 0; i < 20; i++) {
        Client client = Client.to(port);
        client.echo(Payload.bytes(random, 20_000));
        clients.add(client);
      }
      JsonNode sessions = server.sessionsCommand();
      assertThat(sessions).hasSize(20);
      for (JsonNode session : sessions) {
        assertThat(session.path("transfer").asText()).isEqualTo(shown);
        assertThat(session.path("state_bytes").asInt()).isEqualTo(HEAD + padding);
      }
      JsonNode figures = figures(server);
      assertThat(figures.path("mode").asText()).isEqualTo(mode);
      assertThat(figures.path("spilled").asInt() - before).isEqualTo(spills ? 20 : 0);
      assertThat(figures.path("slots_total").asInt()).isEqualTo(mode.equals("shm") ? SLOTS : 0);
      assertThat(figures.path("slots_used").asInt()).as("while forwarding").isZero();
      Closing.all(clients.toArray(AutoCloseable[]::new));
      server.assertNothingLeaked();
    }
  }

  @Test
  void shouldGoAsFilesWhenAllSlotsAreTaken() throws Exception {
    List<Client> stuck = new ArrayList<>();
    try (BouncerServer server = start("mode = shm, padding = 5000, shm { slots = 64 }")) {
      for (int i = 0; i < SLOTS + 36; i++) {
        stuck.add(stuckClient());
      }
      server.awaitActive(SLOTS + 36);
      awaitFigure(server, "slots_used", SLOTS);
      assertThat(figure(server, "spilled")).isEqualTo(36);
      assertThat(transfers(server)).containsOnly("shm", "file-fd");
      assertThat(transfers(server).stream().filter("shm"::equals)).hasSize(SLOTS);
      try (Client client = Client.to(port)) {
        client.echo("beside them");
        assertThat(server.awaitSession(client.address()).path("transfer").asText())
            .isEqualTo("file-fd");
      }
      assertThat(figure(server, "spilled")).isEqualTo(37);
      assertThat(server.err().text()).contains("all state slots are taken");

      endStuck(server);
      server.awaitNoSession();
      assertThat(figure(server, "slots_used")).isZero();
      try (Client client = Client.to(port)) {
        client.echo("a slot again");
        assertThat(server.awaitSession(client.address()).path("transfer").asText())
            .isEqualTo("shm");
      }
      server.assertNothingLeaked();
    } finally {
      Closing.all(stuck.toArray(AutoCloseable[]::new));
    }
  }

  private Client stuckClient() throws IOException {
    return Client.from(STUCK_SOURCE, stuckPort);
  }

  /** Ends all that wait for the target that hangs. */
  private static void endStuck(BouncerServer server) throws IOException, InterruptedException {
    CommandResult kill = server.command("kill", "--from", STUCK_SOURCE + "/32");
    assertThat(kill.exit()).as(kill.allText()).isZero();
  }

  private static List<String> transfers(BouncerServer server) throws IOException {
    return BouncerServer.elements(server.sessions())
        .map(session -> session.path("transfer").asText())
        .toList();
  }

  @Test
  void shouldGoToMemoryWhenTheDirectoryIsFull() throws Exception {
    Path state = Files.createDirectory(folder.resolve("state"));
    try (Tmpfs small = Tmpfs.mount(state, "size=1m")) {
      assertThat(small).isNotNull();
      String transfer =
          "mode = file-fd, padding = 200000, file-fd { backing = \"directory:%s\" }"
              .formatted(state);
      List<Client> stuck = new ArrayList<>();
      try (BouncerServer server = start(transfer)) {
        int most = (1 << 20) / 200_120;
        for (int i = 0; i < 40; i++) {
          stuck.add(stuckClient());
        }
        server.awaitActive(40);
        assertThat(transfers(server)).containsOnly("file-fd");
        assertThat(figure(server, "spilled")).isBetween(40 - most, 39);
        try (Client client = Client.to(port)) {
          client.echo("with its state in memory");
        }
        assertThat(spillLines(server)).hasSizeBetween(1, 5);
        try (Stream<Path> names = Files.list(state)) {
          assertThat(names).as("names in the directory").isEmpty();
        }
        endStuck(server);
        server.assertNothingLeaked();
        int spilled = figure(server, "spilled");
        try (Client client = Client.to(port)) {
          client.echo("there is room again");
        }
        assertThat(figure(server, "spilled")).isEqualTo(spilled);
      } finally {
        Closing.all(stuck.toArray(AutoCloseable[]::new));
      }
    }
  }

  private static List<String> spillLines(BouncerServer server) {
    return server.err().lines().stream()
        .filter(line -> line.contains("no space left on device"))
        .toList();
  }

  @Test
  void shouldNotStartWhenTheDirectoryIsMissing() throws Exception {
    assertDoesNotStart(folder.resolve("gone"), "is not a directory");
  }

  @Test
  void shouldNotStartWhenTheDirectoryCannotBeWritten() throws Exception {
    Path state = Files.createDirectory(folder.resolve("state"));
    try (Tmpfs readOnly = Tmpfs.mount(state, "ro,size=64k")) {
      assertThat(readOnly).isNotNull();
      assertDoesNotStart(state, "read-only file system");
    }
  }

  @Test
  void shouldNotStartWhenTheDirectoryIsFullAlready() throws Exception {
    Path state = Files.createDirectory(folder.resolve("state"));
    try (Tmpfs full = Tmpfs.mount(state, "size=64k")) {
      assertThat(full).isNotNull();
      assertDoesNotStart(state, "no space left on device");
    }
  }

  private void assertDoesNotStart(Path directory, String why)
      throws IOException, InterruptedException {
    String transfer =
        "mode = file-fd, padding = 200000, file-fd { backing = \"directory:%s\" }"
            .formatted(directory);
    Path config = BouncerServer.writeConfig(folder, body(transfer));
    CommandResult result = CommandResult.bouncer("start", "-c", config.toString());
    assertThat(result.exit()).as(result.allText()).isEqualTo(1);
    assertThat(result.err()).as("stderr").hasSize(1);
    assertThat(result.err().getFirst())
        .contains("state-transfer.file-fd.backing")
        .contains(directory.toString())
        .contains(why);
    assertThat(result.leftBehind()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"inline", "file-fd", "shm"})
  void shouldEndWhatAKilledWorkerHeldAndServeOn(String mode) throws Exception {
    int held = SLOTS + 16;
    List<Client> stuck = new ArrayList<>();
    try (BouncerServer server =
        start("mode = %s, padding = 50000, shm { slots = 64 }".formatted(mode))) {
      for (int i = 0; i < held; i++) {
        stuck.add(stuckClient());
      }
      await("all in the hands of the connect worker")
          .atMost(Patience.seconds(15))
          .until(() -> inState(server, "connect") == held);
      long worker = server.workers("connect").getFirst();
      assertThat(CommandResult.run(null, List.of("kill", "-9", Long.toString(worker))).exit())
          .isZero();
      for (Client client : stuck) {
        assertThat(client.receiveAll().bytes()).isZero();
        assertThat(server.awaitEndOf(client.address()).result()).isEqualTo("error");
      }
      server.awaitNoSession();
      assertThat(figure(server, "slots_used")).isZero();
      for (int i = 0; i < SLOTS + 1; i++) {
        try (Client client = Client.to(port)) {
          client.echo("served by the next one");
        }
      }
      server.awaitNoSession();
      assertThat(figure(server, "slots_used")).isZero();
    } finally {
      Closing.all(stuck.toArray(AutoCloseable[]::new));
    }
  }

  private static long inState(BouncerServer server, String state) throws IOException {
    return BouncerServer.elements(server.sessions())
        .filter(session -> session.path("state").asText().equals(state))
        .count();
  }

  @ParameterizedTest
  @ValueSource(strings = {"inline", "file-fd", "shm"})
  void shouldLeakNothingOverManySessions(String mode, Random random) throws Exception {
    try (BouncerServer server =
        start("mode = %s, padding = 20000, shm { slots = 64 }".formatted(mode))) {
      long deadline = System.nanoTime() + MANY_TAKE_AT_MOST.toNanos();
      AtomicInteger left = new AtomicInteger(MANY_SESSIONS);
      AtomicInteger done = new AtomicInteger();
      try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
        List<Future<?>> clients = new ArrayList<>();
        for (int i = 0; i < AT_ONCE; i++) {
          String source = "127.0.1." + (1 + i % 16);
          byte[] bytes = Payload.bytes(random, 1_000 + i);
          clients.add(
              threads.submit(
                  () -> {
                    while (left.getAndDecrement() > 0 && System.nanoTime() < deadline) {
                      session(source, bytes);
                      done.incrementAndGet();
                    }
                    return null;
                  }));
        }
        for (Future<?> client : clients) {
          client.get();
        }
      }
      assertThat(done.get()).as("sessions").isGreaterThanOrEqualTo(FEWER_SESSIONS);
      server.assertNothingLeaked();
      assertThat(figure(server, "slots_used")).isZero();
      String errors = server.err().text();
      assertThat(errors).doesNotContain("refused").doesNotContain("damaged");
    }
  }

  private void session(String source, byte[] bytes) throws IOException {
    try (Client client = Client.from(source, port)) {
      client.echo(bytes);
      client.finish();
      if (client.receiveAll().bytes() != 0) {
        throw new IOException("more than the echo came");
      }
    }
  }
}
