package org.portbouncer.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.portbouncer.system.Received.Ending;

/** The sessions of a mother who was killed are those of the next server. */
@ExtendWith(Randomness.class)
class OrphansIT {

  private static final int LATE_BYTES = 3 << 20;

  @TempDir private Path folder;
  private final int port = Ports.free();
  private final int late = Ports.free();
  private final int half = Ports.free();
  private final int inside = Ports.free();
  private final List<AutoCloseable> open = new ArrayList<>();

  @AfterEach
  void closeAll() throws Exception {
    Closing.all(open.reversed().toArray(AutoCloseable[]::new));
  }

  private <T extends AutoCloseable> T opened(T one) {
    open.add(one);
    return one;
  }

  private String config(int target, int lateTarget, int halfTarget) {
    return """
    listeners {
      web { listen = "127.0.0.1:%d", target = "group:office", acl = office }
      door { listen = "unix:%s/door", target = "127.0.0.1:%d" }
      late { listen = "127.0.0.1:%d", target = "127.0.0.1:%d" }
      half { listen = "127.0.0.1:%d", target = "127.0.0.1:%d", bandwidth = wide }
      inside { listen = "127.0.0.1:%d", target = "internal:echo" }
    }
    targets { office { members = [ { name = a, address = "127.0.0.1:%d" } ] } }
    acls {
      office = [
        { name = one, from = "127.0.0.9", action = pass, max-sessions = 1 }
        { name = all, from = "0.0.0.0/0", action = pass, bandwidth = wide }
      ]
    }
    bandwidth { wide { up = 500 MiB/s, down = 500 MiB/s } }
    workers { io = 2 }
    timeouts { drain = 1s }
    log { access { to = "file:%s/access.log" } }
    """
        .formatted(
            port, folder, target, late, lateTarget, half, halfTarget, inside, target, folder);
  }

  private static Map<Long, JsonNode> sessions(BouncerServer server) throws IOException {
    Map<Long, JsonNode> all = new HashMap<>();
    BouncerServer.elements(server.sessions()).forEach(s -> all.put(s.path("id").asLong(), s));
    return all;
  }

  private AccessLine awaitEndOf(Client client) {
    return await("the end line of " + client.address())
        .atMost(Patience.seconds(20))
        .until(
            () ->
                Files.readAllLines(folder.resolve("access.log")).stream()
                    .map(AccessLine::parse)
                    .flatMap(Optional::stream)
                    .filter(line -> line.isEnd() && line.client().equals(client.address()))
                    .findFirst(),
            Optional::isPresent)
        .orElseThrow();
  }

  private static Map<String, Integer> sockets(BouncerServer server) throws IOException {
    Map<String, Integer> all = new HashMap<>();
    all.put("mother", ProcessTree.descriptors(server.pid()).get("socket:"));
    for (long io : server.workers("io")) {
      all.merge("io", ProcessTree.descriptors(io).get("socket:"), Integer::sum);
    }
    return all;
  }

  @Test
  void shouldBeSessionsOfTheNextServerWhenTheMotherWasKilled(Random random) throws Exception {
    CountDownLatch start = opened(new Latch()).latch;
    CompletableFuture<Received> received = new CompletableFuture<>();
    EchoTarget target = opened(new EchoTarget());
    Target lateTarget = opened(Target.start(Handler.lateSink(start, received)));
    Target halfTarget = opened(Target.start(endsLast(start)));
    String config = config(target.port(), lateTarget.port(), halfTarget.port());
    BouncerServer first = opened(BouncerServer.start(folder, config));
    Map<String, Integer> before = sockets(first);
    SocketAddress[] doors = {
      new InetSocketAddress(Client.LOOPBACK, port),
      UnixDomainSocketAddress.of(folder.resolve("door"))
    };
    List<Talk> talks = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      talks.add(opened(new Talk(doors[i % 2], i, i < 4, random.nextLong())));
    }
    Client limited = opened(Client.from("127.0.0.9", port));
    limited.echo("limited");
    Client halfClosed = opened(Client.to(half));
    halfClosed.send("half");
    halfClosed.finish();
    Client stuck = opened(Client.to(late));
    CompletableFuture<String> digest =
        CompletableFuture.supplyAsync(() -> sendAll(stuck, random.nextLong()));
    Client internal = opened(Client.to(inside));
    internal.echo("inside");
    await("all talk").until(() -> talks.stream().allMatch(Talk::begun));
    await("half and stuck sessions").until(() -> sessions(first).size() == 12);
    first.awaitSession(halfClosed.address());
    Map<Long, JsonNode> known = sessions(first);
    first.killMother();

    BouncerServer second = opened(BouncerServer.start(folder, config));
    second.awaitLog(
        "taken over 11, from 2 workers; that stay with them until they end: 1 to internal");
    Map<Long, JsonNode> taken = sessions(second);
    assertSame(known, taken, second);
    assertLimitsHold(second, limited, taken.keySet());
    internal.echo("still inside");
    internal.finish();
    assertThat(internal.receiveAll().ending()).isEqualTo(Ending.EOF);
    first.awaitOrphansEnd(Patience.seconds(20));

    start.countDown();
    assertThat(halfClosed.receiveText(3)).isEqualTo("bye");
    assertThat(halfClosed.receiveAll().ending()).isEqualTo(Ending.EOF);
    assertThat(received.get().digest()).isEqualTo(digest.get());
    stuck.close();
    for (Talk talk : talks) {
      talk.finish();
    }
    assertThat(talks)
        .allSatisfy(talk -> assertThat(talk.wrong() + talk.cut()).as("%s", talk).isEmpty());
    assertThat(awaitEndOf(stuck).number("up")).isEqualTo(LATE_BYTES);
    assertNothingLeft(second, before);
  }

  private static void assertSame(
      Map<Long, JsonNode> known, Map<Long, JsonNode> taken, BouncerServer second) {
    assertThat(taken).hasSize(11);
    assertThat(known.keySet()).containsAll(taken.keySet());
    taken.forEach(
        (id, now) -> {
          JsonNode then = known.get(id);
          for (String same : List.of("client", "listener", "local", "target", "rule", "member")) {
            assertThat(now.path(same)).as("%s of %s", same, now).isEqualTo(then.path(same));
          }
          assertThat(now.path("bytes_up").asLong())
              .isGreaterThanOrEqualTo(then.path("bytes_up").asLong());
          assertThat(now.path("age_ms").asLong()).isGreaterThan(then.path("age_ms").asLong());
          assertThat(second.processes()).contains(now.path("worker_pid").asLong());
        });
  }

  /** The session that its rule allows counts, and ends on the operator's word. */
  private void assertLimitsHold(BouncerServer second, Client limited, Set<Long> ids)
      throws IOException {
    limited.echo("still");
    Client refused = opened(Client.from("127.0.0.9", port));
    assertThat(refused.receiveAll().bytes()).isZero();
    assertThat(awaitEndOf(refused).result()).isEqualTo("limited");
    second.killFrom("127.0.0.9");
    assertThat(limited.receiveAll().bytes()).isZero();
    assertThat(awaitEndOf(limited).result()).isEqualTo("killed");
    await("room for another")
        .atMost(Patience.seconds(10))
        .ignoreExceptionsInstanceOf(IOException.class)
        .untilAsserted(
            () -> {
              try (Client another = Client.from("127.0.0.9", port)) {
                another.echo("in its place");
                assertThat(second.awaitSession(another.address()).path("id").asLong())
                    .isGreaterThan(ids.stream().max(Long::compare).orElseThrow());
              }
            });
  }

  private static void assertNothingLeft(BouncerServer second, Map<String, Integer> before)
      throws IOException {
    second.awaitNoSession();
    assertThat(second.targets().path(0).path("sessions").asInt(-1)).isZero();
    await("no more sockets than a new server has")
        .atMost(Patience.seconds(10))
        .untilAsserted(
            () ->
                sockets(second)
                    .forEach((who, now) -> assertThat(now).isLessThanOrEqualTo(before.get(who))));
    assertThat(second.err().text()).doesNotContain("ERROR", "keeps its sessions");
  }

  /** Reads to the end, and says a last word later. */
  private static Handler endsLast(CountDownLatch start) {
    return connection -> {
      Received.all(connection.in());
      start.await();
      connection.send("bye");
    };
  }

  private static String sendAll(Client client, long seed) {
    try {
      String digest = client.send(new Random(seed), LATE_BYTES);
      client.finish();
      return digest;
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Lets targets go that wait, however the test ends. */
  private static final class Latch implements AutoCloseable {
    private final CountDownLatch latch = new CountDownLatch(1);

    @Override
    public void close() {
      latch.countDown();
    }
  }

  @Test
  void shouldGoFromServerToServerWhenOneMotherAfterAnotherIsKilled() throws Exception {
    EchoTarget target = opened(new EchoTarget());
    String config = config(target.port(), 1, 1);
    BouncerServer first = opened(BouncerServer.start(folder, config));
    List<Client> clients = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      clients.add(opened(Client.to(port)));
      clients.getLast().echo("first");
    }
    long silent = first.workers("io").getFirst();
    first.killMother();
    Signals.send("STOP", silent);
    BouncerServer second;
    try {
      second = opened(BouncerServer.start(folder, config));
      second.awaitLog("do not answer");
      assertThat(sessions(second)).hasSize(3);
    } finally {
      Signals.send("CONT", silent);
    }
    for (Client client : clients) {
      client.echo("second");
    }
    second.killMother();
    BouncerServer third = opened(BouncerServer.start(folder, config));
    third.awaitLog("taken over 6, from ");
    assertThat(sessions(third).keySet()).hasSize(6);
    for (Client client : clients) {
      client.echo("third");
    }
    first.awaitOrphansEnd(Patience.seconds(20));
    second.awaitOrphansEnd(Patience.seconds(20));
    assertThat(sessions(third).values())
        .allSatisfy(
            one -> assertThat(one.path("bytes_up").asInt()).isEqualTo("firstsecondthird".length()));
    for (Client client : clients) {
      client.finish();
      assertThat(client.receiveAll().ending()).isEqualTo(Ending.EOF);
      assertThat(awaitEndOf(client).result()).isEqualTo("ok");
    }
    third.awaitNoSession();
    third.close();
    await("no socket file is left")
        .atMost(Duration.ofSeconds(5))
        .untilAsserted(
            () -> assertThat(folder.toFile().list()).noneMatch(name -> name.contains(".orphans-")));
  }
}
