package org.portbouncer.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Connections that are opened ahead of sessions, and what targets do with them. */
class SpareConnectionsIT {
  private static final int PORT = Ports.free();

  @TempDir private Path folder;

  private static String body(String listener, String group, Target target) {
    return """
    listeners.web { listen = "127.0.0.1:%d", target = "group:app", acl = all%s }
    acls.all = [ { action = pass } ]
    targets.app { members = [ { name = a, address = "127.0.0.1:%d" } ], %s }
    """
        .formatted(PORT, listener, target.port(), group);
  }

  private static void session() throws IOException {
    try (Client client = Client.to(PORT)) {
      client.echo("hello");
      client.finish();
      client.receiveAll();
    }
  }

  private static JsonNode spares(BouncerServer server) throws IOException {
    return server.targets().get(0).path("spares");
  }

  private static int spares(BouncerServer server, String what) throws IOException {
    return spares(server).path(what).asInt(-1);
  }

  private static void awaitOpen(BouncerServer server, int count) {
    await("connections opened ahead")
        .atMost(Patience.seconds(20))
        .until(
            () -> {
              JsonNode now = spares(server);
              return now.path("opened").asInt()
                      - now.path("used").asInt()
                      - now.path("dropped").asInt()
                  == count;
            });
  }

  @Test
  void shouldGiveASessionAConnectionThatWasThereBeforeItsClient() throws Exception {
    CountDownLatch end = new CountDownLatch(1);
    try (Target target = Target.start(Handler.echo());
        BouncerServer server =
            BouncerServer.start(folder, body("", "spare-connections = 1", target))) {
      awaitOpen(server, 1);
      assertThat(target.accepted()).isEqualTo(1);
      // Whoever connects now is not answered.
      target.serve(Handler.hold(end));
      session();
      server.awaitNoSession();
      await("another for the next session")
          .atMost(Patience.seconds(20))
          .until(() -> target.accepted() == 2);
      assertThat(spares(server, "used")).isEqualTo(1);
      AccessLine line = server.accessLines(AccessLine::isEnd).getFirst();
      assertThat(line.get("result")).isEqualTo("ok");
      assertThat(line.get("member")).isEqualTo("a");
      assertThat(line.get("server")).isEqualTo("127.0.0.1:" + target.port());
      assertThat(line.get("attempts")).isEqualTo("1");
      end.countDown();
    }
  }

  /** A target that is far away: it is connected after this, and answers after the same again. */
  private static Handler far(AtomicInteger reached) {
    return connection -> {
      Thread.sleep(FAR_MILLIS);
      reached.incrementAndGet();
      byte[] bytes = connection.receive(5);
      Thread.sleep(FAR_MILLIS);
      connection.send(bytes);
    };
  }

  private static final int FAR_MILLIS = 100;

  private static long medianToFirstEcho(AtomicInteger reached, int ahead) throws IOException {
    long[] took = new long[5];
    for (int i = 0; i < took.length; i++) {
      int least = i + ahead;
      await("a connection to the target, where one is opened ahead")
          .atMost(Patience.seconds(20))
          .until(() -> reached.get() >= least);
      long from = System.nanoTime();
      session();
      took[i] = System.nanoTime() - from;
    }
    Arrays.sort(took);
    return took[took.length / 2];
  }

  @Test
  void shouldHalveTheTimeToTheFirstAnswerOfATargetThatIsFarAway() throws Exception {
    AtomicInteger with = new AtomicInteger();
    AtomicInteger without = new AtomicInteger();
    try (Target target = Target.start(far(without));
        BouncerServer server = BouncerServer.start(folder, body("", "balance = order", target))) {
      long alone = medianToFirstEcho(without, 0);
      target.serve(far(with));
      server.reloaded(body("", "spare-connections = 1", target));
      long ahead = medianToFirstEcho(with, 1);
      assertThat(spares(server, "used")).isEqualTo(5);
      assertThat((double) ahead / alone)
          .as("%d ns with connections opened ahead, %d ns without", ahead, alone)
          .isLessThan(0.75);
    }
  }

  @Test
  void shouldLoseNoSessionWhereTheTargetClosesWhatIsIdle() throws Exception {
    Handler impatient =
        connection -> {
          connection.patience(1200);
          Handler.echo().handle(connection);
        };
    try (Target target = Target.start(impatient);
        BouncerServer server =
            BouncerServer.start(folder, body("", "spare-connections = 2", target))) {
      await("connections that the target has closed, and others instead")
          .atMost(Patience.seconds(30))
          .until(() -> spares(server, "dropped") >= 2 && target.open() == 2);
      for (int i = 0; i < 30; i++) {
        session();
      }
      server.awaitNoSession();
      assertThat(spares(server, "used")).isPositive();
      assertThat(server.accessLines(AccessLine::isEnd))
          .hasSize(30)
          .allSatisfy(line -> assertThat(line.get("result")).isEqualTo("ok"));
    }
  }

  @Test
  void shouldConnectAnewWhenTheTargetHasJustClosedThemAll() throws Exception {
    Set<Client> connections = ConcurrentHashMap.newKeySet();
    Handler kept =
        connection -> {
          connections.add(connection);
          Handler.echo().handle(connection);
        };
    try (Target target = Target.start(kept);
        BouncerServer server =
            BouncerServer.start(folder, body("", "spare-connections = 3", target))) {
      awaitOpen(server, 3);
      await("all at the target").atMost(Patience.seconds(20)).until(() -> connections.size() == 3);
      for (Client connection : List.copyOf(connections)) {
        connection.close();
      }
      session();
      server.awaitNoSession();
      assertThat(spares(server, "dropped")).isEqualTo(3);
      assertThat(server.accessLines(AccessLine::isEnd).getFirst().get("result")).isEqualTo("ok");
      // It does not want them so soon; they come back all the same.
      awaitOpen(server, 3);
    }
  }

  @Test
  void shouldLeaveATargetAloneThatSpeaksFirst() throws Exception {
    try (Target target = Target.start(Handler.banner("220 "));
        BouncerServer server =
            BouncerServer.start(folder, body("", "spare-connections = 2", target))) {
      server.awaitLog("speaks before the client does: no connections are opened ahead to it");
      await("no connection left").atMost(Patience.seconds(20)).until(() -> target.open() == 0);
      int before = target.accepted();
      for (int i = 1; i <= 3; i++) {
        try (Client client = Client.to(PORT)) {
          assertThat(client.receiveText(4)).isEqualTo("220 ");
        }
      }
      server.awaitNoSession();
      assertThat(target.accepted()).isEqualTo(before + 3);
    }
  }

  @Test
  void shouldKeepNoneToAMemberThatIsTakenOutAndLeaveNothingOpen() throws Exception {
    try (Target target = Target.start(Handler.echo());
        BouncerServer server =
            BouncerServer.start(folder, body("", "spare-connections = 0", target))) {
      // With a reload behind it, which leaves each worker a descriptor more.
      server.reloaded(body("", "spare-connections = 4", target));
      awaitOpen(server, 4);
      session();
      awaitOpen(server, 4);
      server.rememberDescriptors();
      server.command("target", "drain", "app");
      await("no connection left").atMost(Patience.seconds(20)).until(() -> target.open() == 0);
      server.command("target", "ready", "app");
      awaitOpen(server, 4);
      many(40);
      awaitOpen(server, 4);
      server.assertNothingLeaked();
      server.reloaded(body("", "spare-connections = 0", target));
      await("no connection left").atMost(Patience.seconds(20)).until(() -> target.open() == 0);
      session();
      server.reloaded(body("", "spare-connections = 4", target));
      awaitOpen(server, 4);
      server.assertNothingLeaked();
    }
  }

  /** So many sessions at once. */
  private static void many(int count) throws Exception {
    List<Client> clients = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      clients.add(Client.to(PORT));
    }
    for (Client client : clients) {
      client.echo("hello");
    }
    for (Client client : clients) {
      client.finish();
      client.receiveAll();
      client.close();
    }
  }

  @Test
  void shouldOpenOthersWhenTheirWorkerIsKilled() throws Exception {
    try (Target target = Target.start(Handler.echo());
        BouncerServer server =
            BouncerServer.start(folder, body("", "spare-connections = 2", target))) {
      awaitOpen(server, 2);
      await("both at the target").atMost(Patience.seconds(20)).until(() -> target.open() == 2);
      ProcessHandle.of(server.workers("connect").getFirst()).orElseThrow().destroyForcibly();
      await("two more, and the first gone")
          .atMost(Patience.seconds(30))
          .until(() -> target.accepted() == 4 && target.open() == 2);
      session();
      server.awaitNoSession();
      assertThat(spares(server, "used")).isEqualTo(1);
    }
  }

  @Test
  void shouldWriteTheProxyHeaderWhenASessionTakesIt() throws Exception {
    Handler echoesLine =
        connection -> {
          StringBuilder line = new StringBuilder();
          for (int c = connection.in().read(); c >= 0 && c != '\n'; c = connection.in().read()) {
            line.append((char) c);
          }
          connection.send(line.toString().strip() + '\n');
          Handler.echo().handle(connection);
        };
    try (Target target = Target.start(echoesLine);
        BouncerServer server =
            BouncerServer.start(
                folder, body(", send-proxy = v1", "spare-connections = 1", target))) {
      awaitOpen(server, 1);
      try (Client client = Client.from("127.0.0.7", PORT)) {
        String port = client.address().substring(client.address().indexOf(':') + 1);
        String line = "PROXY TCP4 127.0.0.7 127.0.0.1 " + port + " " + PORT + "\n";
        assertThat(client.receiveText(line.length())).isEqualTo(line);
      }
      server.awaitNoSession();
      assertThat(spares(server, "used")).isEqualTo(1);
    }
  }

  @Test
  void shouldOpenNoneWhereEverySessionHasASocketOfItsOwn() throws Exception {
    try (Target target = Target.start(Handler.echo());
        BouncerServer server =
            BouncerServer.start(folder, body(", dscp = cs1", "spare-connections = 2", target))) {
      server.awaitLog("uses no connection that the group 'app' opens ahead");
      session();
      server.awaitNoSession();
      assertThat(target.accepted()).isEqualTo(1);
      assertThat(spares(server, "opened")).isZero();
    }
  }
}
