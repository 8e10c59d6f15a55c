package org.portbouncer.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.portbouncer.system.Received.Ending;

/**
 * A mother that is killed: her sessions go on, another takes her place, and nobody stays behind.
 */
class MotherDeathIT {
  private static final int SESSIONS = 500;

  @TempDir private Path folder;
  private final int port = Ports.free();
  private final int hangingPort = Ports.free();
  private Target target;
  private HangingTarget hanging;

  @BeforeEach
  void startTargets() throws IOException {
    target = Target.start(Handler.echo());
    hanging = new HangingTarget();
  }

  @AfterEach
  void stopTargets() throws Exception {
    Closing.all(target, hanging);
  }

  private BouncerServer start(String name, String orphan) throws IOException {
    return BouncerServer.start(
        Files.createDirectories(folder.resolve(name)),
        """
        listeners {
          echo { listen = ["127.0.0.1:%d", "unix:%s"], target = "127.0.0.1:%d" }
          hanging { listen = "127.0.0.1:%d", target = "127.0.0.1:%d", timeouts { connect = 5s } }
        }
        workers { io = 2 }
        timeouts { drain = 1s, orphan = %s }
        log { access { to = "file:%s" } }
        """
            .formatted(
                port,
                folder.resolve("listener.sock"),
                target.port(),
                hangingPort,
                hanging.port(),
                orphan,
                log()));
  }

  /** A file: Java closes a process's standard output when the process ends, whoever else has it. */
  private Path log() {
    return folder.resolve("access.log");
  }

  private AccessLine awaitEndOf(Client client) {
    return await("the end line of " + client.address())
        .atMost(Duration.ofSeconds(10))
        .until(
            () ->
                Files.readAllLines(log()).stream()
                    .flatMap(line -> AccessLine.parse(line).stream())
                    .filter(line -> line.client().equals(client.address()))
                    .toList(),
            lines -> lines.size() == 1)
        .getFirst();
  }

  @Test
  void shouldLoseNoSessionAndMakeRoomForAnotherServer() throws Exception {
    List<Client> clients = new ArrayList<>();
    try (BouncerServer first = start("one", "1h")) {
      for (int i = 0; i < SESSIONS; i++) {
        Client client = Client.from("127.0.0." + (2 + i % 4), port);
        client.echo("before");
        clients.add(client);
      }
      Client connecting = Client.to(hangingPort);
      clients.add(connecting);
      first.awaitSession(connecting.address());
      first.killMother();
      // The same folder: what she left behind, her admin socket for one, is in the way.
      try (BouncerServer second = start("one", "1h");
          Client fresh = Client.to(port)) {
        fresh.echo("served by another");
        for (Client client : clients.subList(0, SESSIONS)) {
          client.echo("after");
          client.finish();
          assertThat(client.receiveAll().ending()).isEqualTo(Ending.EOF);
        }
        for (Client client : clients.subList(0, SESSIONS)) {
          AccessLine end = awaitEndOf(client);
          assertThat(end.result()).as("%s", end).isEqualTo("ok");
        }
        assertThat(connecting.receiveAll().bytes()).isZero();
        assertThat(awaitEndOf(connecting).result()).isEqualTo("timeout");
        first.awaitOrphansEnd(Duration.ofSeconds(15));
        fresh.echo("still");
        assertThat(second.status().path("ready").asBoolean()).isTrue();
      }
    } finally {
      Closing.all(clients.toArray(AutoCloseable[]::new));
    }
  }

  @Test
  void shouldEndWhatIsLeftWhenTheTimeForOrphansIsOver() throws Exception {
    try (BouncerServer server = start("two", "2s");
        Client client = Client.to(port)) {
      client.echo("before");
      server.killMother();
      client.echo("after");
      long start = System.nanoTime();
      client.receiveAll();
      assertThat((System.nanoTime() - start) / 1_000_000).as("ms").isBetween(1_000L, 6_000L);
      assertThat(awaitEndOf(client).result()).isEqualTo("drained");
      server.awaitOrphansEnd(Duration.ofSeconds(10));
      await("the end of the log").until(() -> !server.isRunning());
    }
  }
}
