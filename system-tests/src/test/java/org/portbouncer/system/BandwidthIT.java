package org.portbouncer.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;
import org.portbouncer.system.Received.Ending;

/**
 * Bandwidth classes seen from outside. What must not be too fast is held to the rate strictly; what
 * must not be too slow gets room for a machine that is busy.
 */
@ExtendWith(Randomness.class)
@Isolated
class BandwidthIT {

  private static final int KIB = 1024;

  private static BandwidthServer all;
  private static Target target;
  private static BouncerServer server;

  @BeforeAll
  static void start(@TempDir Path folder) throws Exception {
    all = BandwidthServer.start(folder);
    target = all.target();
    server = all.server();
    all.warmUp();
  }

  @AfterAll
  static void stop() throws Exception {
    if (all != null) {
      all.close();
    }
  }

  @AfterEach
  void nothingIsLeft() throws Exception {
    target.serve(Handler.echo());
    server.assertNothingLeaked();
    for (JsonNode one : server.status().path("bandwidth")) {
      assertThat(one.path("sessions").asInt(-1)).isZero();
    }
  }

  /** Fails where so many bytes came faster than the rate allows, or far slower. */
  private static void assertRate(long bytes, long nanos, long rate) {
    double seconds = nanos / 1e9;
    double due = (double) bytes / rate;
    assertThat(seconds).as("seconds for %d bytes at %d B/s", bytes, rate).isGreaterThan(0.95 * due);
    assertThat(seconds)
        .as("seconds for %d bytes at %d B/s", bytes, rate)
        .isLessThan(1.25 * due + Patience.millis(500) / 1e3);
  }

  @Test
  void shouldHoldTheRateOfEachWayByItself(Random random) throws Exception {
    CompletableFuture<Received> up = new CompletableFuture<>();
    target.serve(Handler.sink(up));
    try (Client client = Client.to(BandwidthServer.WAYS)) {
      long begun = System.nanoTime();
      String sent = client.send(random, 512 * KIB);
      client.finish();
      Received received = up.get(Patience.seconds(20).toSeconds(), TimeUnit.SECONDS);
      assertRate(512 * KIB, System.nanoTime() - begun, 512 * KIB);
      assertThat(received).isEqualTo(new Received(512 * KIB, sent, Ending.EOF));
    }
    CompletableFuture<String> down = new CompletableFuture<>();
    target.serve(Handler.source(random, 1024 * KIB, down));
    try (Client client = Client.to(BandwidthServer.WAYS)) {
      long begun = System.nanoTime();
      client.finish();
      Received received = client.receiveAll();
      assertRate(1024 * KIB, System.nanoTime() - begun, 1024 * KIB);
      assertThat(received.digest())
          .isEqualTo(down.get(Patience.seconds(5).toSeconds(), TimeUnit.SECONDS));
    }
  }

  @Test
  void shouldShareOneRateEquallyOverAllWorkers() throws Exception {
    target.serve(Handler.flood());
    try (Meter meter = new Meter().open("127.0.0.1", BandwidthServer.FAIR, 8)) {
      await().until(() -> Arrays.stream(meter.counts()).allMatch(bytes -> bytes > 0));
      long[] rates = meter.rates(2_000);
      assertThat((double) Arrays.stream(rates).sum())
          .isCloseTo(2048 * KIB, within(0.08 * 2048 * KIB));
      assertThat(Meter.jain(rates)).as(Arrays.toString(rates)).isGreaterThan(0.98);
      assertThat(server.status().path("bandwidth").path("fair").path("sessions").asInt())
          .isEqualTo(8);
      // A new one has its part at once.
      long opened = System.nanoTime();
      try (Client late = Client.to(BandwidthServer.FAIR)) {
        late.receive(1);
        assertThat((System.nanoTime() - opened) / 1_000_000)
            .as("milliseconds")
            .isLessThan(Patience.millis(500));
      }
    }
  }

  @Test
  void shouldGiveEachSourceARateOfItsOwn() throws Exception {
    target.serve(Handler.flood());
    try (Meter meter = new Meter()) {
      meter
          .open("127.0.4.1", BandwidthServer.SOURCES, 2)
          .open("127.0.4.2", BandwidthServer.SOURCES, 1);
      await().until(() -> Arrays.stream(meter.counts()).allMatch(bytes -> bytes > 0));
      long[] rates = meter.rates(1_500);
      assertThat((double) rates[0] + rates[1]).isCloseTo(512 * KIB, within(0.15 * 512 * KIB));
      assertThat((double) rates[2]).isCloseTo(512 * KIB, within(0.15 * 512 * KIB));
    }
  }

  @Test
  void shouldTakeTheRulesClassBeforeTheListenersAndGiveEachRuleARate() throws Exception {
    target.serve(Handler.flood());
    try (Meter meter = new Meter()) {
      meter
          .open("127.0.2.1", BandwidthServer.RULES, 1)
          .open("127.0.2.2", BandwidthServer.RULES, 1)
          .open("127.0.3.1", BandwidthServer.RULES, 1);
      await().until(() -> Arrays.stream(meter.counts()).allMatch(bytes -> bytes > 0));
      assertThat(BouncerServer.elements(server.sessions()))
          .hasSize(3)
          .allMatch(session -> session.path("bandwidth").asText().equals("rules"));
      long[] rates = meter.rates(1_500);
      assertThat((double) rates[0] + rates[1]).isCloseTo(512 * KIB, within(0.15 * 512 * KIB));
      assertThat((double) rates[2]).isCloseTo(512 * KIB, within(0.15 * 512 * KIB));
    }
    target.serve(Handler.echo());
    try (Client client = Client.from("127.0.0.1", BandwidthServer.RULES)) {
      client.echo("x");
      assertThat(server.awaitSession(client.address()).path("bandwidth").asText())
          .isEqualTo("fair");
    }
  }

  private static JsonNode limit(String request) throws IOException {
    return AdminClient.ask(server.socket(), "limit " + request);
  }

  @Test
  void shouldChangeLiveSessionsAtOnceWhenTheOperatorLimitsTheirClass() throws Exception {
    target.serve(Handler.flood());
    try (Meter meter = new Meter().open("127.0.0.1", BandwidthServer.LIVE, 4)) {
      await().until(() -> meter.total() > 0);
      long[] slow = meter.rates(1_000);
      assertThat(Arrays.stream(slow).sum()).isLessThan(90 * KIB);
      // Each has waited for nearly all of that second, and a wait counts when it ends.
      for (JsonNode session : server.sessions()) {
        assertThat(session.path("throttled_ms").asLong()).as("%s", session).isGreaterThan(500);
      }

      CommandResult faster = server.command("limit", "live", "--down", "4 MiB/s");
      assertThat(faster.exit()).as(faster.allText()).isZero();
      assertThat(faster.outText()).contains("live: up 64 KiB/s, down 4 MiB/s");
      assertThat(Arrays.stream(meter.rates(1_000)).sum())
          .isBetween((long) (3.2 * 1024 * KIB), (long) (4.6 * 1024 * KIB));

      // Down again, to where every piece that stood in line would have taken seconds.
      assertThat(limit("live --down 32KiB/s").path("down").asLong()).isEqualTo(32 * KIB);
      Pause.millis(300);
      assertThat(Arrays.stream(meter.rates(1_000)).sum()).isBetween(20L * KIB, 48L * KIB);

      assertThat(limit("live --down none").path("down").isNull()).isTrue();
      long before = meter.total();
      await("no limit any more")
          .atMost(Patience.seconds(5))
          .until(() -> meter.total() - before > 20L * 1024 * KIB);

      // A reload is the end of it.
      all.reload();
      assertThat(server.status().path("bandwidth").path("live").path("down").asLong())
          .isEqualTo(64 * KIB);
      Pause.millis(300);
      assertThat(Arrays.stream(meter.rates(1_000)).sum()).isLessThan(100 * KIB);
    }
  }

  @Test
  void shouldWakeOneThatWaitsLongWhenItsClassGetsFaster() throws Exception {
    CompletableFuture<Received> received = new CompletableFuture<>();
    target.serve(Handler.sink(received));
    try (Client client = Client.to(BandwidthServer.CRAWL)) {
      client.send(new byte[300]);
      client.finish();
      server.awaitSession(client.address());
      Pause.millis(300);
      // Five minutes' worth would be left.
      long begun = System.nanoTime();
      limit("crawl --up 1MiB/s");
      assertThat(received.get(Patience.seconds(10).toSeconds(), TimeUnit.SECONDS).bytes())
          .isEqualTo(300);
      assertThat((System.nanoTime() - begun) / 1_000_000)
          .as("milliseconds")
          .isLessThan(Patience.millis(2_000));
    } finally {
      limit("crawl --up 8bit/s");
    }
  }

  @Test
  void shouldSayWhatIsWrongWhenTheClassOrTheRateIs() throws Exception {
    CommandResult unknown = server.command("limit", "lvie", "--up", "1 MiB/s");
    assertThat(unknown.exit()).isEqualTo(1);
    assertThat(unknown.allText().strip())
        .isEqualTo("bouncer: no bandwidth class 'lvie', did you mean 'live'?");
    CommandResult wrong = server.command("limit", "live", "--up", "fast");
    assertThat(wrong.exit()).isEqualTo(2);
    assertThat(wrong.allText().strip().lines()).hasSize(1);
  }

  @Test
  void shouldNotCutWhatWaitsForItsRateByIdleOrHalfClosedTimes() throws Exception {
    CompletableFuture<Received> received = new CompletableFuture<>();
    target.serve(Handler.sink(received));
    try (Client client = Client.to(BandwidthServer.CRAWL)) {
      // One byte a second: twice the time after which it would be idle.
      client.send("late");
      client.finish();
      assertThat(received.get(Patience.seconds(20).toSeconds(), TimeUnit.SECONDS))
          .isEqualTo(
              new Received(4, Digest.of("late".getBytes(StandardCharsets.US_ASCII)), Ending.EOF));
      AccessLine end = server.awaitEndOf(client.address());
      assertThat(end.result()).as("%s", end).isEqualTo("ok");
      assertThat(end.number("up")).isEqualTo(4);
    }
  }

  @Test
  void shouldDeliverEverythingBeforeTheEndOfStreamWhenARateDelaysIt(Random random)
      throws Exception {
    CompletableFuture<Received> received = new CompletableFuture<>();
    target.serve(Handler.sink(received));
    try (Client client = Client.to(BandwidthServer.EDGE)) {
      String sent = client.send(random, 512 * KIB);
      client.finish();
      assertThat(received.get(Patience.seconds(20).toSeconds(), TimeUnit.SECONDS))
          .isEqualTo(new Received(512 * KIB, sent, Ending.EOF));
    }
  }

  @Test
  void shouldDeliverEverythingBeforeTheTargetsResetWhenARateDelaysIt(Random random)
      throws Exception {
    byte[] bytes = Payload.bytes(random, 384 * KIB);
    target.serve(Handler.sendThenReset(bytes));
    try (Client client = Client.to(BandwidthServer.EDGE)) {
      assertThat(client.receiveAll())
          .isEqualTo(new Received(bytes.length, Digest.of(bytes), Ending.RESET));
      assertThat(server.awaitEndOf(client.address()).result()).isEqualTo("reset");
    }
  }

  @Test
  void shouldDeliverEverythingBeforeTheClientsResetWhenARateDelaysIt(Random random)
      throws Exception {
    byte[] bytes = Payload.bytes(random, 384 * KIB);
    CompletableFuture<Received> received = new CompletableFuture<>();
    target.serve(Handler.sink(received));
    Client client = Client.to(BandwidthServer.EDGE);
    client.send(bytes);
    client.awaitAcknowledged();
    client.reset();
    assertThat(received.get(Patience.seconds(20).toSeconds(), TimeUnit.SECONDS))
        .isEqualTo(new Received(bytes.length, Digest.of(bytes), Ending.RESET));
    assertThat(server.awaitEndOf(client.address()).result()).isEqualTo("reset");
  }

  @Test
  void shouldEndAtOnceWhenTheReaderResetsWhileARateDelaysTheRest() throws Exception {
    target.serve(Handler.flood());
    Client client = Client.to(BandwidthServer.EDGE);
    client.receive(1);
    client.reset();
    AccessLine end = server.awaitEndOf(client.address());
    assertThat(end.result()).as("%s", end).isEqualTo("reset");
    assertThat(end.number("duration_ms")).isLessThan(Patience.millis(5_000));
  }

  @Test
  void shouldKeepTheRateForTheOthersWhenAnIoWorkerDies() throws Exception {
    target.serve(Handler.flood());
    try (Meter meter = new Meter().open("127.0.0.1", BandwidthServer.FAIR, 8)) {
      await().until(() -> Arrays.stream(meter.counts()).allMatch(bytes -> bytes > 0));
      List<Long> before = server.workers("io");
      Signals.send("KILL", before.getFirst());
      await("the sessions of the dead worker are another's")
          .atMost(Patience.seconds(15))
          .until(() -> server.workers("io").stream().noneMatch(before.getFirst()::equals));
      // One of them may have had bytes in its hands.
      assertThat(server.status().path("bandwidth").path("fair").path("sessions").asInt())
          .isBetween(7, 8);
      // What it had taken and not used is there for all, and nobody stands in line for the dead.
      long[] rates = meter.rates(1_500);
      assertThat((double) Arrays.stream(rates).sum())
          .isCloseTo(2048 * KIB, within(0.1 * 2048 * KIB));
    }
    // The successor is another process.
    server.awaitNoSession();
    all.warmUp();
  }

  @Test
  void shouldNotSpinWhenEverySessionIsStuck() throws Exception {
    target.serve(Handler.flood());
    Client[] stuck = new Client[40];
    try (Meter crawling = new Meter()) {
      // Some wait for their rate, the others for a peer that does not read.
      crawling.open("127.0.0.1", BandwidthServer.CRAWL, 20);
      for (int i = 0; i < stuck.length; i++) {
        stuck[i] = Client.to(BandwidthServer.FREE);
      }
      server.awaitActive(60);
      // Their compilers may be at work for a while; one that spins is never done.
      List<Long> workers = server.workers("io");
      double[] before = {processorSeconds(workers)};
      await("two seconds in which the io workers take less than 0.3 s")
          .pollInterval(Duration.ofSeconds(2))
          .atMost(Patience.seconds(30))
          .until(
              () -> {
                double now = processorSeconds(workers);
                double taken = now - before[0];
                before[0] = now;
                return taken < 0.3;
              });
      // And the others go on.
      target.serve(Handler.echo());
      try (Client busy = Client.to(BandwidthServer.FREE)) {
        for (int i = 0; i < 100; i++) {
          busy.echo("meanwhile");
        }
      }
    } finally {
      Closing.all(stuck);
    }
  }

  private static double processorSeconds(List<Long> pids) throws IOException {
    double seconds = 0;
    for (long pid : pids) {
      seconds += ProcessTree.processorSeconds(pid);
    }
    return seconds;
  }

  @Test
  void shouldAskPeersWhetherTheyLiveAsTheListenerSays() throws Exception {
    try (Client client = Client.to(BandwidthServer.FREE)) {
      client.echo("x");
      assertThat(keepAliveSeconds(BandwidthServer.FREE))
          .as("listener with keep-alive")
          .isLessThanOrEqualTo(60);
    }
    try (Client client = Client.to(BandwidthServer.WAYS)) {
      client.echo("x");
      assertThat(keepAliveSeconds(BandwidthServer.WAYS)).as("listener without").isGreaterThan(60);
    }
  }

  /** Seconds until the kernel asks the client: "tr:tm->when" of /proc/net/tcp, 02 is keep-alive. */
  private static long keepAliveSeconds(int port) throws IOException {
    String local = String.format(":%04X", port);
    try (Stream<String> lines = Files.lines(Path.of("/proc/net/tcp"))) {
      String timer =
          lines
              .map(line -> line.strip().split("\\s+", -1))
              .filter(fields -> fields[1].endsWith(local) && fields[3].equals("01"))
              .map(fields -> fields[5])
              .filter(text -> text.startsWith("02:"))
              .findFirst()
              .orElseThrow();
      return Long.parseLong(timer.substring(3), 16) / 100;
    }
  }
}
