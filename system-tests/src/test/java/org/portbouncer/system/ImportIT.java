package org.portbouncer.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Configurations of other forwarders: each program with its own beside bouncer with the imported
 * one, and the same clients at both.
 */
class ImportIT {

  /** Clients of IPv4, some of which every list here names. */
  private static final List<String> GRID =
      List.of(
          "127.0.0.1",
          "127.0.0.2",
          "127.0.0.7",
          "127.0.0.10",
          "127.0.0.20",
          "127.0.0.200",
          "127.0.1.1",
          "127.0.2.7",
          "127.1.0.1",
          "127.9.0.7");

  private static Target targetA;
  private static Target targetB;

  @TempDir private Path folder;

  @BeforeAll
  static void start() throws Exception {
    targetA = Target.start(connection -> greet(connection, "a"));
    targetB = Target.start(connection -> greet(connection, "b"));
  }

  @AfterAll
  static void stop() throws Exception {
    Closing.all(targetA, targetB);
  }

  private static void greet(Client connection, String name) throws IOException {
    connection.send(name.getBytes(StandardCharsets.US_ASCII));
    connection.in().read(); // a byte, or the end
  }

  private static String filled(String text) {
    return text.replace("TARGETA", "127.0.0.1 " + targetA.port())
        .replace("TARGETB", "127.0.0.1 " + targetB.port())
        .replace("SERVERA", "127.0.0.1:" + targetA.port())
        .replace("SERVERB", "127.0.0.1:" + targetB.port());
  }

  /** What the whole grid and ::1 get at each port. */
  private static List<String> askAll(Beside beside, int ports, boolean v6) throws Exception {
    List<String> outcomes = new ArrayList<>();
    for (int port = 1; port <= ports; port++) {
      for (String client : GRID) {
        outcomes.add(beside.ask(client, port));
      }
      if (v6) {
        outcomes.add(beside.ask("::1", port));
      }
    }
    beside.bouncer().awaitNoSession();
    return outcomes;
  }

  @Test
  void shouldLetInTheSameClientsWhenRinetdIsImported() throws Exception {
    String text =
        filled(
            """
            127.0.0.1 PORT1 TARGETA
            allow 127.0.0.1
            allow 127.0.0.2*
            deny 127.0.0.20
            127.0.0.1 PORT2 TARGETB
            allow 127.?.*
            deny 127.0.0.7
            deny 127.0.1.*
            :: PORT3 TARGETB
            allow *:127.0.0.*
            :: PORT4 TARGETA
            allow 127.*
            allow ::1
            0 PORT5 TARGETA
            """);
    try (Beside beside = Beside.rinetd(folder, text, 5)) {
      List<String> outcomes = askAll(beside, 5, false);
      outcomes.add(beside.ask("::1", 3));
      outcomes.add(beside.ask("::1", 4));
      assertThat(outcomes).contains("a", "b", "closed");
    }
  }

  @Test
  void shouldLetInTheSameClientsWhenRinetdHasAccessLinesForAll() throws Exception {
    String text =
        filled(
            """
            deny 127.0.0.20*
            allow 127.0.*
            127.0.0.1 PORT1 TARGETA
            allow 127.0.0.*
            deny 127.0.0.7
            127.0.0.1 PORT2 TARGETB
            """);
    try (Beside beside = Beside.rinetd(folder, text, 2)) {
      assertThat(askAll(beside, 2, false)).contains("a", "b", "closed");
      assertThat(beside.imported().exit()).as("%s", beside.imported().allText()).isZero();
    }
  }

  @Test
  void shouldDoTheSameWhenNginxIsImported() throws Exception {
    String stream =
        filled(
            """
            upstream both { server SERVERA; server SERVERB backup; }
            limit_conn_zone $binary_remote_addr zone=few:1m;
            deny 127.0.0.2;
            server { listen 127.0.0.1:PORT1; proxy_pass both; }
            server {
              listen 127.0.0.1:PORT2;
              allow 127.0.0.0/28; deny 127.0.0.0/16; allow 127.1.0.1; deny 127.0.0.0/8;
              proxy_pass SERVERB;
              proxy_timeout 1s;
            }
            server { listen [::]:PORT3; proxy_pass SERVERB; }
            server { listen [::]:PORT4 ipv6only=off; proxy_pass SERVERA; allow ::1; deny ::/0; }
            server { listen [::]:PORT5 ipv6only=off; proxy_pass SERVERA; deny ::/0;
                     deny 127.0.0.7; }
            server { listen 127.0.0.1:PORT6; proxy_pass SERVERA; limit_conn few 1; deny 127.0.0.1; }
            """);
    try (Beside beside = Beside.nginx(folder, stream, 2)) {
      List<String> outcomes = askAll(beside, 6, true);
      assertThat(outcomes).contains("a", "b", "closed");
      assertThat(beside.ask("127.0.0.2", 1)).isEqualTo("closed");
      assertThat(beside.ask("127.0.0.2", 2)).isEqualTo("b");
      assertThat(beside.askTwice("127.0.0.20", 6)).isEqualTo("a closed");
      assertThat(beside.staysOpen("127.0.0.1", 1)).isTrue();
      assertThat(beside.staysOpen("127.0.0.1", 2)).isFalse();
    }
  }

  private static final String HAPROXY =
      """
      defaults
        mode tcp
        timeout connect 5s
        timeout client 30s
        timeout server 30s
      frontend one
        bind 127.0.0.1:PORT1
        acl ours src 127.0.0.0/24
        acl bad src 127.0.0.7 127.0.0.20
        tcp-request connection reject if bad
        tcp-request connection accept if ours
        tcp-request connection reject
        default_backend a
      frontend two
        bind 127.0.0.1:PORT2,[::1]:PORT2
        tcp-request connection reject unless { src 127.0.0.0/16 } or { src ::1 }
        tcp-request content reject if { src 127.0.1.0/24 } !{ src 127.0.0.0/8 }
        default_backend b
      listen three
        bind :::PORT3 v4v6
        tcp-request connection reject if { src ::/0 } !{ src 127.0.0.0/16 ::1 }
        server b SERVERB
        timeout client 1s
      listen four
        bind :::PORT4 v6only
        tcp-request connection reject if { src 127.0.0.0/8 }
        server a SERVERA
      listen five
        bind 127.0.0.1:PORT5
        balance first
        option redispatch
        retries 2
        server dead NOBODY
        server b SERVERB
      listen six
        bind 127.0.0.1:PORT6
        stick-table type ip size 1k store conn_cur
        tcp-request connection track-sc0 src
        tcp-request connection reject if { sc0_conn_cur gt 1 }
        server a SERVERA
      backend a
        server a SERVERA
      backend b
        tcp-request content reject if { src 127.0.2.0/24 }
        server b SERVERB
      """;

  @Test
  void shouldDoTheSameWhenHaproxyIsImported() throws Exception {
    String text = filled(HAPROXY.replace("NOBODY", "127.0.0.1:" + Ports.free()));
    try (Beside beside =
        Beside.start(
            folder, "haproxy", "haproxy", List.of("haproxy", "-db", "-f", "FILE"), text, 6)) {
      List<String> outcomes = askAll(beside, 6, true);
      assertThat(outcomes).contains("a", "b", "closed");
      assertThat(beside.ask("127.0.0.1", 5)).isEqualTo("b");
      assertThat(beside.askTwice("127.0.0.20", 6)).isEqualTo("a closed");
      assertThat(beside.staysOpen("127.0.0.1", 3)).isFalse();
      assertThat(beside.staysOpen("127.0.0.1", 1)).isTrue();
      assertThat(beside.imported().exit()).as("%s", beside.imported().allText()).isZero();
    }
  }

  /** A service of xinetd's that redirects. */
  private static String service(int port, String target, String attributes) {
    return """
    service port%d
    {
      type = UNLISTED
      socket_type = stream
      wait = no
      user = root
      port = PORT%d
      redirect = %s
      %s
    }
    """
        .formatted(port, port, target, attributes);
  }

  @Test
  void shouldDoTheSameWhenXinetdIsImported() throws Exception {
    String text =
        filled(
            """
            defaults
            {
              only_from = 127.0.0.0/24 127.1.0.1
              no_access = 127.0.0.7
            }
            """
                + service(1, "TARGETA", "bind = 127.0.0.1")
                + service(2, "TARGETB", "flags = IPv4\n only_from = 127.0.{0,2}")
                + service(3, "TARGETB", "only_from += ::1 127.9.0.7\n no_access -= 127.0.0.7")
                + service(4, "TARGETA", "only_from = 127.0.0.0/255.255.255.0 127.0.0.20")
                + service(5, "TARGETA", "only_from = ::/0\n no_access += 127.0.0.2/31")
                + service(6, "TARGETA", "only_from = 127.0.0.0")
                + service(7, "TARGETB", "only_from =\n instances = 3")
                + service(8, "TARGETB", "per_source = 1")
                + service(9, "TARGETA", "").replace("wait = no", "wait = yes")
                + service(10, "TARGETA", "").replace("= stream", "= dgram")
                + service(11, "TARGETA", "flags = NAMEINARGS\n server_args = x")
                + service(12, "TARGETB", "per_source = 1\n per_source = 9\n redirect = TARGETA"));
    try (Beside beside =
        Beside.start(
            folder,
            "xinetd",
            "xinetd",
            List.of(
                "xinetd",
                "-dontfork",
                "-f",
                "FILE",
                "-pidfile",
                "DIR/x.pid",
                "-filelog",
                "DIR/x.log"),
            text,
            8)) {
      List<String> outcomes = askAll(beside, 12, true);
      assertThat(outcomes).contains("a", "b", "closed", "refused");
      assertThat(beside.askTwice("127.0.0.20", 8)).isEqualTo("b closed");
      assertThat(beside.askTwice("127.0.0.20", 12)).isEqualTo("b closed");
      assertThat(beside.staysOpen("127.0.0.1", 1)).isTrue();
    }
  }

  @Test
  void shouldKeepWhatIsThereWhenOutputExists() throws Exception {
    Path source = Files.writeString(folder.resolve("r.conf"), "127.0.0.1 8080 127.0.0.1 80\n");
    Path out = Files.writeString(folder.resolve("o.conf"), "mine\n");
    String[] words = {"import", "rinetd", source.toString(), "-o", out.toString()};
    CommandResult refused = CommandResult.bouncer(words);
    assertThat(refused.exit()).isEqualTo(2);
    assertThat(refused.allText()).contains("is there already");
    assertThat(out).hasContent("mine");
    List<String> forced = new ArrayList<>(List.of(words));
    forced.add("--force");
    assertThat(CommandResult.bouncer(forced.toArray(String[]::new)).exit()).isZero();
    assertThat(Files.readString(out)).contains("r.conf:1: 127.0.0.1 8080 127.0.0.1 80");
    try (Stream<Path> files = Files.list(folder)) {
      assertThat(files).hasSize(2);
    }
  }
}
