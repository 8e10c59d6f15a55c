package org.portbouncer.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How sockets are made, as targets and the kernel see them. */
class SocketSettingsIT {
  private static final String CAP_NET_RAW = "0000000000002000";
  private static final String CAP_NET_ADMIN = "0000000000001000";
  private static final String NO_CAPABILITY = "0000000000000000";
  private static final int TCP_NODELAY = 1;
  private static final int TCP_USER_TIMEOUT = 18;

  @TempDir private Path folder;
  private final int port = Ports.free(4);
  private Target target;

  @BeforeEach
  void start() throws IOException {
    target = sayingWhoComes("127.0.0.1", 0);
  }

  @AfterEach
  void close() throws Exception {
    Closing.all(target);
  }

  /** A server that says first from where it is connected to, in 21 bytes, and then echoes. */
  private static Target sayingWhoComes(String host, int port) throws IOException {
    return Target.start(
        new InetSocketAddress(host, port),
        connection -> {
          String from =
              ((InetSocketAddress) connection.socket().getRemoteSocketAddress())
                  .getAddress()
                  .getHostAddress();
          connection.send("%21s".formatted(from));
          Handler.echo().handle(connection);
        });
  }

  private static String whoComes(Client client) throws IOException {
    return client.receiveText(21).strip();
  }

  private String listener(String name, int index, String to, String settings) {
    return "listeners.%s { listen = \"127.0.0.1:%d\", target = \"%s\", acl = all, %s }\n"
        .formatted(name, port + index, to, settings);
  }

  private String body(String... parts) {
    return String.join("", parts) + "acls.all = [ { action = pass } ]\nworkers { io = 1 }\n";
  }

  private String there() {
    return "127.0.0.1:" + target.port();
  }

  /** What ss says of the connections from that address to the target. */
  private String ss(String source) throws Exception {
    CommandResult result =
        CommandResult.run(
            null,
            List.of(
                "ss",
                "-tnoei",
                "--tos",
                "state",
                "established",
                "src = " + source + " and dport = " + target.port()));
    assumeTrue(result.exit() == 0, "no ss here (Debian: package iproute2)");
    return result.outText();
  }

  private static Map<String, String> capabilities(BouncerServer server) throws Exception {
    Map<String, String> all = new TreeMap<>();
    for (JsonNode worker : server.status().get("workers")) {
      Path status = Path.of("/proc/" + worker.get("pid").asLong() + "/status");
      for (String line : Files.readAllLines(status)) {
        if (line.startsWith("CapPrm:")) {
          all.put(worker.get("stage").asText(), line.substring(7).strip());
        }
      }
    }
    return all;
  }

  @Test
  void shouldTakeWhatMemberGroupAndListenerSayInThisOrder() throws Exception {
    String group =
        """
        targets.app {
          members = [ { address = "%1$s", source = "127.0.0.7", user-timeout = 70s } ]
          source = "127.0.0.6", nodelay = false, dscp = 10
        }
        targets.other { members = [ { address = "%1$s" } ], source = "127.0.0.6", nodelay = true }
        """
            .formatted(there());
    String all =
        body(
            listener("web", 0, there(), "source = \"127.0.0.5\", dscp = ef, user-timeout = 50s"),
            listener("app", 1, "group:app", "source = \"127.0.0.5\", user-timeout = 50s"),
            listener("other", 2, "group:other", "nodelay = false"),
            listener("plain", 3, there(), ""),
            group);
    try (BouncerServer server = BouncerServer.start(folder, all)) {
      long io = server.workers("io").getFirst();
      server.rememberDescriptors();
      try (Client client = Client.to(port);
          ForeignDescriptors seen = new ForeignDescriptors()) {
        assertThat(whoComes(client)).isEqualTo("127.0.0.5");
        assertThat(ss("127.0.0.5")).contains("tos:0xb8");
        assertThat(seen.tcpOption(io, TCP_NODELAY)).containsExactly(1, 1);
        assertThat(seen.tcpOption(io, TCP_USER_TIMEOUT)).containsExactly(50_000, 50_000);
      }
      server.awaitNoSession();
      try (Client client = Client.to(port + 1);
          ForeignDescriptors seen = new ForeignDescriptors()) {
        assertThat(whoComes(client)).isEqualTo("127.0.0.7");
        assertThat(ss("127.0.0.7")).contains("tos:0x28");
        assertThat(seen.tcpOption(io, TCP_NODELAY)).containsExactlyInAnyOrder(1, 0);
        assertThat(seen.tcpOption(io, TCP_USER_TIMEOUT)).containsExactlyInAnyOrder(50_000, 70_000);
      }
      server.awaitNoSession();
      try (Client client = Client.to(port + 2);
          ForeignDescriptors seen = new ForeignDescriptors()) {
        assertThat(whoComes(client)).isEqualTo("127.0.0.6");
        assertThat(seen.tcpOption(io, TCP_NODELAY)).containsExactlyInAnyOrder(1, 0);
      }
      server.awaitNoSession();
      try (Client client = Client.to(port + 3);
          ForeignDescriptors seen = new ForeignDescriptors()) {
        assertThat(whoComes(client)).isEqualTo("127.0.0.1");
        assertThat(seen.tcpOption(io, TCP_NODELAY)).containsExactly(1, 1);
      }
      server.awaitNoSession();
      server.assertNothingLeaked();
    }
  }

  @Test
  void shouldGiveConnectWorkersTheOneRightThatTheSettingsNeed() throws Exception {
    assumeTrue(Accounts.isRoot(), "only root has a right to give");
    Accounts.assumeReachable(Accounts.USER);
    Files.setAttribute(folder, "unix:uid", Accounts.uid(Accounts.USER));
    String marked = "mark = 0x2a, interface = lo, source = \"127.0.0.5\"";
    String user = "user = " + Accounts.USER + "\n";
    try (BouncerServer server =
        BouncerServer.start(folder, body(listener("web", 0, there(), marked), user))) {
      assertThat(server.err().text()).containsPattern("connect workers keep CAP_NET_(RAW|ADMIN)");
      try (Client client = Client.to(port)) {
        assertThat(whoComes(client)).isEqualTo("127.0.0.5");
        assertThat(ss("127.0.0.5")).contains("fwmark:0x2a").contains("%lo:");
      }
      Map<String, String> had = capabilities(server);
      assertThat(had.remove("connect")).isIn(CAP_NET_RAW, CAP_NET_ADMIN);
      assertThat(had.values()).containsOnly(NO_CAPABILITY);
      // One that takes another's place has the same.
      long connect = server.workers("connect").getFirst();
      CommandResult.run(null, List.of("kill", "-9", Long.toString(connect)));
      try (Client client = Client.to(port)) {
        assertThat(whoComes(client)).isEqualTo("127.0.0.5");
      }
      assertThat(capabilities(server).get("connect")).isIn(CAP_NET_RAW, CAP_NET_ADMIN);
      server.reloaded(body(listener("web", 0, there(), "mark = 7"), user));
      try (Client client = Client.to(port)) {
        assertThat(whoComes(client)).isEqualTo("127.0.0.1");
        assertThat(ss("127.0.0.1")).contains("fwmark:0x7");
      }
    }
  }

  @Test
  void shouldRefuseAReloadThatNeedsARightThatWasGivenUpAndServeOn() throws Exception {
    assumeTrue(Accounts.isRoot(), "only root has a right to give up");
    Accounts.assumeReachable(Accounts.USER);
    Files.setAttribute(folder, "unix:uid", Accounts.uid(Accounts.USER));
    String user = "user = " + Accounts.USER + "\n";
    try (BouncerServer server =
        BouncerServer.start(folder, body(listener("web", 0, there(), ""), user))) {
      assertThat(capabilities(server).values()).containsOnly(NO_CAPABILITY);
      server.reloaded(body(listener("web", 0, there(), ""), user));
      try (Client client = Client.to(port)) {
        whoComes(client);
      }
      server.awaitNoSession();
      server.rememberDescriptors();
      assertThat(
              server
                  .reload(body(listener("web", 0, there(), "mark = 7"), user))
                  .get("error")
                  .asText())
          .contains(
              "not reloaded: listeners.web.mark: operation not permitted (connect workers keep the"
                  + " rights that were needed at the start: restart)");
      assertThat(
              server
                  .reload(body(listener("web", 0, there(), "mptcp = true"), user))
                  .get("error")
                  .asText())
          .contains("not reloaded: listeners.web: mptcp = true takes a restart");
      assertThat(
              server
                  .reload(body(listener("web", 0, there(), "interface = none0"), user))
                  .get("error")
                  .asText())
          .contains("not reloaded: listeners.web.interface: no such device");
      // What takes no right is a reload's to bring.
      server.reloaded(body(listener("web", 0, there(), "source = \"127.0.0.5\""), user));
      try (Client client = Client.to(port)) {
        assertThat(whoComes(client)).isEqualTo("127.0.0.5");
      }
      server.awaitNoSession();
      server.assertNothingLeaked();
    }
  }

  private String refusedStart(String settings, List<String> before) throws Exception {
    Path file = BouncerServer.writeConfig(folder, body(listener("web", 0, there(), settings)));
    List<String> command = new ArrayList<>(before);
    command.addAll(List.of(Checkout.command(), "start", "-c", file.toString()));
    CommandResult result = CommandResult.run(folder, command);
    assertThat(result.exit()).as(result.allText()).isEqualTo(1);
    assertThat(result.leftBehind()).isEmpty();
    return String.join("\n", result.err());
  }

  @Test
  void shouldSayAtStartWhatTheKernelRefuses() throws Exception {
    assertThat(refusedStart("interface = none0", List.of()))
        .contains("bouncer: listeners.web.interface: no such device");
    assertThat(refusedStart("source = \"192.0.2.77\"", List.of()))
        .contains("bouncer: listeners.web.source: address not available on this machine");
    assumeTrue(Accounts.isRoot(), "only root can do it as somebody else");
    Accounts.assumeReachable(Accounts.USER);
    Files.setAttribute(folder, "unix:uid", Accounts.uid(Accounts.USER));
    assertThat(refusedStart("source = client", Accounts.as(Accounts.USER)))
        .contains(
            "bouncer: listeners.web.source: operation not permitted (it takes CAP_NET_ADMIN, or"
                + " CAP_NET_RAW from Linux 5.17 on)");
  }

  @Test
  void shouldComeWithTheClientsOwnAddress() throws Exception {
    try (Network network = Network.create()) {
      network.addClients();
      Target far = network.far(() -> sayingWhoComes("0.0.0.0", 7000));
      try (far;
          BouncerServer server =
              BouncerServer.startBy(
                  network.onNear(),
                  folder,
                  body(
                      listener("web", 0, Network.FAR + ":7000", "source = client")
                          .replace("127.0.0.1:" + port, "0.0.0.0:" + port)))) {
        Client client =
            network.clients(
                () -> {
                  Socket socket = new Socket();
                  socket.connect(
                      new InetSocketAddress(Network.NEAR_CLIENTS, port),
                      (int) Patience.seconds(10).toMillis());
                  return new Client(socket);
                });
        try (client) {
          assertThat(whoComes(client)).isEqualTo(Network.CLIENTS);
          client.echo("both ways");
        }
        server.awaitNoSession();
      }
    }
  }

  @Test
  void shouldSpeakMultipathTcpWithWhoKnowsItAndTcpWithOthers() throws Exception {
    Path enabled = Path.of("/proc/sys/net/mptcp/enabled");
    assumeTrue(
        Files.exists(enabled) && Files.readString(enabled).strip().equals("1"),
        "this kernel has no Multipath TCP");
    String far = "127.0.0.1:" + (port + 1);
    String both =
        body(
            listener("near", 0, far, "mptcp = true"),
            listener("far", 1, there(), "mptcp = true, dscp = 8"));
    try (BouncerServer server = BouncerServer.start(folder, both)) {
      try (Client client = Client.to(port)) {
        whoComes(client);
        client.echo("through four hops");
        CommandResult ss =
            CommandResult.run(
                null, List.of("ss", "-tni", "state", "established", "dport = " + (port + 1)));
        assumeTrue(ss.exit() == 0, "no ss here (Debian: package iproute2)");
        assertThat(ss.outText()).contains("tcp-ulp-mptcp");
        byte[] large = new byte[1 << 20];
        new Random(7).nextBytes(large);
        client.echo(large);
      }
      server.awaitNoSession();
      // The socket of one that changes is made anew; who is on the old one stays.
      try (Client stays = Client.to(port)) {
        whoComes(stays);
        server.reloaded(
            body(listener("near", 0, far, "mptcp = true"), listener("far", 1, there(), "")));
        stays.echo("still there");
        try (Client client = Client.to(port)) {
          whoComes(client);
          client.echo("by TCP");
        }
      }
      server.awaitNoSession();
    }
  }
}
