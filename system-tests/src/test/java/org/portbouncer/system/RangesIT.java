package org.portbouncer.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Listeners on ranges of ports, and targets whose port counts from the one a client came to. */
class RangesIT {
  private static final int COUNT = 10;
  private static final String THERE = "127.0.0.9";

  @TempDir private Path folder;
  private final int first = Ports.free(COUNT);
  private final int last = first + COUNT - 1;
  private final List<Target> targets = new ArrayList<>();

  @AfterEach
  void close() throws Exception {
    Closing.all(targets.toArray(AutoCloseable[]::new));
  }

  /** A server on that port that says which it is. */
  private void serve(int port) throws IOException {
    targets.add(
        Target.start(
            new InetSocketAddress(InetAddress.ofLiteral(THERE), port),
            connection -> {
              connection.send("%5d".formatted(port));
              Handler.echo().handle(connection);
            }));
  }

  private static int served(int port) throws IOException {
    try (Client client = Client.to(port)) {
      int who = Integer.parseInt(client.receiveText(5).strip());
      client.finish();
      client.receiveAll();
      return who;
    }
  }

  private String body(int from, int to, String more) {
    return """
    listeners {
      range { listen = "127.0.0.1:%d-%d", acl = all, %s }
    }
    acls.all = [ { action = pass } ]
    workers { io = 1 }
    """
        .formatted(from, to, more);
  }

  @Test
  void shouldLeadEachPortOfARangeToItsOwnAndShowTheRangeAsOne() throws Exception {
    for (int port = first; port <= last; port++) {
      serve(port);
    }
    String range = "127.0.0.1:%d-%d".formatted(first, last);
    try (BouncerServer server =
        BouncerServer.start(folder, body(first, last, "target = \"127.0.0.9:+0\""))) {
      assertThat(server.readyLine().orElseThrow()).contains("range " + range + " -> 127.0.0.9:+0");
      assertThat(server.err().text()).contains("listener range: " + range + " -> 127.0.0.9:+0");
      server.rememberDescriptors();
      for (int round = 0; round < 2; round++) {
        for (int port = first; port <= last; port++) {
          assertThat(served(port)).isEqualTo(port);
        }
      }
      server.awaitNoSession();
      assertThat(server.status().at("/listeners/range/listen").asText()).isEqualTo(range);
      assertThat(server.status().at("/listeners/range/accepted").asInt()).isEqualTo(2 * COUNT);
      List<AccessLine> lines = server.accessLines(AccessLine::isEnd);
      Map<String, String> servers = new TreeMap<>();
      for (AccessLine line : lines) {
        assertThat(line.get("target")).isEqualTo("127.0.0.9:+0");
        servers.put(line.get("local"), line.get("server"));
      }
      assertThat(servers).hasSize(COUNT);
      servers.forEach((local, to) -> assertThat(to).isEqualTo(local.replace("127.0.0.1", THERE)));
      server.assertNothingLeaked();
    }
  }

  @Test
  void shouldAddToThePortForMembersAndSayWhichPortDidNotAnswer() throws Exception {
    // From the first port: +5 is served, +6 is not.
    serve(first + 5);
    String one =
        body(first, first, "target = \"group:app\"")
            + """
            targets { app { members = [
              { name = none, address = "127.0.0.9:+6" }, { name = some, address = "127.0.0.9:+5" }
            ] } }
            """;
    try (BouncerServer server = BouncerServer.start(folder, one)) {
      AccessLine line;
      try (Client client = Client.to(first)) {
        assertThat(client.receiveText(5).strip()).isEqualTo(Integer.toString(first + 5));
        client.finish();
        client.receiveAll();
        line = server.awaitEndOf(client.address());
      }
      assertThat(line.get("member")).isEqualTo("some");
      assertThat(line.get("server")).isEqualTo(THERE + ":" + (first + 5));
      assertThat(line.get("attempts")).isEqualTo("2");
      server.reloaded(body(first, first + 1, "target = \"127.0.0.9:+6\""));
      try (Client client = Client.to(first + 1)) {
        assertThat(client.receiveAll().bytes()).isZero();
        line = server.awaitEndOf(client.address());
      }
      assertThat(line.get("result")).isEqualTo("no-target");
      assertThat(line.get("server")).isEqualTo(THERE + ":" + (first + 7));
      server.awaitLog("target 127.0.0.9:+6, port " + (first + 7) + ": ");
    }
  }

  /** The socket that listens on a port: its inode, from outside. */
  private static String inode(int port) throws IOException {
    String local = "0100007F:%04X".formatted(port);
    for (String line : Files.readAllLines(Path.of("/proc/net/tcp"))) {
      String[] fields = line.strip().split(" +", -1);
      if (fields[1].equals(local) && fields[3].equals("0A")) {
        return fields[9];
      }
    }
    return "";
  }

  @Test
  void shouldKeepTheSocketsThatStayWhenAReloadMakesARangeWiderOrNarrower() throws Exception {
    String target = "target = \"internal:echo\"";
    try (BouncerServer server = BouncerServer.start(folder, body(first + 2, first + 5, target))) {
      List<String> before = new ArrayList<>();
      for (int port = first + 2; port <= first + 5; port++) {
        before.add(inode(port));
      }
      assertThat(before).doesNotContain("").doesNotHaveDuplicates();
      server.reloaded(body(first + 2, first + 5, target));
      try (Client warm = Client.to(first + 2)) {
        warm.echo("warm");
      }
      server.awaitNoSession();
      server.rememberDescriptors();
      try (Client stays = Client.to(first + 5)) {
        stays.echo("before");
        assertThat(server.reload(body(first, last, target)).get("message").asText())
            .contains("10 addresses (+6 -0)");
        List<String> after = new ArrayList<>();
        for (int port = first; port <= last; port++) {
          after.add(inode(port));
          try (Client client = Client.to(port)) {
            client.echo("in");
          }
        }
        assertThat(after).doesNotContain("").doesNotHaveDuplicates();
        assertThat(after.subList(2, 6)).isEqualTo(before);
        assertThat(server.reload(body(first + 3, first + 3, target)).get("message").asText())
            .contains("1 addresses (+0 -9)");
        stays.echo("after");
        assertThat(inode(first + 3)).isEqualTo(before.get(1));
        try (Client client = Client.to(first + 3)) {
          client.echo("still");
        }
        assertThatThrownBy(() -> Client.to(first + 4).close()).isInstanceOf(ConnectException.class);
      }
      server.reloaded(body(first + 2, first + 5, target));
      server.awaitNoSession();
      assertThat(server.status().at("/listeners/range/accepted").asInt()).isEqualTo(COUNT + 3);
      server.assertNothingLeaked();
    }
  }

  @Test
  void shouldTakeTheSocketsOfARangeThatTheServiceManagerPasses() throws Exception {
    String activate =
        "set -- '%s' -cp '%s' org.portbouncer.system.Activator web=%d web=%d -- \"$0\" \"$@\"; exec \"$@\""
            .formatted(
                Path.of(System.getProperty("java.home"), "bin", "java"),
                Checkout.root().resolve("system-tests/target/test-classes"),
                first,
                first + 1);
    serve(last - 1);
    serve(last);
    String body =
        body(first, first + 1, "target = \"127.0.0.9:+%d\"".formatted(COUNT - 2))
            .replace("range {", "web {");
    try (BouncerServer server = BouncerServer.startAfter(activate, folder, body)) {
      assertThat(server.err().text())
          .contains(
              "listener web: 127.0.0.1:%d-%d was passed by the service manager"
                  .formatted(first, first + 1));
      assertThat(served(first)).isEqualTo(last - 1);
      assertThat(served(first + 1)).isEqualTo(last);
    }
  }

  @Test
  void shouldRefuseRangesThatOverlapAndPortsThatDoNotExist() throws Exception {
    Path file =
        BouncerServer.writeConfig(
            folder,
            """
            listeners {
              a { listen = "127.0.0.1:6000-6009", target = "192.0.2.1:+0", acl = all }
              b { listen = ["*:6005", "127.0.0.1:70-60"], target = "192.0.2.1:+0", acl = all }
            }
            acls.all = [ { action = pass } ]
            """);
    CommandResult result = CommandResult.bouncer("check", "-c", file.toString());
    assertThat(result.exit()).isEqualTo(1);
    assertThat(result.err())
        .anyMatch(line -> line.contains("the address *:6005 overlaps that of listener 'a'"))
        .anyMatch(line -> line.contains("'127.0.0.1:70-60' has the ports '70-60'; FIRST-LAST"));
  }
}
