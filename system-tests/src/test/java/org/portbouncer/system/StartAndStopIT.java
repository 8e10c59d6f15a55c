package org.portbouncer.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

/** Starting where something is in the way, and every way of ending. */
class StartAndStopIT extends EchoTargetCase {

  private String config(String drain) {
    return """
    listeners { echo { listen = "127.0.0.1:%d", target = "127.0.0.1:%d" } }
    timeouts { drain = %s }
    """
        .formatted(port, target.port(), drain);
  }

  private CommandResult startThatFails(String body) throws IOException, InterruptedException {
    Path config = BouncerServer.writeConfig(folder, body);
    CommandResult result = CommandResult.bouncer("start", "-c", config.toString());
    assertThat(result.exit()).as(result.allText()).isEqualTo(1);
    assertThat(result.allText()).doesNotContain("\tat ").doesNotContain("bouncer ready");
    assertThat(result.leftBehind()).as("processes left running").isEmpty();
    assertThat(folder.resolve("admin.sock")).doesNotExist();
    return result;
  }

  @Test
  void shouldExitWithOneLineThatNamesTheAddressWhenThePortIsTaken() throws Exception {
    try (ServerSocket taken = new ServerSocket()) {
      taken.bind(new InetSocketAddress(Client.LOOPBACK, port));
      CommandResult result = startThatFails(config("1s"));
      assertThat(result.err().stream().filter(line -> line.contains("127.0.0.1:" + port)))
          .as(result.allText())
          .hasSize(1);
      assertThat(result.err()).as("stderr").hasSize(1);
    }
  }

  @Test
  void shouldExitWithOneLineWhenTheAddressIsNotOfThisMachine() throws Exception {
    CommandResult result =
        startThatFails(
            "listeners { echo { listen = \"192.0.2.1:%d\", target = \"127.0.0.1:1\" } }\n"
                .formatted(port));
    assertThat(result.err()).hasSize(1);
    assertThat(result.err().getFirst()).contains("192.0.2.1:" + port);
  }

  @Test
  void shouldExitWithTheProblemsWhenTheConfigurationIsWrong() throws Exception {
    CommandResult result =
        startThatFails("listeners { echo { listen = \"nowhere\", target = \"127.0.0.1:1\" } }\n");
    assertThat(result.allText()).contains(folder.resolve("bouncer.conf") + ":2: ");
  }

  @Test
  void shouldBeReadySoonAsTheProcessThatWasStarted() throws Exception {
    long start = System.nanoTime();
    try (BouncerServer server = BouncerServer.start(folder, config("1s"))) {
      assertThat((System.nanoTime() - start) / 1_000_000)
          .as("milliseconds")
          .isLessThan(Patience.millis(5_000));
      assertThat(server.status().path("pid").asLong()).isEqualTo(server.pid());
      assertThat(server.processes().size()).as("mother and workers").isGreaterThanOrEqualTo(6);
    }
  }

  @Test
  void shouldRefuseASecondServerOnTheSameAdminSocket() throws Exception {
    try (BouncerServer server = BouncerServer.start(folder, config("1s"))) {
      CommandResult second = CommandResult.bouncer("start", "-c", server.config().toString());
      assertThat(second.exit()).as(second.allText()).isEqualTo(1);
      assertThat(second.leftBehind()).isEmpty();
      assertThat(server.status().path("ready").asBoolean()).isTrue();
      try (Client client = Client.to(port)) {
        client.echo("unharmed");
      }
    }
  }

  @Test
  void shouldLetSessionsEndWhenItIsToldToStop() throws Exception {
    try (BouncerServer server = BouncerServer.start(folder, config("600s"));
        Client client = Client.to(port)) {
      client.echo("before");
      long start = System.nanoTime();
      server.signal("TERM");
      awaitRefusal();
      client.echo("while it drains");
      client.finish();
      client.receiveAll();
      assertThat(server.awaitExit()).isZero();
      assertThat((System.nanoTime() - start) / 1_000_000)
          .as("milliseconds")
          .isLessThan(Patience.millis(15_000));
      assertThat(server.awaitEndOf(client.address()).result()).isEqualTo("ok");
    }
  }

  private void awaitRefusal() {
    await("no more connections accepted")
        .atMost(Patience.seconds(5))
        .until(
            () -> {
              try {
                Client.to(port).close();
                return false;
              } catch (ConnectException refused) {
                return true;
              }
            });
  }

  @Test
  void shouldEndRemainingSessionsWhenTheDrainTimeIsOver() throws Exception {
    try (BouncerServer server = BouncerServer.start(folder, config("1s"));
        Client client = Client.to(port)) {
      client.echo("before");
      CommandResult stop = server.command("stop");
      assertThat(stop.exit()).as(stop.allText()).isZero();
      client.receiveAll();
      assertThat(server.awaitExit()).isZero();
      assertThat(server.awaitEndOf(client.address()).result()).isEqualTo("drained");
    }
  }

  @Test
  void shouldEndAtOnceWhenToldToStopNow() throws Exception {
    try (BouncerServer server = BouncerServer.start(folder, config("600s"));
        Client client = Client.to(port)) {
      client.echo("before");
      long start = System.nanoTime();
      CommandResult stop = server.command("stop", "--now");
      assertThat(stop.exit()).as(stop.allText()).isZero();
      assertEndedSoon(server, client, start);
      assertThat(server.awaitExit()).isZero();
    }
  }

  @Test
  void shouldEndAtOnceWhenInterrupted() throws Exception {
    BouncerServer server = BouncerServer.start(folder, config("600s"));
    try (server;
        Client client = Client.to(port)) {
      client.echo("before");
      long start = System.nanoTime();
      server.signal("INT");
      assertEndedSoon(server, client, start);
    }
  }

  @Test
  void shouldEndAtOnceWhenToldToStopTwice() throws Exception {
    try (BouncerServer server = BouncerServer.start(folder, config("600s"));
        Client client = Client.to(port)) {
      client.echo("before");
      server.signal("TERM");
      awaitRefusal();
      client.echo("still drains");
      long start = System.nanoTime();
      server.signal("TERM");
      assertEndedSoon(server, client, start);
    }
  }

  private static void assertEndedSoon(BouncerServer server, Client client, long start)
      throws IOException {
    client.receiveAll();
    assertThat(server.awaitExit()).isZero();
    assertThat((System.nanoTime() - start) / 1_000_000)
        .as("milliseconds")
        .isLessThan(Patience.millis(10_000));
    assertThat(server.awaitEndOf(client.address()).result()).isIn("killed", "drained");
  }

  @Test
  void shouldServeEveryClientInTheEndWhenDescriptorsAreScarce() throws Exception {
    int count = 400;
    try (BouncerServer server = BouncerServer.startAfter("ulimit -n 256", folder, config("1s"))) {
      WarmUp.sessions(port);
      server.rememberDescriptors();
      try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
        List<Future<String>> clients = new ArrayList<>();
        for (int i = 0; i < count; i++) {
          clients.add(threads.submit(this::patientEcho));
        }
        for (Future<String> client : clients) {
          String address = client.get();
          assertThat(server.awaitEndOf(address).result()).isEqualTo("ok");
        }
      }
      server.assertNothingLeaked();
      assertThat(server.processes()).allMatch(ProcessTree::isAlive);
    }
  }

  /** Echoes, stays for a while, echoes again and leaves. */
  private String patientEcho() throws IOException {
    try (Client client = Client.to(port)) {
      client.patience(60_000);
      client.echo("here I am");
      Pause.millis(300);
      client.echo("and gone");
      client.finish();
      client.receiveAll();
      return client.address();
    }
  }
}
