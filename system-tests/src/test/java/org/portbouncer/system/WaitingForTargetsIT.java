package org.portbouncer.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
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
import org.junit.jupiter.api.io.TempDir;
import org.portbouncer.system.Received.Ending;

/** Clients that do not wait for their targets, and targets that have several addresses. */
class WaitingForTargetsIT {
  private static final int WAITING = Ports.free();
  private static final int OTHER = Ports.free();
  private static final int MANY = 300;

  @TempDir private Path folder;

  private static InetAddress address(String literal) {
    return InetAddress.ofLiteral(literal);
  }

  private static String listeners(String target, Target other) {
    return """
    listeners {
      waiting { listen = "127.0.0.1:%d", target = "%s", timeouts { connect = 60s } }
      other { listen = "127.0.0.1:%d", target = "127.0.0.1:%d" }
    }
    limits { max-sessions = %d }
    """
        .formatted(WAITING, target, OTHER, other.port(), MANY);
  }

  private static void awaitHeldByConnect(BouncerServer server, int sessions) {
    await("sessions in connect")
        .atMost(Duration.ofSeconds(20))
        .pollInterval(Duration.ofMillis(20))
        .until(
            () ->
                BouncerServer.elements(server.status().path("workers"))
                    .filter(worker -> worker.path("stage").asText().equals("connect"))
                    .mapToInt(worker -> worker.path("sessions").asInt())
                    .sum(),
            held -> held == sessions);
  }

  private static void assertReset(AccessLine end) {
    assertThat(end.result()).as("%s", end).isEqualTo("reset");
    assertThat(end.term()).as("%s", end).isEqualTo("CC");
  }

  /** All places are taken by clients that wait; they reset, and others are served. */
  private static void assertPlacesComeBack(BouncerServer server) throws Exception {
    List<Client> clients = new ArrayList<>();
    for (int i = 0; i < MANY; i++) {
      clients.add(Client.to(WAITING));
    }
    awaitHeldByConnect(server, MANY);
    try (Client other = Client.to(OTHER)) {
      assertThat(other.receiveAll().bytes()).isZero();
      assertThat(server.awaitEndOf(other.address()).result()).isEqualTo("limited");
    }
    for (Client client : clients) {
      client.reset();
    }
    server.assertNothingLeaked();
    for (Client client : clients) {
      assertReset(server.awaitEndOf(client.address()));
    }
    try (Client other = Client.to(OTHER)) {
      other.echo("a place is free");
    }
    assertThat(server.status().path("listeners").path("waiting").path("failed").asInt()).isZero();
  }

  @Test
  void shouldGiveTheirPlacesBackWhenClientsResetWhileTheTargetHangs() throws Exception {
    try (HangingTarget hanging = new HangingTarget();
        Target other = Target.start(Handler.echo());
        BouncerServer server =
            BouncerServer.start(folder, listeners("127.0.0.1:" + hanging.port(), other))) {
      WarmUp.sessions(OTHER);
      server.rememberDescriptors();
      assertPlacesComeBack(server);
      server.assertNothingLeaked();
    }
  }

  @Test
  void shouldGiveTheirPlacesBackWhenClientsResetWhileTheNameServerIsSilent() throws Exception {
    assumeTrue(Accounts.isRoot(), "only root can give a server a resolv.conf of its own");
    Path resolv = folder.resolve("resolv.conf");
    Files.writeString(resolv, "nameserver 127.53.53.53\noptions timeout:30 attempts:3\n");
    try (DatagramSocket silent = new DatagramSocket(53, address("127.53.53.53"));
        Target other = Target.start(Handler.echo());
        BouncerServer server =
            BouncerServer.startBy(
                withFile(resolv, "/etc/resolv.conf"),
                folder,
                listeners("silent.example.net:80", other))) {
      assertThat(silent.isBound()).isTrue();
      WarmUp.sessions(OTHER);
      Client first = Client.to(WAITING);
      awaitHeldByConnect(server, 1);
      first.reset();
      assertReset(server.awaitEndOf(first.address()));
      server.rememberDescriptors();
      assertPlacesComeBack(server);
      server.assertNothingLeaked();
    }
  }

  @Test
  void shouldDeliverAndAnswerWhenClientsThatAreDoneSendingWaitForTheTarget() throws Exception {
    Path door = folder.resolve("door.sock");
    try (HangingTarget hanging = new HangingTarget();
        BouncerServer server =
            BouncerServer.start(
                folder,
                """
                listeners { waiting { listen = ["127.0.0.1:%d", "unix:%s"],
                  target = "127.0.0.1:%d" } }
                """
                    .formatted(WAITING, door, hanging.port()))) {
      try (Client client = Client.to(WAITING)) {
        client.send("all I have to say");
        client.finish();
        try (SocketChannel gone = SocketChannel.open(StandardProtocolFamily.UNIX)) {
          gone.connect(UnixDomainSocketAddress.of(door));
          gone.write(ByteBuffer.wrap("and I".getBytes(StandardCharsets.UTF_8)));
        }
        awaitHeldByConnect(server, 2);
        hanging.answer();
        assertThat(client.receiveText(17)).isEqualTo("all I have to say");
        assertThat(client.receiveAll().ending()).isEqualTo(Ending.EOF);
        assertThat(server.awaitEndOf(client.address()).result()).isEqualTo("ok");
      }
      server.awaitNoSession();
      assertThat(server.accessLines(line -> line.isEnd() && line.number("up") == 5)).hasSize(1);
    }
  }

  // Names with several addresses.

  /** Has a command see another file in the place of one of the system's. */
  private static List<String> withFile(Path file, String place) {
    String script = "mount --bind " + file + " " + place + " && exec \"$@\"";
    return List.of("unshare", "--mount", "sh", "-c", script, "sh");
  }

  private List<String> withName(String name, String... addresses) throws Exception {
    assumeTrue(Accounts.isRoot(), "only root can give a server a hosts file of its own");
    StringBuilder hosts = new StringBuilder("127.0.0.1 localhost\n");
    for (String address : addresses) {
      hosts.append(address).append(' ').append(name).append('\n');
    }
    return withFile(Files.writeString(folder.resolve("hosts"), hosts), "/etc/hosts");
  }

  private static InetSocketAddress at(String address, int port) {
    return new InetSocketAddress(address(address), port);
  }

  @Test
  void shouldConnectToTheSecondAddressAndRememberItWhenTheFirstIsSilent() throws Exception {
    List<String> command = withName("two.example.net", "127.8.8.1", "127.8.8.2");
    try (Target second = Target.start(address("127.8.8.2"), Handler.echo())) {
      HangingTarget first = new HangingTarget(at("127.8.8.1", second.port()));
      try (BouncerServer server =
          BouncerServer.startBy(
              command, folder, listeners("two.example.net:" + second.port(), second))) {
        try (Client client = Client.to(WAITING)) {
          client.echo("within the limit");
        }
        server.awaitNoSession();
        assertThat(server.accessLines(AccessLine::isEnd))
            .singleElement()
            .satisfies(
                end -> {
                  assertThat(end.result()).isEqualTo("ok");
                  assertThat(end.number("setup_us")).as("waited first").isGreaterThan(249_000);
                });
        server.rememberDescriptors();
        first.close();
        try (Target back = Target.start(at("127.8.8.1", second.port()), Handler.echo())) {
          try (Client client = Client.to(WAITING)) {
            client.echo("the one that answered");
          }
          assertThat(back.accepted()).as("connections to the first address").isZero();
        }
        server.assertNothingLeaked();
      } finally {
        first.close();
      }
    }
  }

  @Test
  void shouldTryTheNextAtOnceWhenAnAddressRefuses() throws Exception {
    List<String> command = withName("two.example.net", "::1", "127.8.8.1", "127.8.8.2");
    try (Target last = Target.start(address("127.8.8.2"), Handler.echo());
        BouncerServer server =
            BouncerServer.startBy(
                command, folder, listeners("two.example.net:" + last.port(), last))) {
      try (Client client = Client.to(WAITING)) {
        client.echo("none of the others");
      }
      server.rememberDescriptors();
      try (Client client = Client.to(WAITING)) {
        client.echo("again");
      }
      server.assertNothingLeaked();
    }
  }

  @Test
  void shouldLeaveNothingOpenWhenASessionEndsWhileSeveralAddressesAreTried() throws Exception {
    List<String> command = withName("silent.example.net", "127.8.8.1", "127.8.8.2", "127.8.8.3");
    try (HangingTarget one = new HangingTarget(at("127.8.8.1", 0));
        HangingTarget two = new HangingTarget(at("127.8.8.2", one.port()));
        HangingTarget three = new HangingTarget(at("127.8.8.3", one.port()));
        Target other = Target.start(Handler.echo());
        BouncerServer server =
            BouncerServer.startBy(
                command,
                folder,
                """
                listeners {
                  waiting { listen = "127.0.0.1:%d", target = "silent.example.net:%d",
                    timeouts { connect = 60s } }
                  short { listen = "127.0.0.1:%d", target = "silent.example.net:%d",
                    timeouts { connect = 1s } }
                }
                """
                    .formatted(WAITING, two.port(), OTHER, three.port()))) {
      Client first = Client.to(WAITING);
      awaitAttempts(server, 3);
      first.reset();
      assertReset(server.awaitEndOf(first.address()));
      server.rememberDescriptors();
      try (Client killed = Client.to(WAITING)) {
        String id = server.awaitSession(killed.address()).path("id").asText();
        awaitAttempts(server, 3);
        assertThat(server.command("kill", id).exit()).isZero();
        assertThat(server.awaitEndOf(killed.address()).result()).isEqualTo("killed");
      }
      server.assertNothingLeaked();
      try (Client late = Client.to(OTHER)) {
        assertThat(late.receiveAll().bytes()).isZero();
        assertThat(server.awaitEndOf(late.address()).result()).isEqualTo("timeout");
      }
      server.assertNothingLeaked();
      assertThat(other.accepted()).isZero();
    }
  }

  /** Waits until the connect worker has so many connections begun and not made. */
  private static void awaitAttempts(BouncerServer server, int attempts) throws Exception {
    long pid = server.workers("connect").getFirst();
    await("connections that are tried at once")
        .atMost(Duration.ofSeconds(10))
        .pollInterval(Duration.ofMillis(20))
        .until(() -> synSent(pid), count -> count == attempts);
  }

  private static int synSent(long pid) throws Exception {
    List<String> inodes = new ArrayList<>();
    for (String target : Descriptors.of(pid).targets().values()) {
      inodes.add(target.replaceAll("\\D", ""));
    }
    return (int)
        Files.readAllLines(Path.of("/proc/" + pid + "/net/tcp")).stream()
            .map(line -> line.trim().split("\\s+"))
            .filter(fields -> fields[3].equals("02") && inodes.contains(fields[9]))
            .count();
  }
}
