package org.portbouncer.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Another installation follows a server, with all its clients and sessions. */
@ExtendWith(Randomness.class)
class UpgradeIT {

  @TempDir private Path folder;
  private final int port = Ports.free();
  private final int port6 = Ports.free();
  private final int slow = Ports.free();
  private final int late = Ports.free();
  private final int metrics = Ports.free();

  private String config(int target, int lateTarget) {
    return """
    listeners {
      web { listen = ["127.0.0.1:%d", "[::1]:%d"], target = "127.0.0.1:%d", acl = office }
      door { listen = "unix:%s/door", target = "127.0.0.1:%d" }
      slow { listen = "127.0.0.1:%d", target = "127.0.0.1:%d", acl = throttled }
      late { listen = "127.0.0.1:%d", target = "127.0.0.1:%d" }
    }
    acls {
      office = [
        { name = one, from = "127.0.0.9", action = pass, max-sessions-per-source = 1 }
        { name = all, from = ["0.0.0.0/0", "::/0"], action = pass }
      ]
      throttled = [ { name = slowly, from = "0.0.0.0/0", action = pass, bandwidth = small } ]
    }
    bandwidth { small { up = 2 MiB/s, down = 2 MiB/s } }
    workers { io = 2, spares = 0 }
    metrics { listen = "127.0.0.1:%d" }
    log { access { to = "file:%s/access.log" } }
    """
        .formatted(
            port, port6, target, folder, target, slow, target, late, lateTarget, metrics, folder);
  }

  /**
   * The lines of sessions that have ended. Out of a file: the JDK closes the pipe of a process that
   * has ended, whoever else writes to it.
   */
  private List<AccessLine> ends() throws IOException {
    return Files.readAllLines(folder.resolve("access.log")).stream()
        .map(AccessLine::parse)
        .flatMap(Optional::stream)
        .filter(AccessLine::isEnd)
        .toList();
  }

  private Installation installation(String name) throws IOException {
    return Installation.in(folder.resolve(name));
  }

  private static long pid(BouncerServer server) throws IOException {
    return server.status().path("pid").asLong();
  }

  /** Sessions by their ids, and what each has moved. */
  private static Map<Long, JsonNode> sessions(BouncerServer server) throws IOException {
    Map<Long, JsonNode> all = new HashMap<>();
    BouncerServer.elements(server.sessions()).forEach(s -> all.put(s.path("id").asLong(), s));
    return all;
  }

  private static long accepted(BouncerServer server, String listener) throws IOException {
    return server.status().path("listeners").path(listener).path("accepted").asLong();
  }

  private void awaitMetrics() {
    await("metrics of the new server")
        .atMost(Patience.seconds(20))
        .pollInterval(Duration.ofMillis(50))
        .ignoreExceptions()
        .until(() -> Scrape.get(metrics, "/metrics").contains("bouncer_"));
  }

  /** Stops the server that follows: the first one has ended. */
  private void stop(BouncerServer server) throws Exception {
    server.awaitHandOver();
    CommandResult stopped = server.command("stop");
    assertThat(stopped.exit()).as(stopped.allText() + server.err().text()).isZero();
    server.awaitOrphansEnd(Patience.seconds(20));
    assertThat(server.socket()).doesNotExist();
    assertThat(folder.resolve("door")).doesNotExist();
  }

  /** The old one names the new one, who is heard only then, and has the sockets kept. */
  private void assertSaidToTheServiceManager(DatagramInbox notify, long pid) {
    await("READY=1 of the new server")
        .atMost(Patience.seconds(20))
        .until(
            () ->
                notify.messages().stream().anyMatch(m -> m.startsWith("READY=1\nMAINPID=" + pid)));
    List<String> all = notify.messages();
    List<String> since = all.subList(all.indexOf("MAINPID=" + pid) + 1, all.size());
    assertThat(all).contains("MAINPID=" + pid);
    assertThat(since).contains("FDSTORE=1\nFDNAME=kept 127.0.0.1 " + port);
    assertThat(since).noneMatch(m -> m.contains("STOPPING=1") || m.contains("FDSTOREREMOVE"));
  }

  /** Each server that follows has as many descriptors as the one before had when it was new. */
  private static void awaitSettled(BouncerServer server, List<Map<String, Integer>> before)
      throws IOException {
    long pid = pid(server);
    List<Map<String, Integer>> last = new ArrayList<>(List.of(Map.of()));
    await("descriptors that stay, and are those of %s".formatted(before))
        .atMost(Patience.seconds(20))
        .pollInterval(Duration.ofMillis(200))
        .until(
            () -> {
              Map<String, Integer> now = ProcessTree.descriptors(pid);
              return now.equals(last.set(0, now)) && before.stream().allMatch(now::equals);
            });
    before.add(last.getFirst());
  }

  /** Says nothing until its client has said its last, and it is told to. */
  private static final class LateTarget implements AutoCloseable {
    private final ServerSocket server = new ServerSocket(0, 50, InetAddress.ofLiteral("127.0.0.1"));
    private final CountDownLatch answer = new CountDownLatch(1);

    LateTarget() throws IOException {
      Thread.ofPlatform().daemon().start(this::serve);
    }

    private void serve() {
      try (Socket peer = server.accept()) {
        byte[] said = peer.getInputStream().readAllBytes();
        answer.await();
        peer.getOutputStream().write(said);
      } catch (IOException e) {
        return; // the test shows what did not come
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }

    @Override
    public void close() throws IOException {
      answer.countDown();
      server.close();
    }
  }

  @Test
  void shouldRefuseAndCutNobodyOffWhenAnotherInstallationFollows(Random random) throws Exception {
    List<Talk> talks = new ArrayList<>();
    try (EchoTarget target = new EchoTarget();
        LateTarget lateTarget = new LateTarget();
        DatagramInbox notify = new DatagramInbox("@bouncer-" + UUID.randomUUID());
        BouncerServer server =
            BouncerServer.startAfter(
                "export NOTIFY_SOCKET='%s'".formatted(notify.name()),
                folder,
                config(target.port(), lateTarget.server.getLocalPort()))) {
      SocketAddress[] doors = {
        new InetSocketAddress(Client.LOOPBACK, port),
        UnixDomainSocketAddress.of(folder.resolve("door")),
        new InetSocketAddress(InetAddress.ofLiteral("::1"), port6),
        new InetSocketAddress(Client.LOOPBACK, slow)
      };
      for (int i = 0; i < 16; i++) {
        talks.add(new Talk(doors[i / 2 % 4], i, i % 2 == 0, random.nextLong()));
      }
      Client half = Client.to(late);
      half.send("the last word".getBytes(StandardCharsets.UTF_8));
      half.finish();
      Client limited = Client.from("127.0.0.9", port);
      limited.echo("limited");
      await("all talk")
          .atMost(Patience.seconds(20))
          .until(() -> talks.stream().allMatch(Talk::begun));
      String other = installation("other").home();
      List<Map<String, Integer>> descriptors = new ArrayList<>();
      int served = 0;
      for (String home : List.of(other, Checkout.root().toString())) {
        served += upgraded(server, home, notify, talks);
        awaitSettled(server, descriptors);
      }
      for (Talk talk : talks) {
        talk.finish();
        assertThat(talk.wrong() + talk.cut()).as("%s", talk).isEmpty();
      }
      lateTarget.answer.countDown();
      assertThat(half.receiveAll().bytes()).isEqualTo("the last word".length());
      limited.echo("still");
      limited.finish();
      assertThat(limited.receiveAll().bytes()).isZero();
      server.awaitNoSession();
      assertThat(accepted(server, "web")).isEqualTo(served + 8L + 3);
      assertTwoWereLimited(server);
      assertThat(server.err().text()).doesNotContain("ERROR");
      stop(server);
    } finally {
      Closing.all(talks.toArray(AutoCloseable[]::new));
    }
  }

  /**
   * Has another server follow while clients come and go.
   *
   * @param talks what goes on meanwhile, and notices nothing
   * @return how many came and were served
   */
  private int upgraded(BouncerServer server, String home, DatagramInbox notify, List<Talk> talks)
      throws Exception {
    try (Load load = Load.on(port)) {
      long before = pid(server);
      Map<Long, JsonNode> were = sessions(server);
      long acceptedBefore = accepted(server, "web");
      CommandResult upgraded = server.command("upgrade", "--to", home);
      assertThat(upgraded.exit()).as(upgraded.allText() + server.err().text()).isZero();
      assertThat(upgraded.outText())
          .containsPattern("version \\S+ serves, pid \\d+; moved \\d+ sessions")
          .contains("stood still: half of them")
          .doesNotContain("with the old server");
      assertThat(pid(server)).isNotEqualTo(before);
      await("the end of the server before")
          .atMost(Patience.seconds(20))
          .until(() -> !ProcessTree.isAlive(before));
      assertSaidToTheServiceManager(notify, pid(server));
      for (Talk talk : talks) {
        assertThat(talk.cut() + talk.wrong()).as("%s", talk).isEmpty();
      }
      assertGoOn(server, were, talks.size() + 2);
      assertThat(accepted(server, "web")).isGreaterThanOrEqualTo(acceptedBefore);
      try (Client second = Client.from("127.0.0.9", port)) {
        assertThat(second.receiveAll().bytes()).as("over the limit").isZero();
      }
      awaitMetrics();
      load.awaitServed(3);
      load.end();
      return load.served();
    }
  }

  /** What is said of sessions that were live before, of which at least so many are still. */
  private static void assertGoOn(BouncerServer server, Map<Long, JsonNode> were, int atLeast)
      throws IOException {
    Map<Long, JsonNode> are = sessions(server);
    List<Long> workers = server.workers("io");
    assertThat(were.keySet().stream().filter(are::containsKey).count())
        .isGreaterThanOrEqualTo(atLeast);
    for (Map.Entry<Long, JsonNode> one : are.entrySet()) {
      JsonNode was = were.get(one.getKey());
      if (was != null) {
        assertThat(one.getValue().path("client")).isEqualTo(was.path("client"));
        assertThat(one.getValue().path("bytes_up").asLong())
            .isGreaterThanOrEqualTo(was.path("bytes_up").asLong());
        assertThat(workers).contains(one.getValue().path("worker_pid").asLong());
      }
    }
  }

  private void assertTwoWereLimited(BouncerServer server) throws IOException {
    List<AccessLine> ends = ends();
    assertThat(ends.stream().map(AccessLine::id)).doesNotHaveDuplicates();
    assertThat(ends)
        .filteredOn(line -> !line.result().equals("ok"))
        .as("refused over the limit, once in each server")
        .hasSize(2)
        .allSatisfy(line -> assertThat(line.result()).as("%s", line).isEqualTo("limited"));
    assertThat(server.status().path("listeners").path("web").path("limited").asInt())
        .as("refused over the limit, once in each server")
        .isEqualTo(2);
  }

  @Test
  void shouldServeOnWhenTheNewServerDoesNotComeUp() throws Exception {
    try (EchoTarget target = new EchoTarget();
        BouncerServer server = BouncerServer.start(folder, config(target.port(), target.port()));
        Client client = Client.to(port)) {
      client.echo("before");
      Map<String, String> broken = new HashMap<>();
      broken.put(installation("ends").running("exit 7").home(), "has ended (exit code 7)");
      broken.put(installation("lacks").without("bouncer-io").home(), "has ended (exit code 1)");
      broken.put(
          installation("dies").running("printf x >&3; exec sleep 30").home(),
          "says what nobody knows");
      broken.put(folder.resolve("nowhere").toString(), "is not there");
      Path open = folder.resolve("open");
      installation("open");
      Files.setPosixFilePermissions(
          open.resolve("bin"),
          java.nio.file.attribute.PosixFilePermissions.fromString("rwxrwxrwx"));
      broken.put(open.toString(), "can be changed by others");
      for (Map.Entry<String, String> one : broken.entrySet()) {
        CommandResult refused = server.command("upgrade", "--to", one.getKey());
        assertThat(refused.exit()).as(refused.allText()).isEqualTo(1);
        assertThat(refused.allText()).contains(one.getValue());
        client.echo("still");
        try (Client another = Client.to(port)) {
          another.echo("new");
        }
        assertThat(folder.resolve("door")).exists();
      }
      CommandResult same = server.command("upgrade", "--if-changed");
      assertThat(same.outText()).as(same.allText()).contains("runs already; nothing to do");
      assertThat(pid(server)).isEqualTo(server.pid());
      server.reloaded(config(target.port(), target.port()));
      client.finish();
      server.awaitNoSession();
      assertThat(ProcessTree.of(server.pid())).hasSameSizeAs(server.processes());
    }
  }

  @Test
  void shouldLeaveSessionsWithTheOldServerWhenTheNewOneIsOfAnotherProtocol() throws Exception {
    try (EchoTarget target = new EchoTarget();
        BouncerServer server = BouncerServer.start(folder, config(target.port(), target.port()))) {
      String newer = installation("newer").with("bouncer.handover.protocol=2").home();
      String older = installation("older").with("bouncer.handover.protocol=0").home();
      for (String home : List.of(newer, older)) {
        long before = pid(server);
        try (Client client = Client.to(port)) {
          client.echo("before");
          CommandResult upgraded = server.command("upgrade", "--to", home);
          assertThat(upgraded.exit()).as(upgraded.allText() + server.err().text()).isZero();
          assertThat(upgraded.outText())
              .contains("moved 0 sessions")
              .contains("with the old server until they end: 1 session")
              .contains("protocol");
          assertThat(pid(server)).isNotEqualTo(before);
          client.echo("still");
          try (Client another = Client.to(port)) {
            another.echo("new");
          }
          assertThat(ProcessTree.isAlive(before)).isTrue();
          client.finish();
          assertThat(client.receiveAll().bytes()).isZero();
        }
        await("the end of the server before")
            .atMost(Patience.seconds(20))
            .until(() -> !ProcessTree.isAlive(before));
      }
      stop(server);
      assertThat(ends().stream().map(AccessLine::id)).containsExactlyInAnyOrder("1", "2", "3", "4");
    }
  }
}
