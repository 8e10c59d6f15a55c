package org.portbouncer.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What the processes may do, and what they have: started as root with a `user` where the test is
 * root, otherwise as whoever runs the test.
 */
class PrivilegeIT {
  private static final String NET_BIND_SERVICE = "0000000000000400";
  private static final String NONE = "0000000000000000";
  private static final int IO_WORKERS = 2;

  @TempDir private static Path folder;
  private static boolean root;
  private static int port;
  private static Target target;
  private static BouncerServer server;

  @BeforeAll
  static void start() throws Exception {
    root = Accounts.isRoot();
    target = Target.start(Handler.echo());
    String user = "";
    if (root) {
      Accounts.assumeReachable(Accounts.USER);
      Accounts.open(folder);
      Accounts.give(folder, Accounts.USER);
      user = "user = " + Accounts.USER;
    }
    port = root ? privilegedPort() : Ports.free();
    server =
        BouncerServer.start(
            folder,
            """
            listeners {
              echo { listen = "127.0.0.1:%d", target = "127.0.0.1:%d" }
              local { listen = "unix:%s", target = "internal:echo" }
            }
            log { access { to = "file:%s" } }
            workers { io = %d }
            %s
            """
                .formatted(
                    port,
                    target.port(),
                    folder.resolve("local.sock"),
                    folder.resolve("access.log"),
                    IO_WORKERS,
                    user));
    WarmUp.sessions(port);
  }

  /** One that only root may bind. */
  private static int privilegedPort() {
    return IntStream.range(600, 1024).filter(PrivilegeIT::isFree).findFirst().orElseThrow();
  }

  private static boolean isFree(int port) {
    try (ServerSocket probe = new ServerSocket()) {
      probe.bind(new InetSocketAddress(Client.LOOPBACK, port));
      return true;
    } catch (IOException taken) {
      return false;
    }
  }

  @AfterAll
  static void stop() throws Exception {
    Closing.all(server, target);
  }

  private static List<Long> workers() throws Exception {
    List<Long> all = new ArrayList<>();
    for (String stage : BouncerServer.STAGES) {
      all.addAll(server.workers(stage));
    }
    return all;
  }

  @Test
  void shouldForward() throws Exception {
    try (Client client = Client.to(port)) {
      client.echo("whoever it runs as");
    }
  }

  @Test
  void shouldRunEveryThreadAsTheConfiguredUser() throws Exception {
    assumeTrue(root, "only root can change the user");
    String uid = (Accounts.uid(Accounts.USER) + "\t").repeat(4).strip();
    String gid = (Accounts.gid(Accounts.USER) + "\t").repeat(4).strip();
    for (long pid : ProcessTree.of(server.pid())) {
      assertThat(ProcessTree.ofEachThread(pid, "Uid")).as("%d", pid).containsOnly(uid);
      assertThat(ProcessTree.ofEachThread(pid, "Gid")).as("%d", pid).containsOnly(gid);
      assertThat(ProcessTree.ofEachThread(pid, "Groups"))
          .as("%d", pid)
          .containsOnly(Integer.toString(Accounts.gid(Accounts.USER)));
    }
  }

  @Test
  void shouldLeaveNoCapabilityButToBindPortsThatAReloadAdds() throws Exception {
    assumeTrue(root, "who is not root has none");
    assertThat(ProcessTree.ofEachThread(server.pid(), "CapPrm"))
        .isSubsetOf(NET_BIND_SERVICE, NONE)
        .contains(NET_BIND_SERVICE);
    assertThat(ProcessTree.ofEachThread(server.pid(), "CapInh")).containsOnly(NONE);
    for (long pid : workers()) {
      for (String set : List.of("CapPrm", "CapEff", "CapInh", "CapAmb")) {
        assertThat(ProcessTree.ofEachThread(pid, set)).as("%s of %d", set, pid).containsOnly(NONE);
      }
    }
  }

  @Test
  void shouldConfineEveryThreadOfEveryWorker() throws Exception {
    assumeTrue(server.err().text().contains("system call filter"), "not said");
    assumeTrue(!server.err().text().contains("does not offer"), "not on this kernel");
    for (long pid : workers()) {
      assertThat(ProcessTree.ofEachThread(pid, "NoNewPrivs")).as("%d", pid).containsOnly("1");
      assertThat(ProcessTree.ofEachThread(pid, "Seccomp")).as("%d", pid).containsOnly("2");
    }
    // A successor is as its predecessor was.
    long killed = server.workers("acl").getFirst();
    ProcessHandle.of(killed).ifPresent(ProcessHandle::destroyForcibly);
    await().atMost(Patience.seconds(20)).until(() -> hasReadySuccessor("acl", killed));
    assertThat(ProcessTree.ofEachThread(server.workers("acl").getFirst(), "Seccomp"))
        .containsOnly("2");
  }

  private static boolean hasReadySuccessor(String stage, long killed) throws Exception {
    return BouncerServer.elements(server.status().path("workers"))
        .filter(worker -> worker.path("stage").asText().equals(stage))
        .allMatch(
            worker ->
                worker.path("pid").asLong() != killed
                    && worker.path("state").asText().equals("ready"));
  }

  @Test
  void shouldSayThatItsWorkersAreNotConfinedWhenToldSo(@TempDir Path elsewhere) throws Exception {
    try (BouncerServer other =
        BouncerServer.start(
            elsewhere,
            """
            listeners { echo { listen = "127.0.0.1:%d", target = "internal:echo" } }
            workers { io = 1 }
            confine = false
            """
                .formatted(Ports.free()))) {
      assertThat(other.err().text()).contains("confine = false");
      for (long pid : other.workers("io")) {
        assertThat(ProcessTree.ofEachThread(pid, "Seccomp")).isEqualTo(own("Seccomp", pid));
      }
    }
  }

  /** What this process has, once for each thread of another. */
  private static List<String> own(String field, long pid) throws Exception {
    String value = ProcessTree.ofEachThread(ProcessHandle.current().pid(), field).getFirst();
    return ProcessTree.ofEachThread(pid, field).stream().map(any -> value).toList();
  }

  @Test
  void shouldAnswerRootAndItsOwnUserAndNobodyElse() throws Exception {
    assertThat(server.command("status").exit()).isZero();
    assumeTrue(root, "only root can ask as somebody else");
    String[] ask = {Checkout.command(), "status", "-s", server.socket().toString()};
    CommandResult own = CommandResult.run(null, Accounts.as(Accounts.USER, ask));
    assertThat(own.exit()).as(own.allText()).isZero();
    CommandResult other = CommandResult.run(null, Accounts.as(Accounts.OTHER, ask));
    assertThat(other.exit()).as(other.allText()).isNotZero();
    assertThat(other.outText()).isEmpty();
    assertThat(other.err()).hasSize(1);
  }

  @Test
  void shouldAnswerTheGroupThatTheModeLetsWrite() throws Exception {
    assumeTrue(root, "only root can ask as somebody else");
    String group = Integer.toString(Accounts.gid(Accounts.USER));
    Files.setPosixFilePermissions(server.socket(), PosixFilePermissions.fromString("rw-rw-rw-"));
    try {
      String[] ask = {Checkout.command(), "status", "-s", server.socket().toString()};
      CommandResult member = CommandResult.run(null, Accounts.inGroup(Accounts.OTHER, group, ask));
      assertThat(member.exit()).as(member.allText()).isZero();
      CommandResult other = CommandResult.run(null, Accounts.as(Accounts.OTHER, ask));
      assertThat(other.exit()).as(other.allText()).isEqualTo(1);
      assertThat(other.err()).singleElement().asString().contains("permission denied");
      assertThat(server.err().text())
          .contains("admin socket: refused uid " + Accounts.uid(Accounts.OTHER));
    } finally {
      Files.setPosixFilePermissions(server.socket(), PosixFilePermissions.fromString("rw-------"));
    }
  }

  @Test
  void shouldMakeItsFilesAsTheConfiguredUser() throws Exception {
    assumeTrue(root, "only root can make files of others'");
    for (String name : List.of("admin.sock", "access.log", "local.sock")) {
      Path file = folder.resolve(name);
      assertThat(Files.getAttribute(file, "unix:uid")).isEqualTo(Accounts.uid(Accounts.USER));
      assertThat(Files.getAttribute(file, "unix:gid")).isEqualTo(Accounts.gid(Accounts.USER));
    }
  }

  /** The socket that io workers are called by once they have no mother, by its name. */
  private static String callSocket() throws IOException {
    String end = ".orphans-" + server.pid();
    return Files.readAllLines(Path.of("/proc/net/unix")).stream()
        .filter(line -> line.endsWith(end))
        .map(line -> line.replaceFirst(".* (\\d+) \\S+$", "socket:[$1]"))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void shouldLeaveWorkersTheDescriptorsTheyNeedAndNoOther() throws Exception {
    Descriptors mother = Descriptors.of(server.pid());
    Set<String> inboxes = new HashSet<>(mother.matching("socket:.*").values());
    String calls = callSocket();
    for (String stage : BouncerServer.STAGES) {
      for (long pid : server.workers(stage)) {
        Descriptors worker = Descriptors.of(pid);
        assertThat(worker.target(0)).as("control link").startsWith("socket:");
        assertThat(worker.target(1)).isEqualTo("/dev/null");
        assertThat(worker.target(2)).as("what it says, to the mother").startsWith("pipe:");
        assertThat(worker.target(2)).isNotEqualTo(mother.target(2));

        Map<Integer, String> rest = worker.matching(".*");
        // What the VM has: its modules, two jars, maybe a class cache.
        rest.values().removeIf(file -> file.matches(".*/(modules|.*\\.(jar|jsa|aot))"));
        assertThat(rest.values()).containsOnlyOnce("anon_inode:[eventpoll]");
        rest.values().remove("anon_inode:[eventpoll]");
        assertThat(rest.values()).containsOnlyOnce(folder.resolve("access.log").toString());
        rest.values().remove(folder.resolve("access.log").toString());
        // By which the next mother calls those who forward.
        assertThat(rest.values().stream().filter(calls::equals))
            .hasSize(stage.equals("io") ? 1 : 0);
        rest.values().remove(calls);
        // Its inbox and the lanes to the next stage: the mother keeps both ends of each.
        int lanes = stage.equals("io") ? 0 : stage.equals("bandwidth") ? IO_WORKERS : 1;
        assertThat(rest.values().stream().filter(inboxes::contains)).hasSize(1 + lanes);
        rest.values().removeIf(inboxes::contains);
        // java.nio makes a socket pair, closes one end and keeps the other, to close files by.
        assertThat(rest.values().stream().filter(one -> one.startsWith("socket:")))
            .hasSizeLessThanOrEqualTo(1);
        rest.values().removeIf(one -> one.startsWith("socket:"));
        rest.values().removeIf(one -> stage.equals("io") && one.startsWith("pipe:"));
        assertThat(rest).as("%s, pid %d, has more", stage, pid).isEmpty();
      }
    }
  }

  @Test
  void shouldKeepEveryDescriptorOfTheMotherFromProgramsSheStarts() throws Exception {
    Descriptors mother = Descriptors.of(server.pid());
    // The VM does not mark what it reads its own program from; it closes that, and all there is,
    // before it starts another.
    String ofTheMachine = ".*/(modules|.*\\.(jar|jsa|aot))|/dev/u?random";
    List<String> open = new ArrayList<>();
    for (Map.Entry<Integer, String> one : mother.matching(".*").entrySet()) {
      boolean ours = !one.getValue().matches(ofTheMachine);
      if (ours && !mother.isCloseOnExec(one.getKey())) {
        open.add(one.getKey() + " " + one.getValue());
      }
    }
    assertThat(open).isEmpty();
  }

  @Test
  void shouldRefuseAnUnknownUserWithItsLine(@TempDir Path elsewhere) throws Exception {
    Path config =
        BouncerServer.writeConfig(
            elsewhere,
            """
            listeners { echo { listen = "127.0.0.1:%d", target = "internal:echo" } }
            user = no-such-user
            """
                .formatted(Ports.free()));
    for (String command : List.of("check", "start")) {
      CommandResult result = CommandResult.bouncer(command, "-c", config.toString());
      assertThat(result.exit()).isEqualTo(1);
      assertThat(result.allText())
          .contains(config + ":3: user: this machine has no user 'no-such-user'");
    }
  }

  @Test
  void shouldServeAndWarnWhenItCannotBecomeTheUser(@TempDir Path elsewhere) throws Exception {
    List<String> before = List.of();
    if (root) {
      Accounts.give(elsewhere, Accounts.OTHER);
      before = Accounts.as(Accounts.OTHER);
    }
    int door = Ports.free();
    try (BouncerServer other =
        BouncerServer.startBy(
            before,
            elsewhere,
            """
            listeners { echo { listen = "127.0.0.1:%d", target = "internal:echo" } }
            workers { io = 1 }
            user = root
            """
                .formatted(door))) {
      assertThat(other.err().text())
          .contains("user root has no effect: the server was not started as root");
      try (Client client = Client.to(door)) {
        client.echo("all the same");
      }
    }
  }

  @Test
  void shouldMakeFilesAsRootWhereTheFolderIsRoots(@TempDir Path elsewhere) throws Exception {
    assumeTrue(root, "only root can change the user");
    Accounts.open(elsewhere);
    int door = Ports.free();
    try (BouncerServer other =
        BouncerServer.start(
            elsewhere,
            """
            listeners { echo { listen = "127.0.0.1:%d", target = "internal:echo" } }
            log { access { to = "file:%s" } }
            workers { io = 1 }
            user = %s
            """
                .formatted(door, elsewhere.resolve("access.log"), Accounts.USER))) {
      for (String name : List.of("admin.sock", "access.log")) {
        Path file = elsewhere.resolve(name);
        assertThat(Files.getAttribute(file, "unix:uid")).isEqualTo(Accounts.uid(Accounts.USER));
      }
      String address;
      try (Client client = Client.to(door)) {
        client.echo("logged");
        address = client.address();
        client.finish();
        client.receiveAll();
      }
      other.awaitNoSession();
      assertThat(Files.readString(elsewhere.resolve("access.log"))).contains("client=" + address);
      // Who may not write to a folder cannot remove what root has made there.
      other.signal("TERM");
      await().until(() -> !other.isRunning());
      Files.delete(other.socket());
    }
  }
}
