package org.portbouncer.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.portbouncer.system.Received.Ending;

/**
 * Peers whose machine vanishes while bytes are on their way to them: keep-alive of 3 s holds for
 * those, too. The kernel alone tries for 15 minutes.
 */
class VanishedPeerIT {
  private static final int TO_NEAR = 4001;
  private static final int TO_FAR = 4002;
  private static final int FAR_TARGET = 4003;
  private static final int NEAR_TARGET = 4004;

  /** What fits into no socket's room. */
  private static final byte[] MUCH = new byte[24 << 20];

  private static Network network;
  private static ServerSocket nearTarget;
  private static ServerSocket farTarget;
  private static BouncerServer server;

  @BeforeAll
  static void start(@TempDir Path folder) throws Exception {
    network = Network.create();
    nearTarget = network.near(() -> listening("127.0.0.1", NEAR_TARGET));
    farTarget = network.far(() -> listening(Network.FAR, FAR_TARGET));
    String keepAlive = "keep-alive { idle = 1s, interval = 1s, count = 2 }";
    server =
        BouncerServer.startBy(
            network.onNear(),
            folder,
            """
            listeners {
              to-near { listen = "%s:%d", target = "127.0.0.1:%d", %s }
              to-far { listen = "127.0.0.1:%d", target = "%s:%d", %s }
            }
            workers { io = 1 }
            """
                .formatted(
                    Network.NEAR,
                    TO_NEAR,
                    NEAR_TARGET,
                    keepAlive,
                    TO_FAR,
                    Network.FAR,
                    FAR_TARGET,
                    keepAlive));
  }

  private static ServerSocket listening(String host, int port) throws Exception {
    ServerSocket listener = new ServerSocket();
    listener.bind(new InetSocketAddress(InetAddress.ofLiteral(host), port));
    return listener;
  }

  private static Client connected(String host, int port) throws Exception {
    Socket socket = new Socket();
    // Little room, so that its window closes soon where nobody reads.
    socket.setReceiveBufferSize(16 * 1024);
    socket.connect(new InetSocketAddress(InetAddress.ofLiteral(host), port), 30_000);
    socket.setTcpNoDelay(true);
    return new Client(socket);
  }

  private static Client accepted(ServerSocket listener) throws Exception {
    listener.setSoTimeout(30_000);
    return new Client(listener.accept());
  }

  @AfterAll
  static void stop() throws Exception {
    Closing.all(server, nearTarget, farTarget, network);
  }

  @BeforeEach
  void warmUp() throws Exception {
    try (Client client = network.far(() -> connected(Network.NEAR, TO_NEAR));
        Client target = accepted(nearTarget)) {
      client.send("warm-up");
      target.receive(7);
    }
    try (Client client = network.near(() -> connected("127.0.0.1", TO_FAR));
        Client target = accepted(farTarget)) {
      client.send("warm-up");
      target.receive(7);
    }
    server.rememberDescriptors();
  }

  @AfterEach
  void back() throws Exception {
    network.returnFar();
    server.assertNothingLeaked();
  }

  private static void assertEnd(String client, String term) {
    AccessLine line = server.awaitEndOf(client);
    assertThat(line.result()).isEqualTo("reset");
    assertThat(line.term()).isEqualTo(term);
  }

  @Test
  void shouldResetTheTargetWhenTheClientVanishesWithBytesOnTheirWay() throws Exception {
    try (Client client = network.far(() -> connected(Network.NEAR, TO_NEAR));
        Client target = accepted(nearTarget)) {
      client.send("hello");
      target.receive(5);
      network.vanishFar();
      target.send("an answer that nobody acknowledges");
      assertThat(target.receiveAll().ending()).isEqualTo(Ending.RESET);
      assertEnd(client.address(), "CD");
    }
  }

  @Test
  void shouldResetTheClientWhenTheTargetVanishesWithBytesOnTheirWay() throws Exception {
    try (Client client = network.near(() -> connected("127.0.0.1", TO_FAR));
        Client target = accepted(farTarget)) {
      client.send("hello");
      target.receive(5);
      network.vanishFar();
      client.send("a question that nobody acknowledges");
      assertThat(client.receiveAll().ending()).isEqualTo(Ending.RESET);
      assertEnd(client.address(), "SD");
    }
  }

  @Test
  void shouldResetTheTargetWhenTheClientVanishesAfterItStoppedToRead() throws Exception {
    try (Client client = network.far(() -> connected(Network.NEAR, TO_NEAR));
        Client target = accepted(nearTarget)) {
      Thread sender = sending(target);
      awaitStall(client);
      network.vanishFar();
      assertEnd(client.address(), "CD");
      // Its sender or its reader sees the reset, whichever looks first.
      target.receiveAll();
      sender.join();
    }
  }

  private static Thread sending(Client target) {
    return Thread.ofVirtual()
        .start(
            () -> {
              try {
                target.send(MUCH);
              } catch (java.io.IOException reset) {
                // What is asserted is what the reader sees.
              }
            });
  }

  /** Waits until the session has moved nothing for longer than its keep-alive takes. */
  private static void awaitStall(Client client) {
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
  void shouldGoOnWhenAPeerThatLivesReadsNothingForLongerThanKeepAliveTakes() throws Exception {
    try (Client client = network.far(() -> connected(Network.NEAR, TO_NEAR));
        Client target = accepted(nearTarget)) {
      Thread sender = sending(target);
      awaitStall(client);
      assertThat(client.receive(MUCH.length)).isEqualTo(MUCH);
      sender.join();
      target.finish();
      client.finish();
      assertThat(client.receiveAll().ending()).isEqualTo(Ending.EOF);
      assertThat(server.awaitEndOf(client.address()).result()).isEqualTo("ok");
    }
  }
}
