package org.portbouncer.launcher.privilege;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.DataOutputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.portbouncer.core.config.Cluster;
import org.portbouncer.core.session.StageId;
import org.portbouncer.core.sys.Const;
import org.portbouncer.core.sys.Libc;
import org.portbouncer.core.sys.Seccomp;
import org.portbouncer.core.sys.SockAddr;
import org.portbouncer.core.sys.Sockets;

/** What a process can still do that was started, and confined, as the worker of a stage. */
class ConfinementTest {

  private static final int KILLED_BY_FILTER = 128 + 31;

  /** From these versions on Landlock knows TCP, and signals. */
  private static final int TCP = 4;

  private static final int SIGNALS = 6;

  private static final String DONE = "done";
  private static final String REFUSED = "refused";

  @TempDir private Path folder;
  private ServerSocket target;
  private Process victim;
  private Path file;
  private int datagrams;

  @BeforeEach
  void prepare() throws Exception {
    target = new ServerSocket(0, 50, InetAddress.ofLiteral("127.0.0.1"));
    victim = new ProcessBuilder("sleep", "60").start();
    file = Files.writeString(folder.resolve("secret"), "secret");
    datagrams = bind(folder.resolve("datagrams"));
    // Where a server has its jars, a test has its classes.
    System.setProperty("bouncer.lib", place(Attempts.class));
    System.setProperty("bouncer.cache", place(Seccomp.class));
  }

  @AfterEach
  void clean() throws Exception {
    System.clearProperty("bouncer.lib");
    System.clearProperty("bouncer.cache");
    target.close();
    Libc.close(datagrams);
    victim.destroyForcibly().waitFor();
  }

  /** A datagram socket of somebody else's. */
  private static int bind(Path path) {
    int fd = Libc.socket(Const.AF_UNIX, Const.SOCK_DGRAM | Const.SOCK_NONBLOCK, 0);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment address = arena.allocate(SockAddr.ROOM, 8);
      int length = SockAddr.putUnix(address, 0, path.toString());
      assertThat(Libc.bind(fd, address.address(), length)).isZero();
    }
    return fd;
  }

  private boolean gotDatagram() {
    return Sockets.isReadable(datagrams);
  }

  private static String place(Class<?> of) throws Exception {
    return Path.of(of.getProtectionDomain().getCodeSource().getLocation().toURI()).toString();
  }

  /** Runs {@link Attempts} in the place of a worker: what it tried, and what came of it. */
  private Map<String, String> attempts(StageId stage, int expectedExit, String... more)
      throws Exception {
    return attempts(stage, false, expectedExit, more);
  }

  private Map<String, String> attempts(
      StageId stage, boolean spare, int expectedExit, String... more) throws Exception {
    return attempts(stage, null, spare, expectedExit, more);
  }

  /**
   * @param reach for the cluster's process; null for a worker
   */
  private Map<String, String> attempts(
      StageId stage, ClusterReach reach, boolean spare, int expectedExit, String... more)
      throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData"));
    command.add("--enable-native-access=ALL-UNNAMED");
    command.addAll(List.of("-cp", place(Attempts.class) + ":" + place(Seccomp.class)));
    command.add(Attempts.class.getName());
    command.add(Integer.toString(target.getLocalPort()));
    command.add(file.toString());
    command.add(Long.toString(victim.pid()));
    command.addAll(List.of(more));
    Confinement confinement = Confinement.detect(true, SocketRights.none());
    Callable<Process> start = new ProcessBuilder(command).redirectErrorStream(true)::start;
    Process process;
    byte[] filter;
    if (reach != null) {
      process = confinement.startCluster(reach, start);
      filter = confinement.clusterFilter((int) process.pid(), reach);
    } else {
      process = spare ? confinement.startSpare(start) : confinement.start(stage, start);
      filter = confinement.filter(stage, (int) process.pid(), spare);
    }
    DataOutputStream in = new DataOutputStream(process.getOutputStream());
    in.writeInt(filter.length);
    in.write(filter);
    in.flush();
    String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).as(text).isEqualTo(expectedExit);
    assertThat(victim.isAlive()).as("another process").isTrue();
    assertThat(file).hasContent("secret");
    assertThat(folder.resolve("written")).doesNotExist();
    Map<String, String> outcomes = new TreeMap<>();
    text.lines()
        .filter(line -> line.contains(": "))
        .forEach(line -> outcomes.put(line.split(": ", 2)[0], line.split(": ", 2)[1]));
    return outcomes;
  }

  @Test
  void shouldLeaveAnIoWorkerNothingButItsDescriptors() throws Exception {
    assumeTrue(Landlock.version() >= SIGNALS && Seccomp.available(), "not on this kernel");
    Map<String, String> outcomes = attempts(StageId.IO, 0);
    // Before the filter, by Landlock alone; a listening socket and datagrams it does not know.
    for (String refused :
        List.of("program", "connect", "listen", "write", "change", "read", "signal")) {
      assertThat(outcomes).containsEntry("open " + refused, REFUSED);
    }
    assertThat(outcomes).containsEntry("filter", "0");
    for (String refused :
        List.of("program", "connect", "listen", "datagrams", "write", "change", "read", "signal")) {
      assertThat(outcomes).containsEntry("filtered " + refused, REFUSED);
    }
    for (String done : List.of("thread", "program file")) {
      assertThat(outcomes).containsEntry("open " + done, DONE);
      assertThat(outcomes).containsEntry("filtered " + done, DONE);
    }
  }

  @Test
  void shouldLetTheConnectWorkerConnectAndNoMore() throws Exception {
    assumeTrue(Landlock.version() >= TCP && Seccomp.available(), "not on this kernel");
    Map<String, String> outcomes = attempts(StageId.CONNECT, 0);
    assertThat(outcomes)
        .containsEntry("open connect", DONE)
        .containsEntry("filter", "0")
        .containsEntry("filtered connect", DONE)
        .containsEntry("filtered datagrams", DONE)
        .containsEntry("filtered thread", DONE);
    for (String refused : List.of("program", "listen", "write", "change", "read", "signal")) {
      assertThat(outcomes).containsEntry("filtered " + refused, REFUSED);
    }
  }

  /** What Landlock has to leave to it, for it might come to be connect's, its filter closes. */
  @ParameterizedTest
  @EnumSource(StageId.class)
  void shouldLeaveAWorkerThatWasASpareNoMoreThanOthersOfItsStage(StageId stage) throws Exception {
    assumeTrue(Landlock.version() >= SIGNALS && Seccomp.available(), "not on this kernel");
    Map<String, String> others = attempts(stage, 0);
    Map<String, String> outcomes = attempts(stage, true, 0);
    assertThat(outcomes).containsEntry("open connect", DONE).containsEntry("open names", DONE);
    for (String refused : List.of("program", "write", "change", "read", "signal")) {
      assertThat(outcomes).containsEntry("open " + refused, REFUSED);
    }
    others.forEach(
        (what, outcome) -> {
          if (!what.startsWith("open ")) {
            assertThat(outcomes).containsEntry(what, outcome);
          }
        });
    assertThat(outcomes).containsEntry("filtered names", stage == StageId.CONNECT ? DONE : REFUSED);
  }

  private static final List<String> NOBODYS =
      List.of(
          "append off",
          "wait",
          "wait by ioctl",
          "own",
          "signal",
          "async",
          "seal",
          "listen",
          "accept",
          "socket 17",
          "socket 31",
          "socket 38",
          "socket 40");

  private static final List<String> OF_CONNECT =
      List.of(
          "sendto path",
          "sendto free",
          "sendmsg path",
          "sendmsg own",
          "connect",
          "bind",
          "credentials",
          "socket 1",
          "socket 2",
          "socket 10",
          "socket 16");

  private static final List<String> UNSEALING = List.of("unseal", "unmap", "map over", "move over");

  /** Call by call, what docs/security.md says of a worker that was taken over. */
  @ParameterizedTest
  @EnumSource(StageId.class)
  void shouldLetAWorkerDoWhatItsStageMeansAndNoMore(StageId stage) throws Exception {
    assumeTrue(Landlock.version() >= SIGNALS && Seccomp.available(), "not on this kernel");
    Map<String, String> outcomes = attempts(stage, 0);
    assertThat(outcomes).containsEntry("headers", "0").containsEntry("filter", "0");
    boolean connects = stage == StageId.CONNECT;
    for (String nobodys : NOBODYS) {
      assertThat(outcomes).containsEntry("call " + nobodys, REFUSED);
    }
    for (String own : OF_CONNECT) {
      assertThat(outcomes).containsEntry("call " + own, connects ? DONE : REFUSED);
    }
    if (!connects) {
      for (String unsealing : UNSEALING) {
        assertThat(outcomes).containsEntry("call " + unsealing, REFUSED);
      }
    }
    assertThat(gotDatagram()).as("sent elsewhere than to the peer").isEqualTo(connects);
    for (String everybodys : List.of("send", "sendmsg sealed", "copy", "log", "log kept")) {
      assertThat(outcomes).containsEntry("call " + everybodys, DONE);
    }
    boolean io = stage == StageId.IO;
    assertThat(outcomes)
        .containsEntry("call shutdown", io ? DONE : REFUSED)
        .containsEntry("call linger", io ? DONE : REFUSED)
        .containsEntry(
            "call keepalive", io || connects || stage == StageId.BANDWIDTH ? DONE : REFUSED);
  }

  @Test
  void shouldEndAWorkerThatTurnsIntoAnotherProgram() throws Exception {
    assumeTrue(Seccomp.available(), "not on this kernel");
    Map<String, String> outcomes = attempts(StageId.ACL, KILLED_BY_FILTER, "execute");
    assertThat(outcomes).containsEntry("filter", "0").doesNotContainKey("execve");
  }

  private Map<String, String> ofCluster(String host, int port) throws Exception {
    Cluster.Redis redis =
        new Cluster.Redis(List.of(new Cluster.Place(host, port)), "", "", 0, false);
    return attempts(null, ClusterReach.of(redis, List.of()), false, 0);
  }

  @Test
  void shouldLetTheClustersProcessConnectToRedisAndNoMore() throws Exception {
    assumeTrue(Landlock.version() >= SIGNALS && Seccomp.available(), "not on this kernel");
    Map<String, String> outcomes = ofCluster("127.0.0.1", target.getLocalPort());
    assertThat(outcomes)
        .containsEntry("filter", "0")
        .containsEntry("open connect", DONE)
        .containsEntry("filtered connect", DONE)
        .containsEntry("filtered thread", DONE);
    for (String refused :
        List.of("program", "listen", "datagrams", "write", "change", "read", "signal")) {
      assertThat(outcomes).containsEntry("filtered " + refused, REFUSED);
    }
    // Its own sockets may wait or not; nothing else that workers may not, and no datagram of any
    // kind: where Redis is given by its address, nobody else is to be spoken to.
    for (String nobodys : NOBODYS) {
      if (!List.of("append off", "wait", "async", "log").contains(nobodys)) {
        assertThat(outcomes).containsEntry("call " + nobodys, REFUSED);
      }
    }
    for (String refused :
        List.of("bind", "sendto path", "sendto free", "socket 1", "socket 2", "socket 16")) {
      assertThat(outcomes).containsEntry("call " + refused, REFUSED);
    }
    // With a name, name servers are asked: over UDP, and over no Unix socket.
    outcomes = ofCluster("redis.example", target.getLocalPort());
    assertThat(outcomes)
        .containsEntry("filtered connect", DONE)
        .containsEntry("call socket 1", REFUSED)
        .containsEntry("call socket 2", DONE)
        .containsEntry("call bind", REFUSED);
    // To another port than Redis' it does not come.
    int another = target.getLocalPort() == 6379 ? 6380 : 6379;
    outcomes = ofCluster("127.0.0.1", another);
    assertThat(outcomes)
        .containsEntry("open connect", REFUSED)
        .containsEntry("filtered connect", REFUSED);
  }
}
