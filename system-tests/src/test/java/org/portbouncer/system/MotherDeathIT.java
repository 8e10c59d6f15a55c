package org.portbouncer.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;
import org.portbouncer.system.Received.Ending;

/**
 * A mother that is killed: her sessions go on, another takes her place, and nobody stays behind.
 */
@Isolated
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

  /** The one end line of each of these sessions, by the client's address. */
  private Map<String, AccessLine> awaitEndOf(List<Client> clients) {
    Set<String> addresses = clients.stream().map(Client::address).collect(Collectors.toSet());
    Map<String, AccessLine> ends = new HashMap<>();
    await("the end lines of all")
        .atMost(Patience.seconds(20))
        .pollInterval(Duration.ofMillis(50))
        .until(
            () -> {
              ends.clear();
              for (String text : Files.readAllLines(log())) {
                Optional<AccessLine> line = AccessLine.parse(text).filter(AccessLine::isEnd);
                if (line.isPresent() && addresses.contains(line.get().client())) {
                  assertThat(ends.put(line.get().client(), line.get())).as("twice").isNull();
                }
              }
              return ends.keySet().equals(addresses);
            });
    return ends;
  }

  private AccessLine awaitEndOf(Client client) {
    return awaitEndOf(List.of(client)).get(client.address());
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
      for (Client client : clients.subList(0, SESSIONS)) {
        client.send("meanwhile");
      }
      first.killMother();
      // The same folder: what she left behind, her admin socket for one, is in the way.
      try (BouncerServer second = start("one", "1h");
          Client fresh = Client.to(port)) {
        fresh.echo("served by another");
        List<Client> established = clients.subList(0, SESSIONS);
        for (Client client : established) {
          assertThat(client.receiveText("meanwhile".length())).isEqualTo("meanwhile");
          client.echo("after");
        }
        for (Client client : established) {
          client.finish();
          assertThat(client.receiveAll().ending()).isEqualTo(Ending.EOF);
        }
        for (AccessLine end : awaitEndOf(established).values()) {
          assertThat(end.result()).as("%s", end).isEqualTo("ok");
          assertThat(end.number("up")).as("%s", end).isEqualTo("beforemeanwhileafter".length());
        }
        assertThat(connecting.receiveAll().bytes()).isZero();
        assertThat(awaitEndOf(connecting).result()).isEqualTo("timeout");
        first.awaitOrphansEnd(Patience.seconds(15));
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
      assertThat((System.nanoTime() - start) / 1_000_000)
          .as("ms")
          .isBetween(1_000L, Patience.millis(6_000));
      assertThat(awaitEndOf(client).result()).isEqualTo("drained");
      server.awaitOrphansEnd(Patience.seconds(10));
      await("the end of the log").until(() -> !server.isRunning());
    }
  }
}
