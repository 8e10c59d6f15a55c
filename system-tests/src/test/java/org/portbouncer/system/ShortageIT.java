package org.portbouncer.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * No thread and no process is to be had, or no memory: nothing ends that need not, and it is said.
 */
class ShortageIT extends EchoTargetCase {

  private final int metrics = Ports.free();

  private String config() {
    return """
    listeners { echo { listen = "127.0.0.1:%d", target = "127.0.0.1:%d" } }
    metrics { listen = "127.0.0.1:%d" }
    workers { io = 1 }
    timeouts { drain = 1s }
    """
        .formatted(port, target.port(), metrics);
  }

  private static JsonNode worker(BouncerServer server, String stage) throws IOException {
    return BouncerServer.elements(server.status().path("workers"))
        .filter(w -> w.path("stage").asText().equals(stage))
        .findFirst()
        .orElseThrow();
  }

  /** How the server is kept from making threads, or processes, and let again. */
  private interface Bar {
    void set(boolean closed) throws Exception;
  }

  @Test
  void shouldServeOnAndSayWhatItLacksWhereNoThreadIsToBeHad() throws Exception {
    ControlGroup group = ControlGroup.make("pids");
    try (group;
        BouncerServer server = BouncerServer.startAfter(group.enter(), folder, config())) {
      servesOnWithoutThreads(server, closed -> group.write("pids.max", closed ? "1" : "max"));
    }
  }

  /** The limit of a user's threads: it holds for nobody who may do everything. */
  private static List<String> asSomebody(int uid, String limit) {
    String id = Integer.toString(uid);
    return List.of(
        "setpriv",
        "--reuid=" + id,
        "--regid=" + id,
        "--clear-groups",
        "prlimit",
        "--nproc=" + limit);
  }

  /** A user of whom nothing else runs on this machine, for the kernel counts all that is his. */
  private int somebody() throws Exception {
    assumeTrue(Accounts.isRoot(), "only root can become another user");
    int uid = 200_000 + (int) (ProcessHandle.current().pid() % 100_000);
    Accounts.assumeReachable(Accounts.USER);
    Accounts.open(folder);
    Path own = Files.createDirectory(folder.resolve("own"));
    Files.setAttribute(own, "unix:uid", uid);
    Files.setAttribute(own, "unix:gid", uid);
    return uid;
  }

  @Test
  void shouldServeOnWhereItsUserMayHaveNoMoreThreads() throws Exception {
    int uid = somebody();
    List<String> before = asSomebody(uid, "4096:4096");
    try (BouncerServer server = BouncerServer.startBy(before, folder.resolve("own"), config())) {
      String pid = Long.toString(server.pid());
      servesOnWithoutThreads(
          server,
          closed -> {
            List<String> set = new ArrayList<>(asSomebody(uid, (closed ? "1" : "4096") + ":4096"));
            set.add("--pid=" + pid);
            CommandResult done = CommandResult.run(null, set);
            assertThat(done.exit()).as(done.allText()).isZero();
          });
    }
  }

  /** From too few for a JVM to some for the mother; with more, workers try for ever. */
  @ParameterizedTest
  @ValueSource(ints = {3, 8, 14, 18})
  void shouldEndInALineWhereItsUserMayHaveTooFewThreadsForAStart(int threads) throws Exception {
    Path own = folder.resolve("own");
    List<String> command = new ArrayList<>(asSomebody(somebody(), threads + ":" + threads));
    Path file = BouncerServer.writeConfig(own, config());
    command.addAll(List.of(Checkout.command(), "start", "-c", file.toString()));
    CommandResult result = CommandResult.run(null, command);
    assertThat(result.exit()).as(result.allText()).isEqualTo(1);
    // The JVM itself says what it lacks on standard output.
    List<String> said = new ArrayList<>(result.out());
    said.addAll(result.err());
    assertThat(said).isNotEmpty();
    assertThat(said.getLast())
        .as("the last of %s", said)
        .containsAnyOf(
            "no thread is to be had",
            "cannot start ",
            "unable to create native thread",
            "Cannot create VM thread");
    assertThat(result.allText()).doesNotContain("\tat ");
  }

  private void servesOnWithoutThreads(BouncerServer server, Bar bar) throws Exception {
    try (Client live = Client.to(port)) {
      live.echo("before");
      long old = server.workers("acl").getFirst();
      bar.set(true);
      lackNothingThatIsThere(server);
      Signals.send("KILL", old);
      await("word of the worker that cannot be started")
          .untilAsserted(() -> assertThat(server.err().text()).contains("cannot start acl/0: "));
      server.signal("HUP");
      await("word of the reload")
          .untilAsserted(
              () ->
                  assertThat(server.err().text()).contains("not reloaded: no thread is to be had"));
      assertThat(server.isRunning()).isTrue();
      live.echo("meanwhile");

      bar.set(false);
      await("a successor")
          .untilAsserted(
              () -> {
                JsonNode worker = worker(server, "acl");
                assertThat(worker.path("state").asText()).isEqualTo("ready");
                assertThat(worker.path("pid").asLong()).isNotEqualTo(old);
              });
      try (Client client = Client.to(port)) {
        client.echo("after");
      }
      live.echo("still");
      bar.set(true);
      server.signal("TERM");
      assertThat(server.awaitExit()).isZero();
    }
  }

  /** Sessions, commands and scrapes go on with the threads that are there. */
  private void lackNothingThatIsThere(BouncerServer server) throws Exception {
    try (Client client = Client.to(port)) {
      client.echo("without a new thread");
    }
    for (int i = 0; i < 3; i++) {
      // The one thread that is left may still be at the end of the last request.
      await("an answer")
          .untilAsserted(() -> assertThat(server.status().path("ready").asBoolean()).isTrue());
      assertThat(Scrape.get(metrics, "/metrics")).contains("bouncer_workers");
    }
    try (SocketChannel silent = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      silent.connect(UnixDomainSocketAddress.of(server.socket()));
      await("an answer that says why there is none")
          .untilAsserted(
              () ->
                  assertThat(server.status().path("error").asText())
                      .contains("the server has no thread for this"));
    }
    await("an answer")
        .untilAsserted(() -> assertThat(server.status().path("ready").asBoolean()).isTrue());
  }

  @Test
  void shouldHaveWorkersEndBeforeTheMotherWhereMemoryRunsOut() throws Exception {
    try (BouncerServer server = BouncerServer.start(folder, config())) {
      int mothers = score(server.pid());
      for (long pid : server.processes()) {
        if (pid != server.pid()) {
          assertThat(score(pid)).as("oom_score_adj").isEqualTo(Math.min(1000, mothers + 900));
        }
      }
      long old = server.workers("io").getFirst();
      Signals.send("KILL", old);
      await("a successor")
          .untilAsserted(
              () -> {
                assertThat(server.workers("io").getFirst()).isNotEqualTo(old);
                assertThat(worker(server, "io").path("state").asText()).isEqualTo("ready");
              });
      assertThat(score(server.workers("io").getFirst())).isEqualTo(Math.min(1000, mothers + 900));
    }
  }

  /** Seen from the kernel: what each process has written before it becomes a worker's JVM. */
  @Test
  void shouldMakeWorkersAndSparesTheFirstToEndBeforeTheirProgramsRun() throws Exception {
    Path trace = folder.resolve("trace");
    assumeTrue(
        CommandResult.run(null, List.of("sh", "-c", "strace -f -o '" + trace + "' true")).exit()
            == 0,
        "no strace here");
    // It is nobody's child, and there before the server is.
    String traced =
        "(strace -f -qq -s 300 -e trace=execve,write -o '%s' -p $$ &) 2>/dev/null;".formatted(trace)
            + " while grep -q '^TracerPid:.0$' /proc/$$/status; do sleep 0.05; done";
    try (BouncerServer server =
        BouncerServer.startAfter(
            traced, folder, config().replace("io = 1", "io = 1, spares = 1"))) {
      int mothers = score(server.pid());
      await("a spare").atMost(Patience.seconds(30)).until(() -> programs(trace).size() == 6);
      List<String> lines = Files.readAllLines(trace);
      for (String program : programs(trace)) {
        String pid = program.split(" ", 2)[0];
        int score = Math.min(1000, mothers + (program.contains("SpareMain") ? 990 : 900));
        assertThat(lines.subList(0, lines.indexOf(program)))
            .as("before %s", program)
            .anyMatch(line -> line.matches(pid + " +write\\(1, \"" + score + "\\\\n\", .*"));
      }
      assertThat(lines).anyMatch(line -> line.contains("SpareMain"));
      for (long pid : server.processes()) {
        assertThat(Files.readString(Path.of("/proc/" + pid + "/cmdline"))).startsWith("/");
      }
    }
  }

  /** The lines with which processes become workers. */
  private static List<String> programs(Path trace) throws IOException {
    try (Stream<String> lines = Files.lines(trace)) {
      return lines
          .filter(line -> line.contains(" execve(") && line.contains("worker.options"))
          .filter(line -> !line.contains("execve(\"/bin/sh"))
          .toList();
    }
  }

  @Test
  void shouldServeWhereProcCannotBeWritten() throws Exception {
    List<String> readOnly =
        List.of(
            "unshare",
            "-m",
            "sh",
            "-ec",
            "mount --make-rprivate /; mount --bind /proc /proc;"
                + " mount -o remount,bind,ro /proc; exec \"$@\"",
            "sh");
    List<String> probe = new ArrayList<>(readOnly);
    probe.addAll(List.of("sh", "-c", "! { echo 900 >/proc/self/oom_score_adj; } 2>/dev/null"));
    assumeTrue(CommandResult.run(null, probe).exit() == 0, "no mounts here");
    try (BouncerServer server = BouncerServer.startBy(readOnly, folder, config());
        Client client = Client.to(port)) {
      client.echo("served");
      assertThat(score(server.workers("io").getFirst())).isEqualTo(score(server.pid()));
      assertThat(server.err().text()).doesNotContain("oom_score_adj").doesNotContain("/bin/sh");
    }
  }

  private static int score(long pid) throws IOException {
    return Integer.parseInt(Files.readString(Path.of("/proc/" + pid + "/oom_score_adj")).strip());
  }

  /** MiB: for the mother and a worker or two, and not for all. */
  @ParameterizedTest
  @ValueSource(ints = {96, 128, 144})
  void shouldLoseWorkersAndNotTheMotherWhereMemoryIsLimited(int mebibytes) throws Exception {
    ControlGroup group = ControlGroup.make("memory");
    group.limitMemory(mebibytes);
    Path log = Files.createFile(folder.resolve("server.log"));
    Thread helper =
        Thread.ofVirtual()
            .start(
                () -> {
                  // Some end before there is a configuration, and nobody is told of them.
                  await("processes that the kernel ended")
                      .until(
                          () ->
                              group.ended() >= 3
                                  && Files.readString(log).contains("before it was ready"));
                  try {
                    group.limitMemory(-1);
                  } catch (IOException e) {
                    throw new UncheckedIOException(e);
                  }
                });
    try (group;
        BouncerServer server =
            BouncerServer.startAfter(group.enter() + "; exec 2>" + log, folder, config())) {
      helper.join();
      assertThat(Files.readString(log))
          .contains("ended before it was ready (killed by signal 9)")
          .containsOnlyOnce("the memory limit of " + mebibytes + " MiB (/sys/fs/cgroup/")
          .contains("is too small: the mother and 5 workers need 178 MiB at the least");
      try (Client client = Client.to(port)) {
        client.echo("after");
      }
      server.awaitNoSession();
    }
  }

  @Test
  void shouldTakeSignalsThatWhoeverStartedItHadIgnored() throws Exception {
    try (BouncerServer server =
        BouncerServer.startAfter("trap '' HUP INT TERM", folder, config())) {
      server.signal("HUP");
      await("a reload")
          .untilAsserted(() -> assertThat(server.err().text()).contains("reloaded: epoch 2"));
      server.signal("QUIT");
      await("the VM's thread dump")
          .untilAsserted(() -> assertThat(server.out().text()).contains("Full thread dump"));
      for (long pid : server.processes()) {
        if (pid != server.pid()) {
          assertThat(ProcessTree.ofEachThread(pid, "SigBlk"))
              .as("signals that a worker's threads have blocked")
              .allMatch(mask -> Long.parseUnsignedLong(mask, 16) == 0);
        }
      }
      server.signal("TERM");
      assertThat(server.awaitExit()).isZero();
    }
    try (BouncerServer server =
        BouncerServer.startAfter("trap '' HUP INT TERM", folder, config())) {
      server.signal("INT");
      assertThat(server.awaitExit()).isZero();
      assertThat(server.err().text()).contains("stopping at once");
    }
  }
}
