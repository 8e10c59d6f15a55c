package org.portbouncer.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every reason that the log gives for a target that cannot be had is the true one. */
class ReasonsIT {
  private static final String RESOLVER = "127.0.0.71";

  @TempDir private Path folder;

  private Path door(int number) {
    return folder.resolve("door" + number);
  }

  /** One listener for each target. */
  private String config(Iterable<String> targets) {
    StringBuilder text = new StringBuilder("listeners {\n");
    int number = 0;
    for (String target : targets) {
      text.append(
          "  l%d { listen = \"unix:%s\", target = \"%s\" }%n"
              .formatted(number, door(number), target));
      number++;
    }
    return text + "}\nworkers { io = 1 }\ntimeouts { connect = 30s, drain = 1s }\n";
  }

  private void assertReasons(BouncerServer server, Map<String, String> reasons) throws IOException {
    for (int i = 0; i < reasons.size(); i++) {
      try (SocketChannel client = SocketChannel.open(UnixDomainSocketAddress.of(door(i)))) {
        assertThat(client.read(ByteBuffer.allocate(1))).as("closed").isNegative();
      }
    }
    for (Map.Entry<String, String> each : reasons.entrySet()) {
      String words = "target " + each.getKey() + ": " + each.getValue() + "\n";
      await(words)
          .atMost(Duration.ofSeconds(20))
          .untilAsserted(() -> assertThat(server.err().text() + '\n').contains(words));
    }
    await("their lines")
        .untilAsserted(
            () ->
                assertThat(
                        server.accessLines(AccessLine::isEnd).stream()
                            .map(line -> line.result() + ' ' + line.term()))
                    .hasSize(reasons.size())
                    .containsOnly("no-target SC"));
  }

  @Test
  void shouldNameTheTrueReasonWhenATargetCannotBeConnectedTo() throws Exception {
    assumeTrue(Accounts.isRoot(), "only root has network namespaces");
    Path datagrams = folder.resolve("datagrams");
    Map<String, String> reasons = new LinkedHashMap<>();
    reasons.put("127.0.0.1:8081", "connection refused");
    reasons.put("[::1]:8081", "no address of this machine can reach it (is IPv6 off?)");
    reasons.put("198.51.100.1:80", "network unreachable");
    reasons.put("192.0.2.1:80", "no route to host");
    reasons.put(
        "192.0.2.2:80", "this machine forbids it: a route, a firewall, or a broadcast address");
    reasons.put(
        "192.0.2.3:80", "this machine's routes throw it away, or it has no interface (%scope)");
    reasons.put("unix:" + folder + "/nobody", "no such file or directory");
    reasons.put("unix:" + folder + "/bouncer.conf/x", "not a directory");
    reasons.put("unix:" + folder + "/bouncer.conf", "connection refused");
    reasons.put("unix:" + datagrams, "the socket there is a datagram socket, and no stream");
    List<String> command =
        List.of(
            "unshare",
            "--net",
            "sh",
            "-c",
            "ip link set lo up && echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6"
                + " && ip route add unreachable 192.0.2.1 && ip route add prohibit 192.0.2.2"
                + " && ip route add blackhole 192.0.2.3 && exec \"$@\"",
            "sh");
    try (DatagramInbox inbox = new DatagramInbox(datagrams.toString());
        BouncerServer server = BouncerServer.startBy(command, folder, config(reasons.keySet()))) {
      assertReasons(server, reasons);
      assertThat(inbox.messages()).isEmpty();
    }
  }

  @Test
  void shouldTellNamesThatDoNotExistFromAServiceThatDoesNotAnswer() throws Exception {
    Map<String, String> reasons = new LinkedHashMap<>();
    reasons.put("unknown.bouncer.example:80", "the name is not known");
    reasons.put("empty.bouncer.example:80", "the name has no address");
    reasons.put("failed.bouncer.example:80", "the name service does not answer, or cannot now");
    reasons.put("silent.bouncer.example:80", "the name service does not answer, or cannot now");
    try (NameServer names = new NameServer(RESOLVER);
        BouncerServer server =
            BouncerServer.startBy(
                names.asked(folder, "timeout:1 attempts:1"), folder, config(reasons.keySet()))) {
      assertReasons(server, reasons);
    }
  }

  @Test
  void shouldSayThatASyslogSocketIsOfTheWrongKind() throws Exception {
    Path log = folder.resolve("log");
    String body =
        """
        listeners { echo { listen = "127.0.0.1:%d", target = "internal:echo" } }
        log { access { to = syslog, syslog = "%s" } }
        workers { io = 1 }
        """
            .formatted(Ports.free(), log);
    try (ServerSocketChannel stream = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      stream.bind(UnixDomainSocketAddress.of(log));
      try (BouncerServer server = BouncerServer.start(folder, body)) {
        assertThat(server.err().text())
            .contains("the syslog daemon at " + log + " has a stream socket there")
            .doesNotContain("no syslog daemon")
            .doesNotContain("error 91");
      }
    }
  }
}
