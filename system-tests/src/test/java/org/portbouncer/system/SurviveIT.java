package org.portbouncer.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * Live sessions go on when their io worker is killed: {@code -Dsurvive.kills=N} for more kills,
 * {@code -Dsurvive.sessions=N} for more sessions.
 */
@ExtendWith(Randomness.class)
class SurviveIT {
  private static final int KILLS = Integer.getInteger("survive.kills", 20);
  private static final int SESSIONS = Integer.getInteger("survive.sessions", 40);

  /** More than the sockets on the way take, so that the rest lies in the worker. */
  private static final int LARGE = 24 << 20;

  @TempDir private Path folder;
  private final int port = Ports.free();
  private final int port6 = Ports.free();
  private final int slow = Ports.free();

  private String config(int target, int unixTarget) {
    return """
    listeners {
      four { listen = "127.0.0.1:%d", target = "127.0.0.1:%d" }
      six { listen = "[::1]:%d", target = "127.0.0.1:%d" }
      path { listen = "unix:%s/door", target = "127.0.0.1:%d" }
      slow { listen = "127.0.0.1:%d", target = "127.0.0.1:%d", bandwidth = slow }
    }
    bandwidth { slow { up = "4 MiB/s", down = "4 MiB/s", shared-by = session } }
    workers { io = 2 }
    timeouts { drain = 1s }
    """
        .formatted(port, target, port6, target, folder, unixTarget, slow, target);
  }

  @Test
  void shouldGoOnWithEverySessionThatHadNothingInTheWorkerThatIsKilled(Random random)
      throws Exception {
    List<Talk> talks = new ArrayList<>();
    try (EchoTarget target = new EchoTarget();
        BouncerServer server = BouncerServer.start(folder, config(target.port(), target.port()))) {
      WarmUp.sessions(port);
      server.awaitNoSession();
      int descriptors = count(server.pid());
      long before = total(server);
      SocketAddress[] doors = {
        new InetSocketAddress(Client.LOOPBACK, port),
        new InetSocketAddress(InetAddress.ofLiteral("::1"), port6),
        UnixDomainSocketAddress.of(folder.resolve("door")),
        new InetSocketAddress(Client.LOOPBACK, slow)
      };
      for (int i = 0; i < SESSIONS; i++) {
        talks.add(new Talk(doors[i / 2 % doors.length], i, i % 2 == 0, random.nextLong()));
      }
      awaitTrue("all talk", () -> talks.stream().allMatch(Talk::begun));
      for (int i = 0; i < KILLS; i++) {
        killOne(server, random);
      }
      for (Talk talk : talks) {
        talk.finish();
      }
      server.awaitNoSession();
      check(server, talks, total(server) - before);
      awaitTrue("descriptors of before", () -> count(server.pid()) <= descriptors);
      assertThat(keepers(server)).hasSize(2);
    } finally {
      Closing.all(talks.toArray(AutoCloseable[]::new));
    }
  }

  private static void check(BouncerServer server, List<Talk> talks, long ended) throws IOException {
    assertThat(talks).allSatisfy(talk -> assertThat(talk.wrong()).isEmpty());
    List<Talk> cut = talks.stream().filter(talk -> !talk.cut().isEmpty()).toList();
    List<AccessLine> errors =
        server.accessLines(line -> line.isEnd() && line.result().equals("error"));
    assertThat(cut)
        .as("quiet ones; %s %s", errors, server.err().text())
        .noneMatch(talk -> !talk.busy());
    // At most one has its bytes in a worker's hands at any moment.
    assertThat(cut).hasSizeLessThanOrEqualTo(KILLS);
    assertThat(ended).isEqualTo(talks.size());
    assertThat(errors).hasSize(cut.size());
    long whole = talks.stream().filter(talk -> talk.cut().isEmpty()).mapToLong(Talk::bytes).sum();
    long counted =
        server.accessLines(line -> line.isEnd() && line.result().equals("ok")).stream()
            .mapToLong(line -> line.number("up"))
            .sum();
    assertThat(counted).isGreaterThanOrEqualTo(whole);
    System.out.printf("%d kills, %d sessions, %d cut%n", KILLS, talks.size(), cut.size());
  }

  /** Kills one of the io workers that have sessions, and awaits its successor. */
  private static void killOne(BouncerServer server, Random random) throws Exception {
    List<Long> io = server.workers("io");
    long victim = io.get(random.nextInt(io.size()));
    int sessions = server.sessions().size();
    Signals.send("KILL", victim);
    await("a successor")
        .atMost(Patience.seconds(20))
        .pollInterval(Duration.ofMillis(20))
        .untilAsserted(
            () -> {
              List<JsonNode> workers =
                  BouncerServer.elements(server.status().path("workers"))
                      .filter(worker -> worker.path("stage").asText().equals("io"))
                      .toList();
              assertThat(workers)
                  .allSatisfy(
                      worker -> {
                        assertThat(worker.path("state").asText()).isEqualTo("ready");
                        assertThat(worker.path("pid").asLong()).isNotEqualTo(victim);
                      });
            });
    List<Long> now = server.workers("io");
    int left = 0;
    for (JsonNode session : server.sessions()) {
      assertThat(session.path("worker_pid").asLong()).isIn(now);
      left++;
    }
    assertThat(left).isGreaterThanOrEqualTo(sessions - 1);
  }

  private static long total(BouncerServer server) {
    return server.accessLines(AccessLine::isEnd).size();
  }

  private static List<Long> keepers(BouncerServer server) {
    return ProcessTree.keepers(server.pid());
  }

  private static int count(long pid) throws IOException {
    return ProcessTree.descriptors(pid).values().stream().mapToInt(Integer::intValue).sum();
  }

  private static void awaitTrue(String what, java.util.concurrent.Callable<Boolean> condition) {
    await(what).atMost(Patience.seconds(20)).pollInterval(Duration.ofMillis(20)).until(condition);
  }

  @Test
  void shouldGoOnWhenTheWorkerCrashesAndInItsSuccessorWhereThereIsNoOther() throws Exception {
    try (EchoTarget target = new EchoTarget();
        BouncerServer server =
            BouncerServer.start(
                folder, config(target.port(), target.port()).replace("io = 2", "io = 1"));
        Client client = Client.to(port)) {
      client.echo("before");
      long crashes = server.workers("io").getFirst();
      Signals.send("SEGV", crashes);
      // The VM writes a report first and then aborts, and its other threads go on meanwhile.
      awaitTrue("a successor", () -> server.workers("io").getFirst() != crashes);
      client.echo("after");
      assertThat(server.err().text())
          .contains("sessions that go on in others: 1; sessions lost with it: 0");
      client.finish();
      client.receiveAll();
      AccessLine end = server.awaitEndOf(client.address());
      assertThat(end.result()).isEqualTo("ok");
      assertThat(end.number("up")).isEqualTo(11);
    }
  }

  @Test
  void shouldDeliverWhatASlowReaderLeftInAPipeAndKeepHalfClosedSessionsSo(Random random)
      throws Exception {
    deliver(random, List.of());
  }

  @Test
  void shouldDeliverWhatASlowReaderLeftInTheWorkersMemory(Random random, @TempDir Path tools)
      throws Exception {
    deliver(random, List.of(WithoutSplice.compile(tools).toString(), "1"));
  }

  private void deliver(Random random, List<String> before) throws Exception {
    CompletableFuture<String> sent = new CompletableFuture<>();
    CountDownLatch go = new CountDownLatch(1);
    CompletableFuture<Received> taken = new CompletableFuture<>();
    try (Target source = Target.start(Handler.source(random, LARGE, sent));
        Target late = Target.start(Handler.lateSink(go, taken));
        BouncerServer server =
            BouncerServer.startBy(before, folder, config(source.port(), late.port()))) {
      try (Client down = Client.to(port);
          SocketChannel up =
              SocketChannel.open(UnixDomainSocketAddress.of(folder.resolve("door")))) {
        down.finish();
        CompletableFuture<String> uploaded = upload(up, random.nextLong());
        awaitStill(server);
        for (int i = 0; i < 4; i++) {
          killOne(server, random);
          assertThat(server.sessions()).hasSize(2);
        }
        go.countDown();
        Received received = down.receiveAll();
        assertThat(received.bytes()).isEqualTo(LARGE);
        assertThat(received.digest()).isEqualTo(sent.get());
        assertThat(taken.get().digest()).isEqualTo(uploaded.get());
      }
      server.awaitNoSession();
      assertThat(server.accessLines(AccessLine::isEnd))
          .hasSize(2)
          .allSatisfy(line -> assertThat(line.result()).as("%s", line).isEqualTo("ok"))
          .allSatisfy(
              line ->
                  assertThat(Math.max(line.number("up"), line.number("down")))
                      .as("%s", line)
                      .isEqualTo(LARGE));
    }
  }

  private static CompletableFuture<String> upload(SocketChannel to, long seed) {
    return CompletableFuture.supplyAsync(
        () -> {
          try {
            String digest = Payload.write(Channels.newOutputStream(to), new Random(seed), LARGE);
            to.shutdownOutput();
            return digest;
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        });
  }

  /** Waits until both sessions have moved what they can, and their readers let no more through. */
  private static void awaitStill(BouncerServer server) {
    List<Long> last = new ArrayList<>(List.of(-1L));
    await("sessions that stand still")
        .atMost(Patience.seconds(20))
        .pollInterval(Duration.ofMillis(300))
        .until(
            () -> {
              long moved = 0;
              int sessions = 0;
              for (JsonNode session : server.sessions()) {
                moved += session.path("bytes_up").asLong() + session.path("bytes_down").asLong();
                sessions++;
              }
              return sessions == 2 && moved > 0 && last.set(0, moved) == moved;
            });
  }
}
