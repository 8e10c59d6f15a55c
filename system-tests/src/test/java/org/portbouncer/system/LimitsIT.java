package org.portbouncer.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What a process or the machine may run out of: said, borne, and over when it is there again. */
class LimitsIT extends EchoTargetCase {

  /** Descriptors 0 to 2 are always taken, so that no other can be opened. */
  private static final int NONE = 3;

  private final int hurried = Ports.free();

  private String config() {
    return """
    listeners {
      echo { listen = "127.0.0.1:%d", target = "127.0.0.1:%d" }
      hurried { listen = "127.0.0.1:%d", target = "127.0.0.1:%d", timeouts { connect = 1s } }
    }
    workers { io = 1 }
    timeouts { connect = 60s, drain = 1s }
    """
        .formatted(port, target.port(), hurried, target.port());
  }

  /** Sets the soft limit of a running process's descriptors; returns what it was. */
  private static int limit(long pid, int descriptors) throws Exception {
    String limits = Files.readString(Path.of("/proc/" + pid + "/limits"));
    String line = limits.lines().filter(l -> l.startsWith("Max open files")).findFirst().get();
    prlimit(List.of(), pid, descriptors);
    return Integer.parseInt(line.split("\\s+", -1)[3]);
  }

  private static void prlimit(List<String> as, long pid, int descriptors) throws Exception {
    List<String> command = new ArrayList<>(as);
    command.addAll(List.of("prlimit", "--pid=" + pid, "--nofile=" + descriptors + ":"));
    CommandResult result = CommandResult.run(null, command);
    assertThat(result.exit()).as(result.allText()).isZero();
  }

  private static void awaitLog(BouncerServer server, String text) {
    await("in the log: " + text)
        .atMost(Patience.seconds(20))
        .untilAsserted(() -> assertThat(server.err().text()).contains(text));
  }

  @Test
  void shouldEndOneSessionAndLetOthersWaitWhenAWorkerMayOpenNoDescriptor() throws Exception {
    try (BouncerServer server = BouncerServer.start(folder, config())) {
      WarmUp.sessions(port);
      server.rememberDescriptors();
      for (String stage : BouncerServer.STAGES) {
        long pid = server.workers(stage).getFirst();
        int before = limit(pid, NONE);
        List<Client> waiting = new ArrayList<>();
        try (Client first = Client.to(port)) {
          assertThat(first.receiveAll().bytes()).isZero();
          AccessLine end = server.awaitEndOf(first.address());
          assertThat(end.result()).as("%s: %s", stage, end).isEqualTo("error");
          assertThat(end.term()).as("%s: %s", stage, end).isEqualTo("RC");
          for (int i = 0; i < 5; i++) {
            Client client = Client.to(port);
            waiting.add(client);
            client.send("as long as it takes");
          }
          for (Client client : waiting) {
            String queued = "queued-" + stage;
            await(queued)
                .atMost(Patience.seconds(10))
                .until(
                    () -> server.awaitSession(client.address()).path("state").asText(),
                    queued::equals);
          }
          limit(pid, before);
          for (Client client : waiting) {
            assertThat(client.receiveText(19)).isEqualTo("as long as it takes");
          }
        } finally {
          limit(pid, before);
          Closing.all(waiting.toArray(AutoCloseable[]::new));
        }
        assertThat(server.workers(stage)).containsExactly(pid);
      }
      awaitLog(server, "may open no more descriptors: 1; others wait");
      awaitLog(server, "descriptors may be opened again");
      server.assertNothingLeaked();
    }
  }

  @Test
  void shouldTryAgainWhenThereIsNoDescriptorForTheTarget() throws Exception {
    try (BouncerServer server = BouncerServer.start(folder, config())) {
      WarmUp.sessions(port);
      WarmUp.sessions(hurried);
      server.rememberDescriptors();
      long pid = server.workers("connect").getFirst();
      Descriptors open = Descriptors.of(pid);
      int free = 0;
      while (!open.target(free).isEmpty()) {
        free++;
      }
      // Room for the client that comes, and for nothing else.
      int before = limit(pid, free + 1);
      try (Client hasty = Client.to(hurried)) {
        assertThat(hasty.receiveAll().bytes()).isZero();
        AccessLine end = server.awaitEndOf(hasty.address());
        assertThat(end.result() + " " + end.term()).as("%s", end).isEqualTo("error RC");
        awaitLog(server, "target 127.0.0.1:" + target.port() + ": too many open files");
        try (Client patient = Client.to(port)) {
          patient.send("patience");
          await("an attempt to connect")
              .until(
                  () -> server.awaitSession(patient.address()).path("state").asText(),
                  "connect"::equals);
          limit(pid, before);
          assertThat(patient.receiveText(8)).isEqualTo("patience");
        }
      } finally {
        limit(pid, before);
      }
      server.assertNothingLeaked();
    }
  }

  @Test
  void shouldGoOnAcceptingAndReplaceWorkersOnceTheMotherMayOpenDescriptors() throws Exception {
    try (BouncerServer server = BouncerServer.start(folder, config())) {
      WarmUp.sessions(port);
      long acl = server.workers("acl").getFirst();
      int before = limit(server.pid(), NONE);
      try (Client client = Client.to(port)) {
        client.send("in the listen queue");
        awaitLog(server, "accepting pauses: too many open files");
        Signals.send("KILL", acl);
        awaitLog(server, "cannot start acl/0: ");
        limit(server.pid(), before);
        assertThat(client.receiveText(19)).isEqualTo("in the listen queue");
      } finally {
        limit(server.pid(), before);
      }
      assertThat(server.workers("acl")).doesNotContain(acl);
      server.awaitNoSession();
    }
  }

  @Test
  void shouldServeAllWhenAUserMayHaveFewDescriptorsInFlight() throws Exception {
    assumeTrue(Accounts.isRoot(), "only root can start a server as a user without privileges");
    Accounts.assumeReachable(Accounts.USER);
    Accounts.give(folder, Accounts.USER);
    List<String> command = new ArrayList<>(Accounts.as(Accounts.USER));
    command.addAll(List.of("sh", "-c", "ulimit -n 256; exec \"$@\"", "sh"));
    List<Client> clients = new ArrayList<>();
    try (BouncerServer server = BouncerServer.startBy(command, folder, config())) {
      WarmUp.sessions(port);
      long negotiate = server.workers("negotiate").getFirst();
      int highest =
          Descriptors.of(negotiate).targets().keySet().stream().max(Integer::compare).get();
      Signals.send("STOP", server.pid());
      for (int i = 0; i < 100; i++) {
        Client client = Client.to(port);
        clients.add(client);
        client.send("in flight");
      }
      // Enough to receive a message with, and less than what comes in several of them.
      prlimit(Accounts.as(Accounts.USER), negotiate, highest + 14);
      Signals.send("CONT", server.pid());
      awaitLog(server, "sessions wait to be passed on: too many descriptors in flight");
      prlimit(Accounts.as(Accounts.USER), negotiate, 256);
      for (Client client : clients) {
        assertThat(client.receiveText(9)).isEqualTo("in flight");
        client.close();
      }
      server.awaitNoSession();
    } finally {
      Closing.all(clients.toArray(AutoCloseable[]::new));
    }
  }

  @Test
  void shouldSayThatNoLocalPortIsFreeAndServeAgainWhenOneIs() throws Exception {
    assumeTrue(Accounts.isRoot(), "only root has network namespaces");
    Path door = folder.resolve("door.sock");
    // In a network of its own, with four ports for connections; its doors are in the file system.
    List<String> command =
        List.of(
            "unshare",
            "--net",
            "sh",
            "-c",
            "ip link set lo up && echo '40000 40003' > /proc/sys/net/ipv4/ip_local_port_range"
                + " && exec \"$@\"",
            "sh");
    String body =
        """
        listeners {
          door { listen = "unix:%s", target = "127.0.0.1:8080" }
          echo { listen = "127.0.0.1:8080", target = "internal:echo" }
        }
        workers { io = 1 }
        timeouts { drain = 1s }
        """
            .formatted(door);
    List<SocketChannel> clients = new ArrayList<>();
    try (BouncerServer server = BouncerServer.startBy(command, folder, body)) {
      for (int i = 0; i < 4; i++) {
        clients.add(SocketChannel.open(UnixDomainSocketAddress.of(door)));
        assertThat(echo(clients.get(i), "a port is free")).isEqualTo("a port is free");
      }
      try (SocketChannel tooMany = SocketChannel.open(UnixDomainSocketAddress.of(door))) {
        assertThat(echo(tooMany, "none is")).isEmpty();
      }
      awaitLog(server, "target 127.0.0.1:8080: no local port is free towards it");
      await("its line")
          .until(
              () ->
                  server.accessLines(line -> line.isEnd() && line.result().equals("error")).stream()
                      .map(AccessLine::term)
                      .toList(),
              List.of("RC")::equals);
      clients.getFirst().close();
      await("a free port")
          .atMost(Patience.seconds(20))
          .until(
              () -> {
                try (SocketChannel again = SocketChannel.open(UnixDomainSocketAddress.of(door))) {
                  return echo(again, "served again").equals("served again");
                }
              });
    } finally {
      Closing.all(clients.toArray(AutoCloseable[]::new));
    }
  }

  @Test
  void shouldCallATargetDownThatAConnectionWouldFindItselfAt() throws Exception {
    assumeTrue(Accounts.isRoot(), "only root has network namespaces");
    Path door = folder.resolve("door.sock");
    // With one port for connections: whoever connects to it, connects from it.
    List<String> command =
        List.of(
            "unshare",
            "--net",
            "sh",
            "-c",
            "ip link set lo up && echo '40000 40000' > /proc/sys/net/ipv4/ip_local_port_range"
                + " && exec \"$@\"",
            "sh");
    String body =
        """
        listeners { door { listen = "unix:%s", target = "127.0.0.1:40000" } }
        workers { io = 1 }
        timeouts { drain = 1s }
        """
            .formatted(door);
    try (BouncerServer server = BouncerServer.startBy(command, folder, body)) {
      for (int i = 0; i < 3; i++) {
        try (SocketChannel client = SocketChannel.open(UnixDomainSocketAddress.of(door))) {
          assertThat(echo(client, "who is there?")).isEmpty();
        }
      }
      awaitLog(server, "target 127.0.0.1:40000: connection refused");
      await("their lines")
          .until(
              () ->
                  server.accessLines(AccessLine::isEnd).stream()
                      .map(line -> line.result() + ' ' + line.term())
                      .toList(),
              List.of("no-target SC", "no-target SC", "no-target SC")::equals);
      // Nothing of it is left on the port, and the target can come up.
      CommandResult listen =
          CommandResult.run(
              null,
              List.of(
                  "nsenter", "--net=/proc/" + server.pid() + "/ns/net", "cat", "/proc/net/tcp"));
      assertThat(listen.out()).as("sockets").noneMatch(line -> line.contains(":9C40"));
    }
  }

  /** What comes back, up to its length or the end. */
  private static String echo(SocketChannel client, String text) throws IOException {
    ByteBuffer answer = ByteBuffer.allocate(text.length());
    try {
      client.write(ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)));
      while (answer.hasRemaining() && client.read(answer) >= 0) {
        // The whole echo may take more than one read.
      }
    } catch (IOException closedMeanwhile) {
      assertThat(closedMeanwhile).hasMessageMatching(".*(Connection reset|Broken pipe).*");
    }
    return new String(answer.array(), 0, answer.position(), StandardCharsets.UTF_8);
  }

  private static List<AccessLine> ends(BouncerServer server, String listener) {
    return server.accessLines(line -> line.isEnd() && line.get("listener").equals(listener));
  }

  @Test
  void shouldLetSessionsWaitWhenTheMemoryForTheirStatesIsTaken() throws Exception {
    HangingTarget hanging = new HangingTarget();
    int hangingPort = Ports.free();
    String body =
        config()
            + """
            listeners.hanging {
              listen = "127.0.0.1:%d", target = "127.0.0.1:%d", timeouts { connect = 4s }
            }
            state-transfer { mode = inline, padding = 100000 }
            """
                .formatted(hangingPort, hanging.port());
    List<Client> clients = new ArrayList<>();
    try (hanging;
        BouncerServer server =
            BouncerServer.startAfter("export BOUNCER_WORKER_JAVA_OPTS=-Xmx32m", folder, body)) {
      WarmUp.sessions(port);
      long connect = server.workers("connect").getFirst();
      // 40 MB of state, where the VM gives 32 and the half of that is used.
      for (int i = 0; i < 400; i++) {
        clients.add(Client.from("127.0.0.9", hangingPort));
      }
      await("the timeouts of those that were let in, and of those after them")
          .atMost(Patience.seconds(40))
          .pollInterval(Duration.ofMillis(200))
          .until(
              () ->
                  ends(server, "hanging").size() == 400
                      && server.status().path("limits").path("active").asInt() == 0);
      assertThat(ends(server, "hanging")).allMatch(line -> line.result().equals("timeout"));
      assertThat(server.workers("connect")).containsExactly(connect);
      try (Client client = Client.to(port)) {
        client.echo("served");
      }
    } finally {
      Closing.all(clients.toArray(AutoCloseable[]::new));
    }
  }
}
