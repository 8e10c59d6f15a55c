package org.portbouncer.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** Real programs that speak over UDP, on both sides of the server. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class UdpPeersIT {

  private static final int DNS = Ports.free();
  private static final int NAME_SERVER = Ports.free();
  private static final int SYSLOG = Ports.free();
  private static final int DAEMON = Ports.free();
  private static final int IPERF = Ports.free();
  private static final int IPERF_SERVER = Ports.free();

  /** Answers that are larger than what DNS over UDP had at first. */
  private static final int STRINGS = 12;

  private Path folder;
  private BouncerServer server;
  private Process peer;

  @BeforeAll
  void start(@TempDir Path folder) throws Exception {
    this.folder = folder;
    server =
        BouncerServer.start(
            folder,
            """
            listeners.dns { listen = "udp:127.0.0.1:%d", target = "udp:127.0.0.1:%d", answers = 1 }
            listeners.syslog { listen = "udp:127.0.0.1:%d", target = "udp:127.0.0.1:%d" }
            listeners.iperf { listen = "udp:127.0.0.1:%d", target = "udp:127.0.0.1:%d" }
            listeners.iperf-control { listen = "127.0.0.1:%d", target = "127.0.0.1:%d" }
            """
                .formatted(
                    DNS, NAME_SERVER, SYSLOG, DAEMON, IPERF, IPERF_SERVER, IPERF, IPERF_SERVER));
  }

  @AfterEach
  void leavesNothing() throws Exception {
    if (peer != null) {
      peer.destroy();
      if (!peer.waitFor(10, TimeUnit.SECONDS)) {
        peer.destroyForcibly().waitFor();
      }
      peer = null;
    }
    server.killFrom("127.0.0.0/8");
    server.awaitNoSession();
  }

  @AfterAll
  void close() throws Exception {
    Closing.all(server);
  }

  private static void assumeThere(String... programs) throws Exception {
    for (String program : programs) {
      assumeTrue(
          CommandResult.run(null, List.of("sh", "-c", path("command -v " + program))).exit() == 0,
          program + " is not installed");
    }
  }

  private static String path(String command) {
    return "PATH=$PATH:/usr/sbin:/sbin " + command;
  }

  private void peer(String name, String command) throws IOException {
    peer =
        new ProcessBuilder("sh", "-c", path("exec " + command))
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve(name + ".out").toFile())
            .start();
  }

  private static List<String> dig(String type, String... more) throws Exception {
    String words = "dig @127.0.0.1 -p " + DNS + " +time=5 +tries=1 " + String.join(" ", more);
    CommandResult result =
        CommandResult.run(null, List.of("sh", "-c", words + " bounced.test " + type));
    assertThat(result.exit()).as(result.allText()).isZero();
    return result.out();
  }

  @Test
  void shouldCarryQuestionsOfDigToDnsmasq() throws Exception {
    assumeThere("dig", "dnsmasq");
    StringBuilder strings = new StringBuilder();
    for (int i = 0; i < STRINGS; i++) {
      strings.append(',').append(Character.toString('a' + i).repeat(200));
    }
    peer(
        "dnsmasq",
        "dnsmasq --keep-in-foreground --conf-file=/dev/null --no-resolv --no-hosts --pid-file="
            + " --user= --bind-interfaces --listen-address=127.0.0.1 --edns-packet-max=4096"
            + " --host-record=bounced.test,192.0.2.7 --txt-record=bounced.test"
            + strings
            + " --port="
            + NAME_SERVER);
    await()
        .atMost(Patience.seconds(20))
        .ignoreExceptionsInstanceOf(AssertionError.class)
        .until(() -> dig("A", "+short").equals(List.of("192.0.2.7")));
    // Each from a port of its own, and so a session of its own.
    for (int i = 0; i < 5; i++) {
      assertThat(dig("A", "+short")).containsExactly("192.0.2.7");
    }
    String text = String.join("", dig("TXT", "+short", "+bufsize=4096", "+ignore"));
    assertThat(text).contains("a".repeat(200)).contains("l".repeat(200));
    server.awaitNoSession();
    assertThat(server.accessLines(line -> line.get("listener").equals("dns")))
        .filteredOn(line -> line.result().equals("ok"))
        .hasSizeGreaterThanOrEqualTo(7);
  }

  @Test
  void shouldCarryLinesOfLoggerToADaemon() throws Exception {
    assumeThere("logger", "socat");
    Path lines = folder.resolve("socat.out");
    peer("socat", "socat -u UDP4-RECV:" + DAEMON + ",bind=127.0.0.1 STDOUT");
    await()
        .atMost(Patience.seconds(20))
        .pollInterval(Duration.ofMillis(200))
        .until(
            () -> {
              log("ready");
              return Files.readString(lines).contains("ready");
            });
    for (int i = 0; i < 5; i++) {
      log("line " + i + " of five");
    }
    await()
        .atMost(Patience.seconds(10))
        .untilAsserted(
            () -> {
              String text = Files.readString(lines);
              for (int i = 0; i < 5; i++) {
                assertThat(text).contains("<133>").containsOnlyOnce("line " + i + " of five");
              }
            });
  }

  private static void log(String text) throws Exception {
    CommandResult result =
        CommandResult.run(
            null,
            List.of(
                "logger",
                "-n",
                "127.0.0.1",
                "-P",
                Integer.toString(SYSLOG),
                "--udp",
                "--rfc3164",
                "-p",
                "local0.notice",
                text));
    assertThat(result.exit()).as(result.allText()).isZero();
  }

  @Test
  void shouldCarryATestOfIperfWithoutLossOrDisorder() throws Exception {
    assumeThere("iperf3");
    peer("iperf3", "iperf3 -s -1 --forceflush -B 127.0.0.1 -p " + IPERF_SERVER);
    await()
        .atMost(Patience.seconds(20))
        .until(() -> Files.readString(folder.resolve("iperf3.out")).contains("listening"));
    // So slow that sockets have room for what comes in most of a second, on a busy machine too.
    CommandResult result =
        CommandResult.run(
            null,
            List.of(
                "iperf3",
                "-c",
                "127.0.0.1",
                "-p",
                Integer.toString(IPERF),
                "-u",
                "-b",
                "1M",
                "-l",
                "1200",
                "-n",
                "240000",
                "-J"));
    assertThat(result.exit()).as(result.allText()).isZero();
    assertThat(number(result.outText(), "packets")).isGreaterThan(180);
    assertThat(number(result.outText(), "lost_packets")).isZero();
    assertThat(number(result.outText(), "out_of_order")).isZero();
  }

  /** The last one of that name: the sum. */
  private static long number(String json, String name) {
    int at = json.lastIndexOf('"' + name + '"');
    assertThat(at).as("%s in %s", name, json).isPositive();
    return Long.parseLong(json.substring(json.indexOf(':', at) + 1).strip().split("[^0-9]", 2)[0]);
  }
}
