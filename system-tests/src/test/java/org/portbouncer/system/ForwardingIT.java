package org.portbouncer.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.Socket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.portbouncer.system.Received.Ending;

/** The scenarios through bouncer, and that sessions do not get in each other's way. */
class ForwardingIT extends ForwardingScenarios {
  private static final int OTHERS = 50;

  private final int port = Ports.free();
  private final int echoPort = Ports.free();
  private Target echo;
  private BouncerServer server;

  @Override
  int port() {
    return port;
  }

  @BeforeAll
  void startServer(@TempDir Path folder) throws Exception {
    echo = Target.start(Handler.echo());
    server =
        BouncerServer.start(
            folder,
            """
            listeners {
              target { listen = "127.0.0.1:%d", target = "127.0.0.1:%d" }
              echo { listen = "127.0.0.1:%d", target = "127.0.0.1:%d" }
            }
            """
                .formatted(port, target.port(), echoPort, echo.port()));
    WarmUp.sessions(echoPort);
    server.rememberDescriptors();
  }

  @AfterAll
  void stopServer() throws Exception {
    Closing.all(server, echo);
  }

  @AfterEach
  void nothingIsLeft() {
    server.assertNothingLeaked();
  }

  @Override
  void assertEnded(Client client, String result, long up, long down) {
    AccessLine end = server.awaitEndOf(client.address());
    assertThat(end.result()).as("%s", end).isEqualTo(result);
    assertThat(end.number("up")).as("%s", end).isEqualTo(up);
    assertThat(end.number("down")).as("%s", end).isEqualTo(down);
  }

  @Test
  void shouldNotDelayOtherSessionsWhenOneClientReadsSlowly(Random random) throws Exception {
    long length = 64L * MIB;
    CompletableFuture<String> digest = new CompletableFuture<>();
    target.serve(Handler.source(new Random(random.nextLong()), length, digest));
    long memoryBefore = ioMemory();
    try (Client slow = Client.to(port)) {
      List<Long> micros = echoesFor(Duration.ofSeconds(2));
      long grown = ioMemory() - memoryBefore;
      Collections.sort(micros);
      assertThat(micros.get(micros.size() * 99 / 100))
          .as("p99 of %d echoes in microseconds", micros.size())
          .isLessThan(1_000_000);
      assertThat(grown).as("growth of the io workers' memory").isLessThan(48L * MIB);

      Received received = slow.receiveAll();
      slow.finish();
      assertThat(received)
          .isEqualTo(
              new Received(
                  length,
                  digest.get(Patience.seconds(30).toSeconds(), TimeUnit.SECONDS),
                  Ending.EOF));
    }
  }

  private long ioMemory() throws IOException {
    return server.workers("io").stream().mapToLong(ProcessTree::residentBytes).sum();
  }

  /** Echoes in 50 sessions at once; returns how long each echo took, in microseconds. */
  private List<Long> echoesFor(Duration time) throws Exception {
    List<Long> micros = new ArrayList<>();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<List<Long>>> sessions = new ArrayList<>();
      for (int i = 0; i < OTHERS; i++) {
        sessions.add(threads.submit(() -> echoes(time)));
      }
      for (Future<List<Long>> session : sessions) {
        micros.addAll(session.get());
      }
    }
    return micros;
  }

  private List<Long> echoes(Duration time) throws IOException {
    List<Long> micros = new ArrayList<>();
    long end = System.nanoTime() + time.toNanos();
    try (Client client = Client.to(echoPort)) {
      while (System.nanoTime() < end) {
        long start = System.nanoTime();
        client.echo("are you there?");
        micros.add((System.nanoTime() - start) / 1_000);
        Pause.millis(10);
      }
    }
    return micros;
  }

  /**
   * The handshake with the target ends with the client's first bytes; without any, a kernel that is
   * left alone ends it after 200 ms.
   */
  @Test
  void shouldNotKeepAServerWaitingThatSpeaksFirst() throws Exception {
    target.serve(Handler.banner("220 ready\r\n"));
    long quickest = Long.MAX_VALUE;
    for (int i = 0; i < 10; i++) {
      long start = System.nanoTime();
      try (Client client = Client.to(port)) {
        client.receiveText(11);
        quickest = Math.min(quickest, System.nanoTime() - start);
      }
    }
    assertThat(quickest / 1_000_000).as("ms to the banner, in the quickest of ten").isLessThan(150);
  }

  @Test
  void shouldServeAnotherClientWhileOneHasSentNothing() throws Exception {
    target.serve(Handler.echo());
    try (Socket silent = new Socket()) {
      silent.connect(new java.net.InetSocketAddress(Client.LOOPBACK, port));
      try (Client client = Client.to(port)) {
        client.echo("not held up");
      }
    }
  }
}
