package org.portbouncer.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ConnectException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The test plays systemd's part; the unit itself is for systemd-analyze to judge, where there is
 * one.
 */
class SystemdIT {
  @TempDir private Path folder;
  private final int port = Ports.free();
  private Target target;

  @BeforeEach
  void startTarget() throws IOException {
    target = Target.start(Handler.echo());
  }

  @AfterEach
  void stopTarget() throws IOException {
    target.close();
  }

  private String config() {
    return """
    listeners { echo { listen = "127.0.0.1:%d", target = "127.0.0.1:%d" } }
    timeouts { drain = 30s }
    """
        .formatted(port, target.port());
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void shouldSayWhatSystemdWantsToHear(boolean inAbstractNamespace) throws Exception {
    String name =
        inAbstractNamespace ? "@bouncer-" + UUID.randomUUID() : folder.resolve("notify").toString();
    try (DatagramInbox notify = new DatagramInbox(name)) {
      String environment =
          "export NOTIFY_SOCKET='%s' WATCHDOG_USEC=600000 WATCHDOG_PID=$$".formatted(name);
      try (BouncerServer server = BouncerServer.startAfter(environment, folder, config());
          Client client = Client.to(port)) {
        client.echo("hello");
        await("READY=1").until(() -> notify.count("READY=1") == 1);
        assertThat(notify.count("MAINPID=" + server.pid())).isEqualTo(1);
        await("the watchdog's words").until(() -> notify.count("WATCHDOG=1") > 3);
        await("a status that counts the session")
            .atMost(Patience.seconds(10))
            .until(
                () ->
                    notify.messages().stream()
                        .anyMatch(m -> m.startsWith("STATUS=ready; sessions: 1; ")));
        assertNoWorkerKnowsOfIt(server);

        // As long as one is silent longer than a hang may last, or is replaced: no harm.
        long acl = server.workers("acl").getFirst();
        long before = notify.count("WATCHDOG=1");
        Signals.send("KILL", acl);
        await("words while a worker is replaced")
            .until(() -> notify.count("WATCHDOG=1") > before + 3);

        // A mother that does not turn says nothing.
        Signals.send("STOP", server.pid());
        Pause.millis(500);
        long silent = notify.count("WATCHDOG=1");
        Pause.millis(1_000);
        assertThat(notify.count("WATCHDOG=1")).isEqualTo(silent);
        Signals.send("CONT", server.pid());
        await("words again").until(() -> notify.count("WATCHDOG=1") > silent);

        server.signal("HUP");
        await("the end of a reload").until(() -> notify.count("READY=1") == 2);
        assertThat(notify.messages().stream().filter(m -> m.startsWith("RELOADING=1\n")))
            .singleElement()
            .satisfies(m -> assertThat(m).containsPattern("\nMONOTONIC_USEC=[1-9][0-9]+\n"));

        server.signal("TERM");
        await("STOPPING=1").until(() -> notify.count("STOPPING=1") == 1);
        assertThat(notify.count("STATUS=draining; sessions: 1")).isEqualTo(1);
        client.echo("while it drains");
        client.finish();
        client.receiveAll();
        assertThat(server.awaitExit()).isZero();
        assertThat(notify.messages().stream().filter(m -> m.contains("EXTEND_TIMEOUT_USEC=")))
            .isNotEmpty();
      }
    }
  }

  @Test
  void shouldListenOnThePassedSocketsAndGiveItsOwnIntoKeeping() throws Exception {
    int moved = Ports.free();
    int configured = Ports.free();
    int before = Ports.free();
    int stale = Ports.free();
    int stranger = Ports.free();
    int own = Ports.free();
    String body =
        """
        listeners {
          echo { listen = "127.0.0.1:%1$d", target = "127.0.0.1:%4$d" }
          kept { listen = "127.0.0.1:%2$d", target = "127.0.0.1:%4$d" }
          own { listen = "127.0.0.1:%3$d", target = "127.0.0.1:%4$d" }
        }
        timeouts { drain = 1s }
        """
            .formatted(configured, before, own, target.port());
    try (DatagramInbox notify = new DatagramInbox("@bouncer-" + UUID.randomUUID())) {
      String activate =
          "export NOTIFY_SOCKET='%s'; set -- '%s' -cp '%s' org.portbouncer.system.Activator"
                  .formatted(
                      notify.name(),
                      Path.of(System.getProperty("java.home"), "bin", "java"),
                      Checkout.root().resolve("system-tests/target/test-classes"))
              + " echo=%d 'kept 127.0.0.1 %d=%d' 'kept 127.0.0.1 %d=%d' stranger=%d"
                  .formatted(moved, before, before, stale, stale, stranger)
              + " -- \"$0\" \"$@\"; exec \"$@\"";
      CompletableFuture<Client> early = CompletableFuture.supplyAsync(() -> asSoonAs(moved));
      try (BouncerServer server = BouncerServer.startAfter(activate, folder, body);
          Client first = early.get(Patience.seconds(20).toSeconds(), TimeUnit.SECONDS)) {
        first.echo("in the queue before the server was there");
        first.echoUrgent();
        // By name, by address, and one that nobody passed.
        for (int open : new int[] {moved, before, own}) {
          try (Client client = Client.to(open)) {
            client.echo("through a socket of systemd's or our own");
            client.echoUrgent();
          }
        }
        for (int closed : new int[] {configured, stale, stranger}) {
          assertThatThrownBy(() -> Client.to(closed)).isInstanceOf(ConnectException.class);
        }
        assertThat(notify.count("FDNAME=kept 127.0.0.1 " + own)).isEqualTo(1);
        assertThat(notify.messages())
            .contains("FDSTORE=1\nFDNAME=kept 127.0.0.1 " + own)
            .contains("FDSTOREREMOVE=1\nFDNAME=kept 127.0.0.1 " + stale);
        assertThat(server.err().text())
            .contains("the service manager passed 127.0.0.1 " + moved + " for it")
            .contains(
                "the passed socket 'stranger' (127.0.0.1 " + stranger + ") is of no listener");
        for (long pid : server.processes()) {
          if (pid != server.pid()) {
            assertThat(environment(pid)).doesNotContain("LISTEN_");
          }
        }
      }
    }
  }

  /** A client who comes as soon as anybody listens. */
  private static Client asSoonAs(int port) {
    return await("a listening socket")
        .atMost(Patience.seconds(20))
        .ignoreExceptionsInstanceOf(IOException.class)
        .until(() -> Client.to(port), client -> true);
  }

  @Test
  void shouldRefuseNobodyWhenItIsRestarted() throws Exception {
    String name = "@bouncer-" + UUID.randomUUID();
    CompletableFuture<BouncerServer> second = startsAfterTheFirst(name, config());
    AtomicBoolean enough = new AtomicBoolean();
    AtomicInteger served = new AtomicInteger();
    List<CompletableFuture<Void>> clients = new ArrayList<>();
    try (BouncerServer first =
            BouncerServer.startAfter(
                "export NOTIFY_SOCKET='%s'".formatted(name),
                Files.createDirectory(folder.resolve("first")),
                config());
        Client staying = Client.to(port)) {
      staying.echo("before");
      for (int i = 0; i < 8; i++) {
        clients.add(
            CompletableFuture.runAsync(
                () -> comeAndGo(enough, served), task -> Thread.ofVirtual().start(task)));
      }
      await("some clients").until(() -> served.get() > 20);
      first.signal("TERM");
      await("the drain").until(() -> !first.status().path("ready").asBoolean());
      staying.echo("while it drains");
      // Those who come now wait in the queue of a socket that nobody but the keeper has.
      await("queued clients").until(() -> !queued(port).equals("0"));
      staying.finish();
      assertThat(staying.receiveAll().bytes()).isZero();
      assertThat(first.awaitExit()).isZero();
    }
    try (BouncerServer successor = second.get(Patience.seconds(90).toSeconds(), TimeUnit.SECONDS)) {
      assertThat(successor.err().text()).contains(port + " was passed by the service manager");
      int before = served.get();
      await("clients of the second server")
          .atMost(Patience.seconds(20))
          .until(() -> served.get() > before + 20);
      enough.set(true);
      for (CompletableFuture<Void> client : clients) {
        client.get(Patience.seconds(60).toSeconds(), TimeUnit.SECONDS);
      }
      successor.awaitNoSession();
    }
  }

  /** A service manager's words on what it is doing, where the server asks for them. */
  private String systemctlThatSays(String jobs) throws IOException {
    Path bin = Files.createDirectories(folder.resolve("bin"));
    Path systemctl = bin.resolve("systemctl");
    Files.writeString(
        systemctl, "#!/bin/sh\necho \"$@\" >>%s/asked\ncat <<END\n%s\nEND\n".formatted(bin, jobs));
    assertThat(systemctl.toFile().setExecutable(true)).isTrue();
    return "export PATH='%s':\"$PATH\" BOUNCER_UNIT=edge.service".formatted(bin);
  }

  private String configWithLog(String drain) {
    return config().replace("drain = 30s", "drain = " + drain)
        + "log { access { to = \"file:%s\" } }\n".formatted(folder.resolve("access.log"));
  }

  /**
   * Takes what the first server gives into keeping, and becomes the second once that has gone.
   *
   * @param name of the notify socket; it is there when this returns
   */
  private CompletableFuture<BouncerServer> startsAfterTheFirst(String name, String body) {
    CompletableFuture<BouncerServer> second =
        CompletableFuture.supplyAsync(
            () -> {
              try {
                return BouncerServer.startAfter(
                    keeper(name), Files.createDirectory(folder.resolve("second")), body);
              } catch (IOException e) {
                throw new UncheckedIOException(e);
              }
            });
    await("the notify socket")
        .atMost(Patience.seconds(20))
        .until(() -> Files.readString(Path.of("/proc/net/unix")).contains(name));
    return second;
  }

  private static String keeper(String name) {
    return "set -- '%s' -cp '%s' org.portbouncer.system.FdStore '%s' -- \"$0\" \"$@\"; exec \"$@\""
        .formatted(
            Path.of(System.getProperty("java.home"), "bin", "java"),
            Checkout.root().resolve("system-tests/target/test-classes"),
            name);
  }

  @Test
  void shouldServeNewClientsAtOnceWhenItIsRestartedWhateverLives() throws Exception {
    String name = "@bouncer-" + UUID.randomUUID();
    String plain = "export NOTIFY_SOCKET='%s'; ".formatted(name);
    String restarting =
        systemctlThatSays("17 other.service restart running\n18 edge.service restart running");
    // Longer than this test may take: who waits for it is found out.
    String body = configWithLog("300s");
    CompletableFuture<BouncerServer> second = startsAfterTheFirst(name, body);
    try (BouncerServer first =
            BouncerServer.startAfter(
                plain + restarting, Files.createDirectory(folder.resolve("first")), body);
        Client staying = Client.to(port)) {
      staying.echo("before");
      long start = System.nanoTime();
      first.signal("TERM");
      first.awaitHandOver();
      assertThat(Files.readString(folder.resolve("bin/asked")))
          .startsWith("list-jobs ")
          .contains("edge.service");
      staying.echo("nobody's mother is here");
      try (Client waiting = Client.to(port)) {
        waiting.patience(90_000);
        waiting.echo("in the queue, until the next one serves");
        System.out.printf(
            "longest wait of a new client: %d ms from TERM on%n",
            (System.nanoTime() - start) / 1_000_000);
      }
      try (BouncerServer successor = second.get(90, TimeUnit.SECONDS)) {
        assertThat(successor.err().text())
            .contains("workers of the server before finish their sessions");
        staying.echo("beside the next server");
        // A stop, and no restart: it waits for what the server before has left.
        successor.signal("TERM");
        await("the drain").until(() -> !successor.status().path("ready").asBoolean());
        staying.echo("while it drains");
        assertThat(successor.isRunning()).isTrue();
        staying.finish();
        assertThat(staying.receiveAll().ending()).isEqualTo(Received.Ending.EOF);
        assertThat(successor.awaitExit()).isZero();
        first.awaitOrphansEnd(Patience.seconds(1));
      }
      assertThat(Files.readString(folder.resolve("access.log")))
          .containsPattern("client=" + staying.address() + " .* result=ok ");
    }
  }

  /** The control: what is asked of the server above is what HAProxy does. */
  @Test
  void shouldSeeHaproxyServeNewClientsWhenItIsReloadedWhateverLives() throws Exception {
    try (Haproxy haproxy = Haproxy.service(target.port(), folder, "");
        Client staying = Client.to(haproxy.port())) {
      staying.echo("before");
      List<Long> before = haproxy.workers();
      AtomicBoolean enough = new AtomicBoolean();
      CompletableFuture<Long> longest =
          CompletableFuture.supplyAsync(
              () -> longestWait(haproxy.port(), enough), task -> Thread.ofVirtual().start(task));
      haproxy.reload();
      staying.echo("in the process before");
      assertThat(haproxy.workers()).containsAll(before).hasSizeGreaterThan(before.size());
      enough.set(true);
      System.out.printf(
          "longest wait of a new client of HAProxy: %d ms%n",
          longest.get(90, TimeUnit.SECONDS) / 1_000_000);
    }
  }

  /** Of clients that come one after the other, in ns. */
  private static long longestWait(int port, AtomicBoolean enough) {
    long longest = 0;
    while (!enough.get()) {
      long start = System.nanoTime();
      try (Client client = Client.to(port)) {
        client.patience(90_000);
        client.echo("served");
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      longest = Math.max(longest, System.nanoTime() - start);
    }
    return longest;
  }

  @Test
  void shouldEndWhatARestartHasLeftWhenItIsStoppedAtOnce() throws Exception {
    String name = "@bouncer-" + UUID.randomUUID();
    String body = configWithLog("300s");
    String restarting = systemctlThatSays("18 edge.service restart running");
    CompletableFuture<BouncerServer> second = startsAfterTheFirst(name, body);
    try (BouncerServer first =
            BouncerServer.startAfter(
                "export NOTIFY_SOCKET='%s'; ".formatted(name) + restarting,
                Files.createDirectory(folder.resolve("first")),
                body);
        Client staying = Client.to(port)) {
      staying.echo("before");
      first.signal("TERM");
      first.awaitHandOver();
      try (BouncerServer successor = second.get(90, TimeUnit.SECONDS)) {
        staying.echo("beside the next server");
        successor.signal("INT");
        staying.receiveAll();
        assertThat(successor.awaitExit()).isZero();
        first.awaitOrphansEnd(Patience.seconds(5));
      }
      assertThat(Files.readString(folder.resolve("access.log")))
          .containsPattern("client=" + staying.address() + " .* result=killed ");
    }
  }

  @Test
  void shouldEndWhatARestartHasLeftWhenTheDrainTimeIsOver() throws Exception {
    try (BouncerServer server =
            BouncerServer.startAfter(
                "export NOTIFY_SOCKET=/nobody/listens; "
                    + systemctlThatSays("18 edge.service restart running"),
                folder,
                configWithLog("2s"));
        Client client = Client.to(port)) {
      client.echo("before");
      server.signal("TERM");
      server.awaitHandOver();
      client.echo("after");
      client.receiveAll();
      server.awaitOrphansEnd(Patience.seconds(10));
      assertThat(Files.readString(folder.resolve("access.log")))
          .containsPattern("client=" + client.address() + " .* result=drained ");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"18 edge.service stop running", "19 edge.service.d restart running", ""})
  void shouldDrainWhenItIsStoppedAndNotRestarted(String jobs) throws Exception {
    try (BouncerServer server =
            BouncerServer.startAfter(
                "export NOTIFY_SOCKET=/nobody/listens; " + systemctlThatSays(jobs),
                folder,
                config());
        Client client = Client.to(port)) {
      client.echo("before");
      server.signal("TERM");
      await("the drain").until(() -> !server.status().path("ready").asBoolean());
      client.echo("while it drains");
      client.finish();
      client.receiveAll();
      assertThat(server.awaitExit()).isZero();
    }
  }

  private void comeAndGo(AtomicBoolean enough, AtomicInteger served) {
    try {
      while (!enough.get()) {
        try (Client client = Client.to(port)) {
          client.patience(90_000);
          client.echo("neither refused nor reset");
          client.echoUrgent();
          Pause.millis(20);
          client.finish();
          assertThat(client.receiveAll().ending()).isEqualTo(Received.Ending.EOF);
          served.incrementAndGet();
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Clients in the queue of a listening socket, as a hexadecimal number without leading zeros. */
  private static String queued(int port) throws IOException {
    String address = ":%04X ".formatted(port);
    return Files.readAllLines(Path.of("/proc/net/tcp")).stream()
        .filter(line -> line.contains(address + "00000000:0000 0A"))
        .map(line -> line.replaceFirst(".* 0A \\w+:0*(\\w+) .*", "$1"))
        .findFirst()
        .orElse("0");
  }

  private static String environment(long pid) throws IOException {
    return Files.readString(Path.of("/proc/" + pid + "/environ"), StandardCharsets.ISO_8859_1);
  }

  private static void assertNoWorkerKnowsOfIt(BouncerServer server) throws IOException {
    for (String stage : BouncerServer.STAGES) {
      for (long pid : server.workers(stage)) {
        assertThat(environment(pid))
            .contains("BOUNCER_TEST=")
            .doesNotContain("NOTIFY_SOCKET")
            .doesNotContain("WATCHDOG_");
      }
    }
  }

  @Test
  void shouldShipUnitsThatSystemdFindsWellFormedAndSafe() throws Exception {
    assumeTrue(Files.isExecutable(Path.of("/usr/bin/systemd-analyze")), "no systemd-analyze here");
    Path units = Checkout.root().resolve("systemd");
    Path service = folder.resolve("bouncer.service");
    Files.writeString(
        service,
        Files.readString(units.resolve("bouncer.service"))
            .replace("/usr/bin/bouncer", Checkout.command()));
    Path socket = Files.copy(units.resolve("bouncer.socket"), folder.resolve("bouncer.socket"));
    CommandResult verify =
        CommandResult.run(
            null, List.of("systemd-analyze", "verify", service.toString(), socket.toString()));
    assertThat(verify.allText().strip()).isEmpty();
    assertThat(verify.exit()).isZero();
    CommandResult security =
        CommandResult.run(
            null,
            List.of(
                "systemd-analyze",
                "security",
                "--offline=yes",
                "--threshold=19",
                service.toString()));
    assertThat(security.exit()).as(security.allText()).isZero();
  }
}
