package org.portbouncer.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.portbouncer.system.Received.Ending;

/** Targets in trouble, unwelcome clients, and all kinds of addresses. */
class TroubleIT {
  private static final int PORT = Ports.free();
  private static final int SECOND = Ports.free();
  private static final int ANY = Ports.free();
  private static final int REFUSED = Ports.free();
  private static final int NAMELESS = Ports.free();
  private static final int HANGING = Ports.free();
  private static final int IDLE = Ports.free();
  private static final int HALF_CLOSED = Ports.free();
  private static final int GUARDED = Ports.free();
  private static final int NAMED = Ports.free();
  private static final int TO_UNIX = Ports.free();
  private static final int V6 = Ports.free();
  private static final int TO_V6 = Ports.free();

  private static final boolean HAS_V6 = hasV6();

  private static Path unixListener;
  private static Target target;
  private static Target guardedTarget;
  private static Target targetV6;
  private static HangingTarget hanging;
  private static UnixEcho unixEcho;
  private static BouncerServer server;

  private static boolean hasV6() {
    try (ServerSocket socket = new ServerSocket()) {
      socket.bind(new InetSocketAddress(InetAddress.ofLiteral("::1"), 0));
      return true;
    } catch (IOException none) {
      return false;
    }
  }

  @BeforeAll
  static void start(@TempDir Path folder) throws Exception {
    target = Target.start(Handler.echo());
    guardedTarget = Target.start(Handler.echo());
    hanging = new HangingTarget();
    unixEcho = new UnixEcho(folder.resolve("target.sock"));
    unixListener = folder.resolve("listener.sock");
    server =
        BouncerServer.start(
            folder,
            """
            listeners {
              target { listen = ["127.0.0.1:%d", "127.0.0.1:%d", "0.0.0.0:%d"], target = "127.0.0.1:%d" }
            """
                    .formatted(PORT, SECOND, ANY, target.port())
                + listener("refused", REFUSED, "127.0.0.1:" + Ports.free(), "")
                + listener("nameless", NAMELESS, "nonexistent.invalid:80", "")
                + listener("hanging", HANGING, local(hanging.port()), "timeouts { connect = 1s }")
                + listener("idle", IDLE, local(target.port()), "timeouts { idle = 1s }")
                + listener(
                    "half", HALF_CLOSED, local(target.port()), "timeouts { half-closed = 1s }")
                + listener("guarded", GUARDED, local(guardedTarget.port()), "acl = guard")
                + listener("named", NAMED, "localhost:" + target.port(), "")
                + listener("to-unix", TO_UNIX, "unix:" + folder.resolve("target.sock"), "")
                + "  unix-in { listen = \"unix:%s\", target = \"%s\" }\n"
                    .formatted(unixListener, local(target.port()))
                + v6Listeners()
                + """
                }
                acls {
                  guard = [
                    { name = noisy, action = block, from = "127.0.0.2/32", log = [connect] }
                    { name = local, action = pass, from = "127.0.0.1" }
                  ]
                }
                """);
    WarmUp.sessions(PORT);
    WarmUp.sessions(TO_UNIX);
    WarmUp.sessions(NAMED);
    Client.to(NAMELESS).close();
    Client.to(REFUSED).close();
    server.rememberDescriptors();
  }

  private static String v6Listeners() throws IOException {
    if (!HAS_V6) {
      return "";
    }
    targetV6 = Target.start(InetAddress.ofLiteral("::1"), Handler.echo());
    return "  v6 { listen = \"[::1]:%d\", target = \"%s\" }\n".formatted(V6, local(target.port()))
        + listener("to-v6", TO_V6, "[::1]:" + targetV6.port(), "");
  }

  private static String listener(String name, int port, String to, String options) {
    return "  %s { listen = \"127.0.0.1:%d\", target = \"%s\", %s }\n"
        .formatted(name, port, to, options);
  }

  private static String local(int port) {
    return "127.0.0.1:" + port;
  }

  @AfterAll
  static void stop() throws Exception {
    Closing.all(server, target, guardedTarget, targetV6, hanging, unixEcho);
    assertThat(unixListener).as("socket of the unix: listener").doesNotExist();
  }

  @AfterEach
  void nothingIsLeft() {
    target.serve(Handler.echo());
    server.assertNothingLeaked();
  }

  @Test
  void shouldCloseTheClientAndSayWhyWhenTheTargetRefuses() throws Exception {
    try (Client client = Client.to(REFUSED)) {
      assertThat(client.receiveAll().bytes()).isZero();
      AccessLine end = server.awaitEndOf(client.address());
      assertThat(end.result()).as("%s", end).isEqualTo("no-target");
      assertThat(end.term()).as("%s", end).isEqualTo("SC");
    }
  }

  @Test
  void shouldCloseTheClientAndSayWhyWhenTheTargetsNameDoesNotResolve() throws Exception {
    try (Client client = Client.to(NAMELESS)) {
      assertThat(client.receiveAll().bytes()).isZero();
      AccessLine end = server.awaitEndOf(client.address());
      assertThat(end.result()).as("%s", end).isEqualTo("no-target");
      assertThat(end.get("target")).contains("nonexistent.invalid:80");
    }
  }

  @Test
  void shouldTimeOutAndServeOthersMeanwhileWhenTheTargetHangs() throws Exception {
    long start = System.nanoTime();
    try (Client stuck = Client.to(HANGING)) {
      try (Client other = Client.to(PORT)) {
        other.echo("meanwhile");
      }
      assertThat(stuck.receiveAll().bytes()).isZero();
      long millis = (System.nanoTime() - start) / 1_000_000;
      assertThat(millis).as("milliseconds to the timeout").isBetween(900L, 9_000L);
      AccessLine end = server.awaitEndOf(stuck.address());
      assertThat(end.result()).as("%s", end).isEqualTo("timeout");
      assertThat(end.term()).as("%s", end).endsWith("C");
    }
  }

  @Test
  void shouldGiveUpAtOnceWhenTheClientLeavesWhileTheTargetHangs() throws Exception {
    Client client = Client.to(HANGING);
    server.awaitSession(client.address());
    client.reset();
    server.awaitEndOf(client.address());
  }

  @Test
  void shouldPassOnTheEndWhenTheTargetDiesMidway() throws Exception {
    target.serve(Handler.dieAfter(1_000));
    try (Client client = Client.to(PORT)) {
      client.send(new byte[1_000]);
      assertThat(client.receiveAll())
          .isEqualTo(new Received(0, Digest.of(new byte[0]), Ending.EOF));
    }
  }

  @Test
  void shouldEndTheSessionWhenItHasBeenIdleTooLong() throws Exception {
    try (Client client = Client.to(IDLE)) {
      for (int i = 0; i < 6; i++) {
        client.echo("not idle yet");
        Pause.millis(300);
      }
      long start = System.nanoTime();
      client.echo("last");
      client.receiveAll();
      assertThat((System.nanoTime() - start) / 1_000_000)
          .as("milliseconds from the last byte to the end")
          .isBetween(900L, 9_000L);
      AccessLine end = server.awaitEndOf(client.address());
      assertThat(end.result()).as("%s", end).isEqualTo("timeout");
      assertThat(end.term()).as("%s", end).endsWith("D");
    }
  }

  @Test
  void shouldEndTheSessionWhenItHasBeenHalfClosedTooLong() throws Exception {
    CountDownLatch never = new CountDownLatch(1);
    target.serve(Handler.hold(never));
    try (Client client = Client.to(HALF_CLOSED)) {
      client.send("request");
      client.finish();
      long start = System.nanoTime();
      client.receiveAll();
      assertThat((System.nanoTime() - start) / 1_000_000)
          .as("milliseconds from the half-close to the end")
          .isBetween(900L, 9_000L);
      assertThat(server.awaitEndOf(client.address()).result()).isEqualTo("timeout");
    } finally {
      never.countDown();
    }
  }

  @Test
  void shouldListenOnEveryAddressOfAListener() throws Exception {
    for (int port : new int[] {PORT, SECOND, ANY}) {
      try (Client client = Client.to(port)) {
        client.echo("hello");
        client.echoUrgent();
        assertThat(server.awaitSession(client.address()).path("local").asText())
            .isEqualTo(local(port));
      }
    }
  }

  @Test
  void shouldConnectByNameWhenTheTargetIsAName() throws Exception {
    try (Client client = Client.to(NAMED)) {
      client.echo("hello");
    }
  }

  @Test
  void shouldBounceOverIpv6WhenTheMachineHasIt() throws Exception {
    assumeTrue(HAS_V6, "no ::1 on this machine");
    try (Client client = Client.to(new InetSocketAddress(InetAddress.ofLiteral("::1"), V6))) {
      client.echo("six to four");
    }
    try (Client client = Client.to(TO_V6)) {
      client.echo("four to six");
    }
  }

  @Test
  void shouldBounceWhenTheTargetIsAUnixSocket() throws Exception {
    try (Client client = Client.to(TO_UNIX)) {
      client.echo("to a path");
      client.finish();
      assertThat(client.receiveAll().ending()).isEqualTo(Ending.EOF);
      assertThat(server.awaitEndOf(client.address()).result()).isEqualTo("ok");
    }
  }

  @Test
  void shouldBounceWhenTheListenerIsAUnixSocket() throws Exception {
    try (SocketChannel client = SocketChannel.open(UnixDomainSocketAddress.of(unixListener))) {
      client.write(ByteBuffer.wrap("from a path".getBytes(StandardCharsets.UTF_8)));
      ByteBuffer answer = ByteBuffer.allocate(11);
      while (answer.hasRemaining() && client.read(answer) >= 0) {
        // The whole echo may take more than one read.
      }
      assertThat(new String(answer.array(), StandardCharsets.UTF_8)).isEqualTo("from a path");
    }
  }

  @Test
  void shouldBlockWithoutTouchingTheTargetWhenTheAclSaysSo() throws Exception {
    int before = guardedTarget.accepted();
    try (Client blocked = Client.from("127.0.0.2", GUARDED)) {
      assertThat(blocked.receiveAll().bytes()).isZero();
      AccessLine end = server.awaitEndOf(blocked.address());
      assertThat(end.result()).as("%s", end).isEqualTo("blocked");
      assertThat(end.get("acl")).isEqualTo("guard");
      assertThat(end.get("rule")).isEqualTo("noisy");
      assertThat(end.number("up")).isZero();
      assertThat(end.number("down")).isZero();
    }
    try (Client unknown = Client.from("127.0.0.3", GUARDED)) {
      assertThat(unknown.receiveAll().bytes()).isZero();
      assertThat(server.awaitEndOf(unknown.address()).result()).isEqualTo("blocked");
    }
    assertThat(guardedTarget.accepted()).as("connections to the target").isEqualTo(before);
    try (Client welcome = Client.from("127.0.0.1", GUARDED)) {
      welcome.echo("let me in");
    }
    assertThat(guardedTarget.accepted()).isEqualTo(before + 1);
  }

  @Test
  void shouldCloseABlockedClientThatHasAlreadySentMuch() throws Exception {
    try (Client blocked = Client.from("127.0.0.2", GUARDED)) {
      try {
        blocked.send(new byte[256 * 1024]);
        blocked.receiveAll();
      } catch (IOException closedMeanwhile) {
        assertThat(closedMeanwhile).hasMessageMatching(".*(Connection reset|Broken pipe).*");
      }
      assertThat(server.awaitEndOf(blocked.address()).result()).isEqualTo("blocked");
    }
  }

  @Test
  void shouldPassUrgentGarbageInLineAndServeOthersMeanwhile() throws Exception {
    CompletableFuture<Received> received = new CompletableFuture<>();
    target.serve(Handler.sink(received));
    byte[] garbage = Payload.bytes(new Random(1), 64 * 1024);
    try (Client client = Client.to(PORT)) {
      await("forwarding")
          .until(
              () -> server.awaitSession(client.address()).path("state").asText(),
              "forwarding"::equals);
      target.serve(Handler.echo());
      for (int i = 0; i < garbage.length; i++) {
        client.socket().sendUrgentData(garbage[i]);
        if (i % 8192 == 0) {
          try (Client other = Client.to(PORT)) {
            other.echo("meanwhile");
          }
        }
      }
      client.finish();
      assertThat(received.get(Patience.seconds(30).toSeconds(), TimeUnit.SECONDS))
          .isEqualTo(new Received(garbage.length, Digest.of(garbage), Ending.EOF));
    }
  }

  @Test
  void shouldServeOthersWhenManyTargetsHangAtOnce() throws Exception {
    List<Client> stuck = new ArrayList<>();
    try {
      for (int i = 0; i < 200; i++) {
        stuck.add(Client.to(HANGING));
      }
      long start = System.nanoTime();
      try (Client client = Client.to(PORT)) {
        client.echo("quickly");
      }
      assertThat((System.nanoTime() - start) / 1_000_000)
          .as("milliseconds beside 200 pending connects")
          .isLessThan(Patience.millis(1_000));
      await("the timeouts of all")
          .atMost(Patience.seconds(20))
          .until(() -> server.status().path("limits").path("active").asInt() == 0);
    } finally {
      Closing.all(stuck.toArray(AutoCloseable[]::new));
    }
  }
}
