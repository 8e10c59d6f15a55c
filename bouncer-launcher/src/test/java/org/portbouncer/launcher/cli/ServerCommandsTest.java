package org.portbouncer.launcher.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.portbouncer.launcher.admin.AdminServer;
import org.portbouncer.launcher.admin.FakeOperations;
import org.portbouncer.launcher.admin.Json;
import org.portbouncer.launcher.privilege.RunAs;
import picocli.CommandLine;

/** The commands that ask a server, against one that answers over a real socket. */
@Timeout(30)
class ServerCommandsTest {

  private final FakeOperations operations = new FakeOperations();

  @TempDir private Path folder;

  private AdminServer server;
  private String socket;

  @BeforeEach
  void open() throws IOException {
    Path path = folder.resolve("admin.sock");
    server = AdminServer.open(path, 0600, RunAs.UNCHANGED, operations);
    socket = path.toString();
  }

  @AfterEach
  void close() throws IOException {
    server.close();
  }

  @Test
  void shouldShowStatusAsAlignedTables() {
    CliRun run = CliRun.of("status", "-s", socket);
    assertThat(run.err()).isEmpty();
    assertThat(run.code()).as("the state is not ready").isEqualTo(1);
    assertThat(run.out())
        .startsWith(
            """
            bouncer 1.2.3, pid 4700, degraded, up 1h02m, epoch 1
              stage acl since 2026-11-27T10:23:20.123Z: no worker serves
            sessions 3 of 10000, state transfer inline, 0 spilled
            access log lines left out: 7
            the access log cannot be written: /var/log/b.log: no space left on device
            server log lines left out: 9

            LISTENER  LISTEN              TARGET         ACCEPTED  ACTIVE  PASSED\
            """)
        .contains(
            "\nweb: last failed 2026-11-27T10:23:21.123Z: connection refused;"
                + " times in a row: 3, first 2026-11-27T10:23:20.123Z\n")
        .contains("\nmail      0.0.0.0:25,[::]:25  unix:/m               1       1       1")
        .contains(
            """

            BANDWIDTH       UP      DOWN     BURST  SHARED BY  SESSIONS  THROTTLED
            slow       1 MiB/s  no limit  20.5 KiB  rule              2      1m01s

            WORKER\
            """)
        .endsWith(
            """

            WORKER    PID  STATE      RESTARTS  SESSIONS    MEMORY
            acl/0    4708  ready             0         0  64.0 MiB
            io/1     4711  throttled         3         3    1000 B
            spare/0  4720  waiting           -         -  40.0 MiB
            spare/1  4721  starting          -         -    1000 B
            io/1 starts again in 2.3s: exit code 1
            """);
  }

  @Test
  void shouldPrintTheServersJsonAsItIs() throws Exception {
    CliRun status = CliRun.of("status", "--json", "-s", socket);
    assertThat(status.code()).as("the state is not ready").isEqualTo(1);
    assertThat(status.out()).startsWith("{\"version\":\"1.2.3\",").endsWith("}\n");
    assertThat(Json.parseObject(status.out()).get("pid")).isEqualTo(4700L);
    CliRun sessions = CliRun.of("sessions", "--json", "-s", socket);
    assertThat(Json.parseArray(sessions.out())).hasSize(3);
  }

  @Test
  void shouldListSessions() {
    CliRun run = CliRun.of("sessions", "-s", socket, "--listener", "web", "--from", "10.0.0.0/8");
    assertThat(run.code()).isZero();
    assertThat(run.out())
        .isEqualTo(
            """
            ID  LISTENER  CLIENT          TARGET         RULE          STATE    \
            WORKER    AGE   IDLE       UP  DOWN
            17  web       10.1.2.3:40000  192.0.2.10:80  office/staff  forward  \
              4711  1m01s  250ms  1.5 KiB   5 B
            """);
  }

  @Test
  void shouldNameTheNearestListenerWhenThereIsNone() {
    CliRun run = CliRun.of("sessions", "-s", socket, "--listener", "mial", "--json");
    assertThat(run.code()).isEqualTo(1);
    assertThat(run.out()).isEmpty();
    assertThat(run.err()).isEqualTo("bouncer: no listener 'mial', did you mean 'mail'?\n");
  }

  @Test
  void shouldFilterJsonToo() throws Exception {
    CliRun run = CliRun.of("sessions", "--json", "-s", socket, "--from", "2001:db8::/32");
    assertThat(Json.parseArray(run.out())).hasSize(1);
    assertThat(run.out()).startsWith("[{\"id\":18,");
  }

  @Test
  void shouldKillByIdAndSayHowMany() {
    CliRun run = CliRun.of("kill", "-s", socket, "17", "19", "4");
    assertThat(run.code()).isZero();
    assertThat(run.out()).isEqualTo("killed 2 sessions\n");
  }

  @Test
  void shouldKillByNetworkAndSayHowMany() {
    CliRun run = CliRun.of("kill", "--from", "10.0.0.0/8", "-s", socket);
    assertThat(run.code()).isZero();
    assertThat(run.out()).isEqualTo("killed 1 session\n");
  }

  @Test
  void shouldSayHowManySessionsAWorkerGaveToOthers() {
    CliRun run = CliRun.of("move", "io/0", "-s", socket);
    assertThat(run.err()).isEmpty();
    assertThat(run.out()).isEqualTo("moved 4 sessions\n");
    assertThat(run.code()).isZero();
    CliRun none = CliRun.of("move", "io/7", "-s", socket);
    assertThat(none.code()).isEqualTo(1);
    assertThat(none.err()).isEqualTo("bouncer: no worker 'io/7'\n");
  }

  @Test
  void shouldSayHowAnUpgradeWent() {
    CliRun run = CliRun.of("upgrade", "--to", "/opt/new", "-s", socket);
    assertThat(run.err()).isEqualTo("upgrade: starting /opt/new\n");
    assertThat(run.out())
        .isEqualTo(
            """
            version 1.2.4 serves, pid 4999; moved 7 sessions
            stood still: half of them for at most 0.9 ms, 99 % for 1.5 ms, the longest 1.5 ms
            with the old server until they end: 1 session (why)
            """);
    assertThat(run.code()).isZero();
    CliRun same = CliRun.of("upgrade", "--to", "/opt/new", "--if-changed", "-s", socket);
    assertThat(same.out()).isEqualTo("version 1.2.3 runs already; nothing to do\n");
    CliRun none = CliRun.of("upgrade", "--to", "/srv/new", "-s", socket);
    assertThat(none.code()).isEqualTo(1);
    assertThat(none.err()).isEqualTo("bouncer: /srv/new is not there\n");
  }

  @Test
  void shouldPrintWhatIsInForceAfterALimit() {
    CliRun run = CliRun.of("limit", "slow", "--down", "8 Mbit/s", "-s", socket);
    assertThat(run.err()).isEmpty();
    assertThat(run.code()).isZero();
    assertThat(run.out())
        .isEqualTo(
            "slow: up 1 MiB/s, down 8 Mbit/s, burst 20.5 KiB, shared by rule;"
                + " until the next reload\n");
    assertThat(CliRun.of("limit", "slow", "--up", "none", "-s", socket).out())
        .startsWith("slow: up no limit, down no limit,");
    assertThat(CliRun.of("limit", "slow", "--up=1kbit/s", "--json", "-s", socket).out())
        .startsWith("{\"class\":\"slow\",\"up\":125,\"down\":null,");
  }

  @Test
  void shouldExitWith1AndNameTheNearestWhenThereIsNoSuchClass() {
    CliRun run = CliRun.of("limit", "slwo", "--up", "1 MiB/s", "-s", socket);
    assertThat(run.code()).isEqualTo(1);
    assertThat(run.out()).isEmpty();
    assertThat(run.err()).isEqualTo("bouncer: no bandwidth class 'slwo', did you mean 'slow'?\n");
  }

  @Test
  void shouldPrintWhatAReloadDidAndWhatItWarnsOf() {
    CliRun run = CliRun.of("reload", "--recheck", "-s", socket);
    assertThat(run.code()).isZero();
    assertThat(run.out()).isEqualTo("reloaded: epoch 2, all is well\n");
    assertThat(run.err()).isEqualTo("b.conf:3: warning: odd\n");
  }

  @Test
  void shouldPrintEveryProblemOfAReloadThatWasRefused() {
    CliRun run = CliRun.of("reload", "-s", socket);
    assertThat(run.code()).isEqualTo(1);
    assertThat(run.out()).isEmpty();
    assertThat(run.err()).isEqualTo("b.conf:4: wrong\nbouncer: not reloaded: 1 error\n");
  }

  @Test
  void shouldExitWith3WhenThereIsNoServerToReload() {
    assertThat(CliRun.of("reload", "-s", folder.resolve("none").toString()).code()).isEqualTo(3);
  }

  @Test
  void shouldExitWith1WhenNothingWasKilled() {
    CliRun run = CliRun.of("kill", "4", "-s", socket);
    assertThat(run.code()).isEqualTo(1);
    assertThat(run.out()).isEqualTo("killed 0 sessions\n");
  }

  @Test
  void shouldPassOnWhyTheServerRefused() {
    CliRun run = CliRun.of("kill", "666", "-s", socket);
    assertThat(run.code()).isEqualTo(1);
    assertThat(run.out()).isEmpty();
    assertThat(run.err()).isEqualTo("bouncer: the server failed to answer: broken on purpose\n");
  }

  @Test
  void shouldExitWith4WhenTheServerDoesNotStopInTime() {
    CliRun run = CliRun.of("stop", "--timeout", "1", "-s", socket);
    assertThat(run.code()).isEqualTo(4);
    assertThat(run.err())
        .startsWith("stopping: waiting for 3 sessions\n")
        .endsWith("bouncer: the server has not stopped in time\n");
    assertThat(operations.stopped).isCompletedWithValue(false);
  }

  @Test
  void shouldWaitForTheConnectionAndThenTheProcessToGo() {
    AtomicInteger looks = new AtomicInteger();
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    PrintStream stream = new PrintStream(out, true, StandardCharsets.UTF_8);
    CompletableFuture<Void> closed = operations.stopped.thenAcceptAsync(now -> server.close());
    StopCommand stop =
        new StopCommand(
            new Console(stream, stream, false, false),
            pid -> {
              assertThat(pid).isEqualTo(ProcessHandle.current().pid());
              return looks.incrementAndGet() < 3;
            });
    assertThat(new CommandLine(stop).execute("--now", "-s", socket)).isZero();
    assertThat(closed).isCompleted();
    assertThat(looks).hasValue(3);
    assertThat(operations.stopped).isCompletedWithValue(true);
    assertThat(out.toString(StandardCharsets.UTF_8)).endsWith("stopped\n");
  }
}
