package org.portbouncer.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Members that die, come and go, or vanish, while many sessions are made. */
class FailoverIT {
  private static final int PORT = Ports.free();
  private static final int AT_ONCE = 64;
  private static final int FLAPS = 200;

  @TempDir private Path folder;

  private Target a;
  private Target b;

  /** Says its name at the end of what it hears, so that nobody needs to be told who it is. */
  private static Handler signed(String name) {
    return connection -> {
      byte[] words = connection.receive(5);
      connection.send(words);
      connection.send(name);
      Handler.echo().handle(connection);
    };
  }

  @BeforeEach
  void targets() throws IOException {
    a = Target.start(signed("a"));
    b = Target.start(signed("b"));
  }

  @AfterEach
  void close() throws Exception {
    Closing.all(a, b);
  }

  private String group(String first, String settings) {
    return """
    listeners.web { listen = "127.0.0.1:%d", target = "group:app", acl = all }
    acls.all = [ { action = pass } ]
    targets.app { members = [ { name = a, address = "%s" }
                              { name = b, address = "127.0.0.1:%d" } ], %s }
    workers.connect = 2
    """
        .formatted(PORT, first, b.port(), settings);
  }

  private String here() {
    return "127.0.0.1:" + a.port();
  }

  /** One session after the other, each of five bytes and back, until told to end. */
  private static final class Load implements AutoCloseable {
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final List<Future<?>> all = new ArrayList<>();
    private final AtomicBoolean ending = new AtomicBoolean();
    private final AtomicInteger served = new AtomicInteger();

    /** Addresses of clients who did not get what they were to get. */
    private final Set<String> failed = ConcurrentHashMap.newKeySet();

    Load(int sessions) {
      for (int i = 0; i < sessions; i++) {
        String source = "127.0.7." + (i + 1);
        all.add(threads.submit(() -> sessions(source)));
      }
    }

    /** From an address of its own: the ports of one are not enough for all that come and go. */
    private Void sessions(String source) throws IOException {
      while (!ending.get()) {
        Pause.millis(10);
        try (Client client = Client.from(source, PORT)) {
          try {
            client.echo("hello");
            client.receive(1);
            client.finish();
            client.receiveAll();
            served.incrementAndGet();
          } catch (IOException e) {
            failed.add(client.address());
          }
        }
      }
      return null;
    }

    void awaitMore(int sessions) {
      int until = served.get() + sessions;
      await("sessions that are served")
          .atMost(Patience.seconds(60))
          .until(() -> served.get() >= until);
    }

    /** Waits for the last sessions; fails when a client could not even come. */
    @Override
    public void close() throws ExecutionException {
      ending.set(true);
      threads.close();
      try {
        for (Future<?> one : all) {
          one.get();
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IllegalStateException("interrupted while the load ends", e);
      }
    }
  }

  private static void assertNothingCounted(BouncerServer server) throws IOException {
    server.awaitNoSession();
    assertThat(server.targets())
        .allSatisfy(
            member -> assertThat(member.path("sessions").asInt(-1)).as(member.toString()).isZero());
    server.assertNothingLeaked();
  }

  private static int refused(BouncerServer server) throws IOException {
    return server.targets().get(0).path("connects").path("refused").asInt();
  }

  @Test
  void shouldLoseThoseSessionsAloneThatWereOnAMemberThatDiesUnderLoad() throws Exception {
    String settings = "balance = round-robin, eject { failures = 1, for = 1h }";
    try (BouncerServer server = BouncerServer.start(folder, group(here(), settings))) {
      try (Client client = Client.to(PORT)) {
        client.echo("hello");
      }
      server.rememberDescriptors();
      Set<String> failed;
      try (Load load = new Load(AT_ONCE)) {
        load.awaitMore(500);
        a.close();
        load.awaitMore(1_000);
        failed = load.failed;
      }
      assertNothingCounted(server);
      for (String client : failed) {
        AccessLine end = server.awaitEndOf(client);
        assertThat(end.get("member")).as("whose session failed: %s", end).isEqualTo("a");
      }
      assertThat(failed).hasSizeLessThanOrEqualTo(AT_ONCE);
      assertThat(refused(server)).as("connects that failed, with two workers").isBetween(1, 2);
      assertThat(server.targets().get(0).path("state").asText()).isEqualTo("ejected");
    }
  }

  /** It listens for 50 ms and does not for 50 ms. */
  @Test
  void shouldBeAsBeforeWhenAMemberHasComeAndGoneTwoHundredTimes() throws Exception {
    String settings = "balance = round-robin, eject { failures = 3, for = 60ms }";
    InetSocketAddress address = new InetSocketAddress(Client.LOOPBACK, a.port());
    try (BouncerServer server = BouncerServer.start(folder, group(here(), settings))) {
      try (Client client = Client.to(PORT)) {
        client.echo("hello");
      }
      server.rememberDescriptors();
      Set<String> failed;
      try (Load load = new Load(8)) {
        for (int i = 0; i < FLAPS; i++) {
          a.close();
          Pause.millis(50);
          a = Target.start(address, signed("a"));
          Pause.millis(50);
        }
        load.awaitMore(50);
        failed = load.failed;
      }
      assertThat(refused(server)).as("the sessions met it while it was away").isPositive();
      for (String client : failed) {
        AccessLine end = server.awaitEndOf(client);
        assertThat(end.get("member")).as("whose session failed: %s", end).isEqualTo("a");
      }
      await("it to be up again")
          .atMost(Patience.seconds(20))
          .until(() -> server.targets().get(0).path("state").asText().equals("up"));
      assertNothingCounted(server);
    }
  }

  /** A connection that was made is no failure to connect, whatever comes then: checks find it. */
  @Test
  void shouldSendNobodyToAMemberThatResetsWhomItAcceptsOnceACheckHasSeenIt() throws Exception {
    a.serve(Client::reset);
    String settings =
        "check { type = expect, send = \"hello\", expect = \"hello\", every = 100ms, fall = 1 }";
    try (BouncerServer server = BouncerServer.start(folder, group(here(), settings))) {
      await("the check to find it")
          .atMost(Patience.seconds(30))
          .until(() -> server.targets().get(0).path("state").asText().equals("down"));
      try (Load load = new Load(AT_ONCE)) {
        load.awaitMore(200);
        assertThat(load.failed).isEmpty();
      }
      assertThat(server.accessLines(AccessLine::isEnd))
          .extracting(line -> line.get("member"))
          .containsOnly("b");
      assertThat(server.targets().get(0).path("connects").path("refused").asInt()).isZero();
      server.awaitNoSession();
    }
  }

  /** Nothing comes back from it, not even a refusal: each session waits its share of the time. */
  @Test
  void shouldServeAllByTheOtherWhenAMembersMachineIsSilent() throws Exception {
    try (Network network = Network.create()) {
      network.vanishFar();
      b.close();
      b =
          network.near(
              () ->
                  Target.start(
                      new InetSocketAddress(InetAddress.ofLiteral(Network.NEAR), 0), signed("b")));
      String body =
          group(Network.FAR + ":80", "attempts = 2, eject { failures = 3, for = 1h }")
                  .replace("\"127.0.0.1:" + b.port(), "\"" + Network.NEAR + ":" + b.port())
              + "timeouts.connect = 600ms\n";
      try (BouncerServer server = BouncerServer.startBy(network.onNear(), folder, body)) {
        for (int i = 0; i < 6; i++) {
          try (Client client = network.near(() -> Client.to(PORT))) {
            client.echo("hello");
            assertThat(client.receiveText(1)).isEqualTo("b");
          }
        }
        server.awaitNoSession();
        assertThat(server.accessLines(AccessLine::isEnd))
            .extracting(line -> line.get("attempts"))
            .containsExactly("2", "2", "2", "1", "1", "1");
        assertThat(server.targets().get(0).path("state").asText()).isEqualTo("ejected");
      }
    }
  }
}
