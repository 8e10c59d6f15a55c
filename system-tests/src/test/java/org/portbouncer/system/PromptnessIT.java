package org.portbouncer.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * How soon bytes arrive at each point of a session, beside the same without a bouncer; and in which
 * order connections do.
 */
@Isolated
class PromptnessIT {
  private static final int PORT = Ports.free();
  private static final int ORDERED = Ports.free();
  private static final int NAMED = Ports.free();
  private static final int ROUNDS = 15;
  private static final int PAIRS = 200;

  /** An acknowledgement that the kernel delays takes 40 ms and more. */
  private static final double MOST_MORE_MILLIS = 20;

  private static Target target;
  private static ServerSocket ordered;
  private static BouncerServer server;

  @BeforeAll
  static void start(@TempDir Path folder) throws Exception {
    target = Target.start(PromptnessIT::answerInTwoPieces);
    ordered = new ServerSocket();
    ordered.bind(new InetSocketAddress(Client.LOOPBACK, 0), PAIRS);
    server =
        BouncerServer.start(
            folder,
            """
            listeners {
              pieces { listen = "127.0.0.1:%d", target = "127.0.0.1:%d" }
              ordered { listen = "127.0.0.1:%d", target = "127.0.0.1:%d" }
              named { listen = "127.0.0.1:%d", target = "localhost:%d" }
            }
            workers { io = 3, bandwidth = 2 }
            log { access { to = none } }
            """
                .formatted(
                    PORT,
                    target.port(),
                    ORDERED,
                    ordered.getLocalPort(),
                    NAMED,
                    ordered.getLocalPort()));
    for (int i = 0; i < 100; i++) {
      Point.FIRST.millis(PORT);
    }
    pair(NAMED);
    server.rememberDescriptors();
  }

  @AfterAll
  static void stop() throws Exception {
    Closing.all(server, target, ordered);
  }

  @AfterEach
  void nothingIsLeft() {
    server.assertNothingLeaked();
  }

  /**
   * Answers each line, and the end of the stream, with HEAD and BODY in two writes, as a program
   * does that knows nothing of TCP_NODELAY: the second waits until the first is acknowledged.
   */
  private static void answerInTwoPieces(Client connection) throws IOException {
    connection.socket().setTcpNoDelay(false);
    int read;
    while ((read = connection.in().read()) >= 0) {
      if (read == '\n') {
        twoPieces(connection);
      }
    }
    twoPieces(connection);
  }

  private static void twoPieces(Client connection) throws IOException {
    connection.send("HEAD");
    connection.send("BODY");
  }

  /** A point of a session at which something is sent in two pieces. */
  enum Point {
    FIRST {
      @Override
      void measured(Client client) throws IOException {
        ask(client);
      }
    },
    SECOND {
      @Override
      void before(Client client) throws IOException {
        ask(client);
      }

      @Override
      void measured(Client client) throws IOException {
        ask(client);
      }
    },
    FIRST_AFTER_SILENCE {
      @Override
      void before(Client client) throws InterruptedException {
        // The time that passes is the point.
        Thread.sleep(60);
      }

      @Override
      void measured(Client client) throws IOException {
        ask(client);
      }
    },
    SECOND_AFTER_SILENCE {
      @Override
      void before(Client client) throws IOException, InterruptedException {
        ask(client);
        // Longer than what the kernel takes for a conversation.
        Thread.sleep(120);
      }

      @Override
      void measured(Client client) throws IOException {
        ask(client);
      }
    },
    HALF_CLOSE {
      @Override
      void measured(Client client) throws IOException {
        client.finish();
        answer(client);
      }
    },
    HALF_CLOSE_AFTER_AN_ANSWER {
      @Override
      void before(Client client) throws IOException {
        ask(client);
      }

      @Override
      void measured(Client client) throws IOException {
        client.finish();
        answer(client);
      }
    },
    CLIENT_IN_TWO_PIECES {
      @Override
      void measured(Client client) throws IOException {
        client.socket().setTcpNoDelay(false);
        client.send("question");
        ask(client);
      }
    },
    CLIENT_IN_TWO_PIECES_AGAIN {
      @Override
      void before(Client client) throws IOException {
        client.socket().setTcpNoDelay(false);
        ask(client);
      }

      @Override
      void measured(Client client) throws IOException {
        client.send("question");
        ask(client);
      }
    };

    void before(Client client) throws IOException, InterruptedException {}

    abstract void measured(Client client) throws IOException;

    double millis(int port) throws IOException, InterruptedException {
      try (Client client = Client.to(port)) {
        before(client);
        long begun = System.nanoTime();
        measured(client);
        return (System.nanoTime() - begun) / 1e6;
      }
    }

    private static void ask(Client client) throws IOException {
      client.send("\n");
      answer(client);
    }

    private static void answer(Client client) throws IOException {
      assertThat(client.receiveText(8)).isEqualTo("HEADBODY");
    }
  }

  /**
   * The quarter that was quickest: a busy machine makes some rounds slow, a delayed acknowledgement
   * makes all.
   */
  private static double quartile(double[] millis) {
    Arrays.sort(millis);
    return millis[millis.length / 4];
  }

  @ParameterizedTest
  @EnumSource(Point.class)
  void shouldAddNoDelayWhenSomethingIsSentInTwoPieces(Point point) throws Exception {
    double[] direct = new double[ROUNDS];
    double[] through = new double[ROUNDS];
    for (int i = 0; i < ROUNDS; i++) {
      direct[i] = point.millis(target.port());
      through[i] = point.millis(PORT);
    }
    double most = quartile(direct) + MOST_MORE_MILLIS;
    assertThat(quartile(through))
        .as("ms through bouncer; sorted: %s; direct: %s", text(through), text(direct))
        .isLessThan(most);
  }

  @Test
  void shouldSeeHaproxyAddNoDelayAndKeepTheOrderToo(@TempDir Path folder) throws Exception {
    try (Haproxy haproxy = Haproxy.before(target.port(), folder, 30)) {
      double[] direct = new double[ROUNDS];
      double[] through = new double[ROUNDS];
      for (int i = 0; i < ROUNDS; i++) {
        direct[i] = Point.FIRST.millis(target.port());
        through[i] = Point.FIRST.millis(haproxy.port());
      }
      assertThat(quartile(through))
          .as("ms through HAProxy; sorted: %s; direct: %s", text(through), text(direct))
          .isLessThan(quartile(direct) + MOST_MORE_MILLIS);
    }
    try (Haproxy haproxy = Haproxy.before(ordered.getLocalPort(), folder, 30)) {
      for (int i = 0; i < PAIRS; i++) {
        assertThat(pair(haproxy.port())).as("who came first, pair %d", i).isEqualTo("1");
      }
    }
  }

  private static String text(double[] millis) {
    return Arrays.toString(millis);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void shouldReachTheTargetInTheOrderOfTheClientsWhenSeveralIoWorkersForward(boolean byName)
      throws Exception {
    int port = byName ? NAMED : ORDERED;
    for (int i = 0; i < PAIRS; i++) {
      assertThat(pair(port)).as("who reached the target first, pair %d", i).isEqualTo("1");
    }
  }

  /** Of two clients that connect one after the other, the number of the one that came first. */
  private static String pair(int port) throws IOException {
    try (Client first = Client.to(port);
        Client second = Client.to(port)) {
      first.send("1");
      second.send("2");
      try (Client accepted = accept();
          Client other = accept()) {
        String came = accepted.receiveText(1);
        other.receive(1);
        return came;
      }
    }
  }

  private static Client accept() throws IOException {
    Socket socket = ordered.accept();
    return new Client(socket);
  }

  @Test
  void shouldReachTheTargetInTheOrderOfTheClientsWhenManyComeAtOnce() throws Exception {
    Client[] clients = new Client[100];
    try {
      for (int i = 0; i < clients.length; i++) {
        clients[i] = Client.to(ORDERED);
        clients[i].out().write(i);
      }
      for (int i = 0; i < clients.length; i++) {
        try (Client accepted = accept()) {
          assertThat(accepted.in().read()).as("connection %d at the target", i).isEqualTo(i);
        }
      }
    } finally {
      Closing.all(clients);
    }
  }
}
