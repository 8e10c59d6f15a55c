package org.portbouncer.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A server to which splice(2) is refused, as by the filter of a container or of a service. */
@ExtendWith(Randomness.class)
class SpliceRefusedIT {
  private static final long BYTES = 8 << 20;

  @TempDir private static Path tools;
  private static Path withoutSplice;

  @BeforeAll
  static void compile() throws Exception {
    withoutSplice = WithoutSplice.compile(tools);
  }

  @ParameterizedTest
  @CsvSource({"1, operation not permitted", "38, not known to this kernel"})
  void shouldPassMegabytesUnchangedAndSayThatItCopiesWhenSpliceIsRefused(
      int errno, String words, Random random, @TempDir Path folder) throws Exception {
    int port = Ports.free();
    try (Target target = Target.start(Handler.echo());
        BouncerServer server =
            BouncerServer.startBy(
                List.of(withoutSplice.toString(), Integer.toString(errno)),
                folder,
                """
                listeners { echo { listen = "127.0.0.1:%d", target = "127.0.0.1:%d" } }
                workers { io = 1 }
                """
                    .formatted(port, target.port()))) {
      WarmUp.sessions(port);
      server.rememberDescriptors();
      for (int i = 0; i < 2; i++) {
        AccessLine line = echoed(server, port, random);
        assertThat(line.result()).isEqualTo("ok");
        assertThat(line.term()).isEqualTo("--");
      }
      server.assertNothingLeaked();
      assertThat(server.err().lines())
          .filteredOn(line -> line.contains("no splice(2): " + words + "; copying"))
          .as("said once: %s", server.err().text())
          .hasSize(1);
    }
  }

  private static AccessLine echoed(BouncerServer server, int port, Random random) throws Exception {
    try (Client client = Client.to(port)) {
      CompletableFuture<Received> back = new CompletableFuture<>();
      Thread.ofVirtual()
          .start(
              () -> {
                try {
                  back.complete(client.receiveAll());
                } catch (IOException | RuntimeException e) {
                  back.completeExceptionally(e);
                }
              });
      String digest = client.send(random, BYTES);
      client.finish();
      Received received = back.get(Patience.seconds(60).toSeconds(), TimeUnit.SECONDS);
      assertThat(received.digest()).isEqualTo(digest);
      return server.awaitEndOf(client.address());
    }
  }
}
