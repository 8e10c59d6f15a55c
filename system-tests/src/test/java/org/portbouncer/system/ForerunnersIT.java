package org.portbouncer.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The first worker of each stage is started while the configuration is read. */
class ForerunnersIT {
  private static final int MANY = 150_000;

  @TempDir private Path folder;
  private final int port = Ports.free();

  private String config() {
    return """
    listeners { echo { listen = "127.0.0.1:%d", target = "internal:echo" } }
    workers { negotiate = 1, acl = 1, connect = 1, bandwidth = 1, io = 1 }
    timeouts { drain = 1s }
    """
        .formatted(port);
  }

  private static List<Long> workers(BouncerServer server) throws IOException {
    List<Long> all = new ArrayList<>();
    for (String stage : BouncerServer.STAGES) {
      all.addAll(server.workers(stage));
    }
    assertThat(all).hasSize(5);
    return all;
  }

  /** Milliseconds after the machine's start, in which process `pid` was made. */
  private static long madeAt(long pid) throws IOException {
    String stat = Files.readString(Path.of("/proc/" + pid + "/stat"));
    return Long.parseLong(stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1)[19]) * 10;
  }

  private static long sinceBoot(Instant then) throws IOException {
    String up = Files.readString(Path.of("/proc/uptime")).split(" ", -1)[0];
    long age = System.currentTimeMillis() - then.toEpochMilli();
    return (long) (Double.parseDouble(up) * 1000) - age;
  }

  /** So many rules' networks that reading them takes longer than all else. */
  @Test
  void shouldStartWorkersWhileTheConfigurationIsRead() throws Exception {
    try (BufferedWriter list = Files.newBufferedWriter(folder.resolve("many.nets"))) {
      for (int i = 0; i < MANY; i++) {
        list.write("10.%d.%d.%d%n".formatted(i >> 15 & 255, i >> 7 & 255, i << 1 & 255));
      }
    }
    String rules =
        "acls.all = [{ action = block, from = \"file:many.nets\" }, { action = pass }]\n";
    String body = config().replace("target =", "acl = all, target =") + rules;
    try (BouncerServer server = BouncerServer.start(folder, body);
        Client client = Client.to(port)) {
      client.echo("served");
      String first = server.err().lines().getFirst();
      long read = sinceBoot(Instant.parse(first.split(" ", 2)[0]));
      assertThat(workers(server))
          .as("made before what has been read is known, at %d: %s", read, first)
          .allSatisfy(pid -> assertThat(madeAt(pid)).isLessThan(read));
      server.signal("TERM");
      assertThat(server.awaitExit()).isZero();
    }
  }

  @Test
  void shouldLeaveNoProcessWhereTheConfigurationIsWrong() throws Exception {
    Path config = BouncerServer.writeConfig(folder, config() + "nonsense = 1\n");
    CommandResult result = CommandResult.bouncer("start", "-c", config.toString());
    assertThat(result.exit()).isEqualTo(1);
    assertThat(result.err())
        .filteredOn(line -> !line.contains("warning:"))
        .singleElement()
        .asString()
        .contains("nonsense");
    assertThat(result.leftBehind()).isEmpty();
  }

  @Test
  void shouldLeaveNoProcessWhereTheServerCannotStart() throws Exception {
    Path config =
        BouncerServer.writeConfig(folder, config().replace("127.0.0.1:" + port, "192.0.2.1:1"));
    CommandResult result = CommandResult.bouncer("start", "-c", config.toString());
    assertThat(result.exit()).isEqualTo(1);
    assertThat(result.err())
        .singleElement()
        .asString()
        .startsWith("bouncer: ")
        .contains("192.0.2.1");
    assertThat(result.leftBehind()).isEmpty();
  }

  /** What decides lies in another file, in which nobody looks before it is read. */
  @Test
  void shouldRunWorkersAsTheUserThatAnIncludedFileNames() throws Exception {
    assumeTrue(Accounts.isRoot(), "only root can change the user");
    Accounts.assumeReachable(Accounts.USER);
    Accounts.open(folder);
    Accounts.give(folder, Accounts.USER);
    Files.writeString(folder.resolve("more.conf"), "user = " + Accounts.USER + "\n");
    String uid = "" + Accounts.uid(Accounts.USER);
    try (BouncerServer server = BouncerServer.start(folder, "include \"more.conf\"\n" + config());
        Client client = Client.to(port)) {
      client.echo("served");
      for (long pid : workers(server)) {
        assertThat(ProcessTree.ofEachThread(pid, "Uid"))
            .allMatch(ids -> List.of(ids.split("\\s+")).equals(List.of(uid, uid, uid, uid)));
        assertThat(ProcessTree.ofEachThread(pid, "CapPrm")).containsOnly("0000000000000000");
      }
    }
  }

  @Test
  void shouldEndThoseThatAnIncludedFileDoesNotWant() throws Exception {
    Files.writeString(folder.resolve("more.conf"), "workers.io = 1\n");
    String body = config().replace(", io = 1", "");
    try (BouncerServer server = BouncerServer.start(folder, "include \"more.conf\"\n" + body);
        Client client = Client.to(port)) {
      client.echo("served");
      List<Long> all = new ArrayList<>(workers(server));
      all.add(server.pid());
      assertThat(ProcessTree.of(server.pid())).containsExactlyInAnyOrderElementsOf(all);
    }
  }

  @Test
  void shouldConfineNoWorkerWhereAnIncludedFileSaysSo() throws Exception {
    Files.writeString(folder.resolve("more.conf"), "confine = false\n");
    try (BouncerServer server = BouncerServer.start(folder, "include \"more.conf\"\n" + config());
        Client client = Client.to(port)) {
      client.echo("served");
      for (long pid : workers(server)) {
        assertThat(ProcessTree.ofEachThread(pid, "NoNewPrivs")).containsOnly("0");
      }
    }
  }
}
