package org.portbouncer.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What clients see of a restart, and what becomes of those who were there before. */
class SystemdRestartIT extends SystemdCase {

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

  @Test
  void shouldTakeOverTheSessionsOfTheServerBeforeWhenItIsRestarted() throws Exception {
    String name = "@bouncer-" + UUID.randomUUID();
    String restarting =
        "export NOTIFY_SOCKET='%s'; ".formatted(name)
            + systemctlThatSays("18 edge.service restart running");
    String body = configWithLog("300s");
    Path same = Files.createDirectory(folder.resolve("same"));
    try (DatagramInbox notify = new DatagramInbox(name);
        BouncerServer first = BouncerServer.startAfter(restarting, same, body);
        Client staying = Client.to(port)) {
      staying.echo("before");
      first.signal("TERM");
      first.awaitHandOver();
      assertThat(notify.messages()).anyMatch(m -> m.contains("restarting"));
      staying.echo("nobody's mother is here");
      try (BouncerServer second = BouncerServer.start(same, body)) {
        second.awaitLog("taken over 1, from");
        assertThat(second.sessionOf(staying.address())).isPresent();
        staying.echo("here");
        first.awaitOrphansEnd(Patience.seconds(15));
        staying.finish();
        assertThat(staying.receiveAll().ending()).isEqualTo(Received.Ending.EOF);
        second.awaitNoSession();
      }
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

  /**
   * Of clients that come one after the other, in ns. From many addresses: the ports of one, which
   * tests beside this one need as well, are used up in a minute.
   */
  private static long longestWait(int port, AtomicBoolean enough) {
    long longest = 0;
    for (int count = 0; !enough.get(); count++) {
      Pause.millis(1);
      long start = System.nanoTime();
      try (Client client = Client.from("127.2.0." + (1 + count % 200), port)) {
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
}
