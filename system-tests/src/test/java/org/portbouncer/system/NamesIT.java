package org.portbouncer.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Names of targets, and name service that has more to do than answer them. */
class NamesIT {
  private static final String ADDRESS = "127.0.0.72";
  private static final int SILENT = 4;

  @TempDir private Path folder;

  @Test
  void shouldServeANameThatIsAnsweredWhileFourOthersAreNot() throws Exception {
    int first = Ports.free(SILENT);
    int healthy = Ports.free();
    StringBuilder body = new StringBuilder("timeouts.connect = 100s\n");
    String listener = "listeners.%s { listen = \"127.0.0.1:%d\", target = \"%s:%d\" }%n";
    try (NameServer names = new NameServer(ADDRESS);
        Target target = Target.start(Handler.echo())) {
      for (int i = 0; i < SILENT; i++) {
        body.append(listener.formatted("s" + i, first + i, "silent" + i + ".example.net", 80));
      }
      body.append(listener.formatted("h", healthy, "healthy.example.net", target.port()));
      // Each look-up of a silent name takes 30 s, and goes through both families.
      List<String> command = names.asked(folder, "timeout:30 attempts:3");
      List<Client> waiting = new ArrayList<>();
      try (BouncerServer server = BouncerServer.startBy(command, folder, body.toString())) {
        for (int i = 0; i < SILENT; i++) {
          waiting.add(Client.to(first + i));
        }
        server.awaitActive(SILENT);
        for (int i = 0; i < 4; i++) {
          String address;
          try (Client client = Client.to(healthy)) {
            client.echo("hello");
            client.finish();
            client.receiveAll();
            address = client.address();
          }
          assertThat(server.awaitEndOf(address).result()).isEqualTo("ok");
        }
        assertThat(server.status().path("limits").path("active").asInt())
            .as("those whose names nobody answers still wait")
            .isEqualTo(SILENT);
        for (Client client : waiting) {
          client.reset();
        }
        server.awaitNoSession();
        await("a line of each")
            .atMost(Patience.seconds(20))
            .until(() -> server.accessLines(line -> line.isEnd()).size() == SILENT + 4);
        for (Client client : waiting) {
          assertThat(server.awaitEndOf(client.address()).term()).isEqualTo("CC");
        }
      } finally {
        Closing.all(waiting.toArray(AutoCloseable[]::new));
      }
    }
  }
}
