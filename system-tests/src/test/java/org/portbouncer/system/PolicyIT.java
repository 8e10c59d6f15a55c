package org.portbouncer.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Rules and limits, from many sources of the loopback network. */
@ExtendWith(Randomness.class)
class PolicyIT {
  private static final int RULES = Ports.free();
  private static final int LIMITS = Ports.free();
  private static final int CHURN = Ports.free();
  private static final int MAX = 5;
  private static final int PER_SOURCE = 2;

  private static Target target;
  private static BouncerServer server;

  @BeforeAll
  static void start(@TempDir Path folder) throws Exception {
    target = Target.start(Handler.echo());
    server =
        BouncerServer.start(
            folder,
            """
            listeners {
              rules { listen = "127.0.0.1:%d", target = "127.0.0.1:%d", acl = rules }
              limits { listen = "127.0.0.1:%d", target = "127.0.0.1:%d", acl = limits }
              churn { listen = "127.0.0.1:%d", target = "127.0.0.1:%d", acl = limits,
                timeouts { negotiate = 2s, connect = 2s } }
            }
            acls {
              rules = [
                { name = noisy, action = block, from = "127.0.1.0/24", log = [connect] }
                { name = never, action = block, when = "Mon 00:00-00:01 UTC; Fri 00:00-00:01 UTC",
                  from = "127.0.2.0/24" }
                { name = low, action = pass, from = "127.0.2.0/24", from-port = "1-19999" }
                { name = net, action = pass, from = ["127.0.0.0/24", "127.0.3.7"],
                  log = [connect, disconnect, error] }
              ]
              limits = [
                { name = rule, action = pass, from = "127.1.1.0/24", max-sessions = %d }
                { name = source, action = pass, from = "127.1.2.0/24",
                  max-sessions-per-source = %d }
                { name = both, action = pass, from = "127.1.3.0/24", max-sessions = %d,
                  max-sessions-per-source = %d }
                { name = rate, action = pass, from = "127.1.4.0/24", rate = "4/3s" }
                { name = source-rate, action = pass, from = "127.1.5.0/24",
                  rate-per-source = "2/3s" }
              ]
            }
            workers { acl = 2, io = 2 }
            """
                .formatted(
                    RULES,
                    target.port(),
                    LIMITS,
                    target.port(),
                    CHURN,
                    target.port(),
                    MAX,
                    PER_SOURCE,
                    MAX,
                    PER_SOURCE));
  }

  @AfterAll
  static void stop() throws Exception {
    Closing.all(server, target);
  }

  @AfterEach
  void nothingIsLeft() {
    server.awaitNoSession();
  }

  /** A client that passed, or null where it was closed at once. */
  private static Client open(String source, int port) throws IOException {
    Client client = Client.from(source, port);
    try {
      client.echo("x");
      return client;
    } catch (SocketException | java.io.EOFException closed) {
      client.close();
      return null;
    }
  }

  private static void assertPasses(String source, int port) throws IOException {
    Client client = open(source, port);
    assertThat(client).as("client from %s", source).isNotNull();
    client.close();
  }

  /** The end line of a client that must not pass. */
  private static AccessLine refused(String source, int port) throws IOException {
    int before = target.accepted();
    try (Client client = Client.from(source, port)) {
      assertThat(client.receiveAll().bytes()).isZero();
      AccessLine end = server.awaitEndOf(client.address());
      assertThat(target.accepted()).as("connections to the target").isEqualTo(before);
      assertThat(end.term()).isEqualTo("PC");
      return end;
    }
  }

  private static void assertLimited(String source, String rule) throws IOException {
    AccessLine end = refused(source, LIMITS);
    assertThat(end.result()).as("%s", end).isEqualTo("limited");
    assertThat(end.get("acl")).isEqualTo("limits");
    assertThat(end.get("rule")).isEqualTo(rule);
  }

  private static List<Client> openAll(int count, String... sources) throws IOException {
    List<Client> open = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      String source = sources[i % sources.length];
      Client client = open(source, LIMITS);
      assertThat(client).as("client %d from %s", i, source).isNotNull();
      open.add(client);
    }
    return open;
  }

  private static void closeAll(List<Client> clients) throws IOException {
    for (Client client : clients) {
      client.close();
    }
    server.awaitNoSession();
  }

  @Test
  void shouldDecideByTheFirstRuleThatMatches() throws Exception {
    assertPasses("127.0.0.1", RULES);
    assertPasses("127.0.3.7", RULES);
    AccessLine blocked = refused("127.0.1.9", RULES);
    assertThat(blocked.result()).isEqualTo("blocked");
    assertThat(blocked.get("acl")).isEqualTo("rules");
    assertThat(blocked.get("rule")).isEqualTo("noisy");
    AccessLine unmatched = refused("127.0.3.8", RULES);
    assertThat(unmatched.result()).isEqualTo("blocked");
    assertThat(unmatched.get("rule")).isIn("", "-");
  }

  @Test
  void shouldLookAtTheClientsPort() throws Exception {
    assertThat(passesFromPort(15_017)).isTrue();
    assertThat(passesFromPort(20_000)).isFalse();
  }

  private static boolean passesFromPort(int port) throws IOException {
    try (Socket socket = new Socket()) {
      socket.setReuseAddress(true);
      socket.bind(new InetSocketAddress(InetAddress.ofLiteral("127.0.2.5"), port));
      socket.connect(new InetSocketAddress(Client.LOOPBACK, RULES), 10_000);
      Client client = new Client(socket);
      client.echo("x");
      client.reset();
      return true;
    } catch (SocketException | java.io.EOFException closed) {
      return false;
    }
  }

  @Test
  void shouldWriteALineAtTheStartWhereTheRuleWantsOne() throws Exception {
    AccessLine blocked = refused("127.0.1.10", RULES);
    try (Client client = Client.from("127.0.0.2", RULES)) {
      client.echo("x");
      client.finish();
      client.receiveAll();
      AccessLine end = server.awaitEndOf(client.address());
      assertThat(server.accessLines(line -> line.id().equals(end.id())))
          .extracting(line -> line.get("event"))
          .containsExactly("connect", "end");
      AccessLine start = server.accessLines(line -> line.id().equals(end.id())).getFirst();
      assertThat(start.fields().keySet()).containsExactlyElementsOf(AccessLine.KEYS);
      assertThat(start.get("rule")).isEqualTo("net");
      assertThat(start.result()).isIn("", "-");
      assertThat(start.term()).isIn("", "-");
    }
    assertThat(server.accessLines(line -> line.id().equals(blocked.id())))
        .extracting(line -> line.get("event"))
        .containsExactly("connect", "end");
  }

  @Test
  void shouldLimitTheSessionsOfARule() throws Exception {
    List<Client> open = openAll(MAX, "127.1.1.1", "127.1.1.2", "127.1.1.3");
    assertLimited("127.1.1.4", "rule");
    assertLimited("127.1.1.1", "rule");
    open.removeFirst().close();
    server.awaitActive(MAX - 1);
    open.addAll(openAll(1, "127.1.1.9"));
    assertLimited("127.1.1.4", "rule");
    closeAll(open);
  }

  @Test
  void shouldLimitTheSessionsOfEachSource() throws Exception {
    List<Client> open = openAll(2 * PER_SOURCE, "127.1.2.1", "127.1.2.2");
    assertLimited("127.1.2.1", "source");
    assertLimited("127.1.2.2", "source");
    open.addAll(openAll(1, "127.1.2.3"));
    open.removeFirst().close();
    server.awaitActive(2 * PER_SOURCE);
    open.addAll(openAll(1, "127.1.2.1"));
    assertLimited("127.1.2.1", "source");
    closeAll(open);
  }

  @Test
  void shouldLimitTheRateOfARuleAndOfEachSource() throws Exception {
    long begun = System.nanoTime();
    for (int i = 0; i < 4; i++) {
      assertPasses("127.1.4." + (i + 1), LIMITS);
    }
    assertPasses("127.1.5.1", LIMITS);
    assertPasses("127.1.5.1", LIMITS);
    if (System.nanoTime() - begun < 2_500_000_000L) {
      assertLimited("127.1.4.9", "rate");
      assertLimited("127.1.5.1", "source-rate");
    }
    assertPasses("127.1.5.2", LIMITS);
    // A refused client does not lengthen the wait, so asking again and again is allowed.
    awaitPasses("127.1.4.9");
    awaitPasses("127.1.5.1");
  }

  private static void awaitPasses(String source) {
    await(source + " passes again")
        .atMost(Patience.seconds(6))
        .pollInterval(Duration.ofMillis(100))
        .until(
            () -> {
              Client client = open(source, LIMITS);
              if (client == null) {
                return false;
              }
              client.close();
              return true;
            });
  }

  @Test
  void shouldGiveCountsBackWhenWorkersAreKilled(Random random) throws Exception {
    String[] stages = {"io", "acl", "io", "acl", "connect", "bandwidth"};
    for (String stage : stages) {
      List<Client> open = openAll(MAX, "127.1.3.1", "127.1.3.2", "127.1.3.3");
      List<Long> pids = server.workers(stage);
      long victim = pids.get(random.nextInt(pids.size()));
      ProcessHandle.of(victim).orElseThrow().destroyForcibly();
      await("a successor of " + stage)
          .atMost(Patience.seconds(20))
          .until(() -> !server.workers(stage).contains(victim));
      closeAll(open);
      // Exactly the limits again, neither less nor more.
      List<Client> again = openAll(MAX, "127.1.3.1", "127.1.3.2", "127.1.3.3");
      assertLimited("127.1.3.4", "both");
      closeAll(again);
      List<Client> one = openAll(PER_SOURCE, "127.1.3.5");
      assertLimited("127.1.3.5", "both");
      closeAll(one);
    }
  }

  @Test
  void shouldNotDriftWhenWorkersAreKilledWhileSessionsComeAndGo(Random random) throws Exception {
    AtomicBoolean enough = new AtomicBoolean();
    AtomicInteger passed = new AtomicInteger();
    try (ExecutorService clients = Executors.newFixedThreadPool(8)) {
      for (int i = 0; i < 8; i++) {
        String source = "127.1.3." + (10 + i % 4);
        clients.execute(
            () -> {
              while (!enough.get()) {
                passed.addAndGet(comeAndGo(source));
              }
            });
      }
      for (int i = 0; i < 8; i++) {
        Thread.sleep(random.nextInt(100, 600));
        List<Long> pids = server.workers(i % 2 == 0 ? "acl" : "io");
        ProcessHandle.of(pids.get(random.nextInt(pids.size())))
            .ifPresent(ProcessHandle::destroyForcibly);
      }
      enough.set(true);
    }
    assertThat(passed).hasPositiveValue();
    // What a worker had in its hands between two stages is ended when its time is over.
    await("all sessions are over")
        .atMost(Patience.seconds(45))
        .until(() -> server.status().path("limits").path("active").asInt(-1) == 0);
    List<Client> open = openAll(MAX, "127.1.3.10", "127.1.3.11", "127.1.3.12");
    assertLimited("127.1.3.13", "both");
    closeAll(open);
    for (int i = 0; i < 4; i++) {
      List<Client> one = openAll(PER_SOURCE, "127.1.3." + (10 + i));
      assertLimited("127.1.3." + (10 + i), "both");
      closeAll(one);
    }
  }

  /** One session; 1 where it passed. */
  private static int comeAndGo(String source) {
    try (Client client = Client.from(source, CHURN)) {
      client.patience(5_000);
      client.echo("x");
      return 1;
    } catch (IOException killedOrLimited) {
      return 0;
    }
  }

  @Test
  void shouldAnswerAclTestAsTheServerDecides() throws Exception {
    String config = server.config().toString();
    CommandResult pass = aclTest(config, "127.0.0.1:4000");
    assertThat(pass.exit()).as(pass.allText()).isZero();
    assertThat(pass.outText()).contains("rule 'net'").contains(config + ":");
    CommandResult block = aclTest(config, "127.0.1.1");
    assertThat(block.exit()).as(block.allText()).isEqualTo(1);
    assertThat(block.outText()).contains("rule 'noisy'");
    CommandResult unknown =
        CommandResult.bouncer(
            "acl", "test", "-c", config, "--listener", "rulse", "--from", "127.0.0.1");
    assertThat(unknown.exit()).isEqualTo(2);
    assertThat(unknown.allText()).contains("did you mean 'rules'?");
  }

  private static CommandResult aclTest(String config, String from) throws Exception {
    return CommandResult.bouncer(
        "acl", "test", "-c", config, "--listener", "rules", "--from", from);
  }

  @Test
  void shouldLeaveOutConnectLinesButNoEndLineInAFloodOfBlockedClients() throws Exception {
    int flood = 600;
    String source = "127.0.1.77";
    long begun = System.nanoTime();
    List<Client> clients = new ArrayList<>();
    for (int i = 0; i < flood; i++) {
      clients.add(Client.from(source, RULES));
    }
    for (Client client : clients) {
      assertThat(client.receiveAll().bytes()).isZero();
      client.close();
    }
    await("an end line of each")
        .until(() -> linesFrom(source, "end").size(), count -> count == flood);
    long seconds = 1 + (System.nanoTime() - begun) / 1_000_000_000;
    int written = linesFrom(source, "connect").size();
    // Each of the two acl workers may write 100 in a second that begins with its first.
    assertThat((long) written).isBetween(100L, 200 * (seconds + 1));
    if (written < flood) {
      String said = "connect lines of blocked clients that were left out: ";
      await("a count of what was left out")
          .until(
              () ->
                  server.err().lines().stream()
                      .filter(line -> line.contains(said))
                      .mapToLong(
                          line ->
                              Long.parseLong(line.substring(line.indexOf(said) + said.length())))
                      .sum(),
              count -> count == flood - written);
    }
  }

  private static List<AccessLine> linesFrom(String source, String event) {
    return server.accessLines(
        line -> line.client().startsWith(source + ":") && line.get("event").equals(event));
  }
}
