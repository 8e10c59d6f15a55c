package org.portbouncer.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.ConnectException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The test plays systemd's part; the unit itself is for systemd-analyze to judge, where there is
 * one.
 */
class SystemdIT extends SystemdCase {

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
