package org.portbouncer.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The user timeout is for peers that vanished; one that lives and reads nothing keeps its session.
 */
class PausedReaderIT {
  private static final String LISTENERS =
      """
      listeners {
        paused { listen = "127.0.0.1:%d", target = "127.0.0.1:%d", user-timeout = 3s }
      }
      workers { io = 1 }
      """;

  /** More than what one socket takes at once, and what fits into the room of all that there are. */
  @ParameterizedTest
  @ValueSource(ints = {16 << 20, 300_000})
  void shouldGoOnWhenNobodyReadsForLongerThanTheUserTimeout(int bytes, @TempDir Path folder)
      throws Exception {
    int port = Ports.free();
    byte[] all = new byte[bytes];
    Handler sends =
        connection -> {
          connection.send(all);
          connection.finish();
          connection.receiveAll();
        };
    try (Target target = Target.start(sends);
        BouncerServer server =
            BouncerServer.start(folder, LISTENERS.formatted(port, target.port()));
        Client client = littleRoom(port)) {
      awaitStall(server, client);
      assertThat(client.receive(bytes)).isEqualTo(all);
      client.finish();
      AccessLine line = server.awaitEndOf(client.address());
      assertThat(line.result()).isEqualTo("ok");
      assertThat(line.term()).isEqualTo("--");
    }
  }

  private static Client littleRoom(int port) throws Exception {
    Socket socket = new Socket();
    socket.setReceiveBufferSize(8 * 1024);
    socket.connect(new InetSocketAddress(Client.LOOPBACK, port), 30_000);
    return new Client(socket);
  }

  private static void awaitStall(BouncerServer server, Client client) {
    await("a session that moves nothing, and lives")
        .atMost(Duration.ofSeconds(30))
        .until(
            () ->
                server
                    .sessionOf(client.address())
                    .filter(s -> s.path("bytes_down").asLong() > 0)
                    .filter(s -> s.path("idle_ms").asLong() > 5_000)
                    .isPresent());
  }

  @Test
  void shouldSayWhatIsPossibleWhenAUserTimeoutIsNot(@TempDir Path folder) throws Exception {
    Path config =
        BouncerServer.writeConfig(
            folder, LISTENERS.formatted(Ports.free(), Ports.free()).replace("= 3s", "= 20ms"));
    CommandResult check = CommandResult.bouncer("check", "-c", config.toString());
    assertThat(check.exit()).isOne();
    assertThat(check.allText())
        .contains("user-timeout")
        .contains("'20ms' is not possible; 1s to 32767s, or 0s for the system's");
  }
}
