package org.portbouncer.system;

import java.io.IOException;
import java.net.URI;
import java.net.URLConnection;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;

/** A server with a listener for each thing that can be done with datagrams, and its targets. */
final class UdpServer {

  static final int ECHO = Ports.free();
  static final int ANY = Ports.free();
  static final int BOTH = Ports.free();
  static final int SHORT = Ports.free();
  static final int TWICE = Ports.free();
  static final int ONCE = Ports.free();

  /** Where a test answers itself. */
  static final int ASKED = Ports.free();

  static final int NOBODY = Ports.free();
  static final int GROUP = Ports.free();
  static final int RULES = Ports.free();
  static final int SLOW = Ports.free();
  static final int HEADED = Ports.free();
  static final int HEADED_MEMBER = Ports.free();
  static final List<String> HOSTS = List.of("127.0.0.2", "127.0.0.1", "127.9.8.7", "::1");
  static final int METRICS = Ports.free();

  /** Where nobody takes datagrams. */
  static final int CLOSED = Ports.free();

  private final UdpTarget echo;
  private final UdpTarget twice;
  private final BouncerServer server;

  private UdpServer(UdpTarget echo, UdpTarget twice, BouncerServer server) {
    this.echo = echo;
    this.twice = twice;
    this.server = server;
  }

  /** Starts it, and remembers what it has open when each kind of socket was needed once. */
  static UdpServer start(Path folder) throws Exception {
    UdpTarget echo = UdpTarget.echo();
    UdpTarget twice = UdpTarget.answering(2);
    String to = "target = \"udp:127.0.0.1:" + echo.port() + "\"";
    String body =
        passing(to)
            + answering(twice.port())
            + refusing(echo.port())
            + limited(to)
            + headed(to, echo.port());
    UdpServer all = new UdpServer(echo, twice, BouncerServer.start(folder, body));
    try {
      warmUp();
      all.killAll();
      all.server.rememberDescriptors();
    } catch (IOException | RuntimeException | AssertionError e) {
      all.close();
      throw e;
    }
    return all;
  }

  private static String passing(String to) {
    return """
    log.access.format = json
    timeouts.udp = 30s
    metrics.listen = "127.0.0.1:%d"
    listeners.echo { listen = ["udp:127.0.0.1:%d", "udp:[::1]:%d"], %s }
    listeners.any { listen = "udp:0.0.0.0:%d", %s }
    listeners.both { listen = "udp:[::]:%d", %s }
    listeners.short { listen = "udp:127.0.0.1:%d", %s, timeouts.udp = 300ms }
    """
        .formatted(METRICS, ECHO, ECHO, to, ANY, to, BOTH, to, SHORT, to);
  }

  private static String answering(int twice) {
    return """
    listeners.twice { listen = "udp:127.0.0.1:%d", target = "udp:127.0.0.1:%d", answers = 2 }
    listeners.once { listen = "udp:127.0.0.1:%d", target = "udp:127.0.0.1:%d", answers = 1 }
    """
        .formatted(TWICE, twice, ONCE, ASKED);
  }

  private static String refusing(int echo) {
    return """
    listeners.nobody { listen = "udp:127.0.0.1:%d", target = "udp:127.0.0.1:%d" }
    listeners.group { listen = "udp:127.0.0.1:%d", target = "group:g" }
    targets.g {
      eject.failures = 2, eject.for = 1h
      members = [ { name = gone, address = "udp:127.0.0.1:%d" }
                  { name = here, address = "udp:127.0.0.1:%d" } ]
    }
    """
        .formatted(NOBODY, CLOSED, GROUP, CLOSED, echo);
  }

  private static String limited(String to) {
    return """
    listeners.rules { listen = "udp:127.0.0.1:%d", %s, acl = some }
    acls.some = [ { name = bad, action = block, from = "127.0.0.66" }
                  { name = one, action = pass, max-sessions-per-source = 1 } ]
    listeners.slow { listen = "udp:127.0.0.1:%d", %s, bandwidth = slow }
    bandwidth.slow { up = 10kB/s, burst = 1kB, shared-by = session }
    """
        .formatted(RULES, to, SLOW, to);
  }

  private static String headed(String to, int echo) {
    return """
    listeners.headed {
      listen = ["udp:127.0.0.1:%d", "udp:[::1]:%d"], %s, send-proxy = v2
      send-proxy-tlvs.custom { "0xE1" = tlv }
    }
    listeners.headed-member { listen = "udp:127.0.0.1:%d", target = "group:h" }
    targets.h.members = [ { address = "udp:127.0.0.1:%d", send-proxy = v2 } ]
    """
        .formatted(HEADED, HEADED, to, HEADED_MEMBER, echo);
  }

  private static void warmUp() throws IOException {
    for (int i = 0; i < 4; i++) {
      ask(UdpClient.to(SHORT));
    }
    // A listener on all addresses keeps a socket for each that was asked.
    for (String host : HOSTS) {
      for (int port : host.equals("::1") ? new int[] {BOTH} : new int[] {ANY, BOTH}) {
        ask(UdpClient.to(host, port));
      }
    }
  }

  private static void ask(UdpClient client) throws IOException {
    try (client) {
      client.send("warm");
      client.receive();
    }
  }

  BouncerServer server() {
    return server;
  }

  /** Where most sessions go. */
  UdpTarget echo() {
    return echo;
  }

  /** Has the operator end all sessions. */
  void killAll() throws IOException {
    for (String from : List.of("127.0.0.0/8", "::1/128")) {
      server.killFrom(from);
    }
  }

  /** Over a connection that ends with it, and is none of the descriptors that are left. */
  static double metric(String name, String label, String value, String other, String of)
      throws IOException {
    URLConnection page =
        URI.create("http://127.0.0.1:" + METRICS + "/metrics").toURL().openConnection();
    page.setRequestProperty("Connection", "close");
    String text = new String(page.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return text.lines()
        .filter(line -> line.startsWith(name + "{"))
        .filter(line -> line.contains(label + "=\"" + value + "\""))
        .filter(line -> line.contains(other + "=\"" + of + "\""))
        .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
        .findFirst()
        .orElseThrow();
  }

  void close() throws Exception {
    Closing.all(server, echo, twice);
  }
}
