package org.portbouncer.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Targets behind proxies: programs that people have, one and two deep. */
class ChainsIT {
  private static final int PORT = Ports.free();

  @TempDir private Path folder;

  private final List<Process> proxies = new ArrayList<>();
  private Target target;

  @BeforeEach
  void start() throws IOException {
    target = Target.start(Handler.banner("hello "));
  }

  @AfterEach
  void stop() throws Exception {
    for (Process proxy : proxies) {
      proxy.destroyForcibly().waitFor();
    }
    target.close();
  }

  private static String program(String name) {
    for (String in : List.of("/usr/bin/", "/usr/sbin/", "/usr/local/bin/")) {
      if (Files.isExecutable(Path.of(in + name))) {
        return in + name;
      }
    }
    assumeTrue(false, name + " is not installed");
    return "";
  }

  private int run(int port, String... command) throws IOException {
    File log = folder.resolve("proxy-" + proxies.size() + ".log").toFile();
    proxies.add(new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log).start());
    await()
        .atMost(Patience.seconds(10))
        .until(
            () -> {
              try (Socket socket = new Socket()) {
                socket.connect(new InetSocketAddress(Client.LOOPBACK, port), 1000);
                return true;
              } catch (IOException notYet) {
                return false;
              }
            });
    return port;
  }

  private int microsocks() throws IOException {
    int port = Ports.free();
    return run(port, program("microsocks"), "-i", "127.0.0.1", "-p", String.valueOf(port));
  }

  private int tinyproxy(String more) throws IOException {
    int port = Ports.free();
    Path file = folder.resolve("tinyproxy-" + port + ".conf");
    Files.writeString(
        file,
        """
        Port %d
        Listen 127.0.0.1
        Timeout 60
        MaxClients 20
        Allow 127.0.0.1
        %s
        """
            .formatted(port, more));
    return run(port, program("tinyproxy"), "-d", "-c", file.toString());
  }

  private int dante() throws IOException {
    int port = Ports.free();
    Path file = folder.resolve("danted-" + port + ".conf");
    Files.writeString(
        file,
        """
        logoutput: stderr
        internal: 127.0.0.1 port = %d
        external: 127.0.0.1
        clientmethod: none
        socksmethod: none
        client pass { from: 0.0.0.0/0 to: 0.0.0.0/0 }
        socks pass { from: 0.0.0.0/0 to: 0.0.0.0/0 }
        """
            .formatted(port));
    return run(
        port, program("danted"), "-f", file.toString(), "-p", folder.resolve("pid").toString());
  }

  private static String hop(String type, int port) {
    return "{ type = %s, proxy = \"127.0.0.1:%d\" }".formatted(type, port);
  }

  private static String configuration(String to, String... hops) {
    return """
    listeners.web { listen = "127.0.0.1:%d", target = "%s", acl = all, via = out,
                    timeouts { idle = 60s } }
    acls.all = [ { action = pass } ]
    chains.out = [ %s ]
    """
        .formatted(PORT, to, String.join(", ", hops));
  }

  private String there() {
    return "127.0.0.1:" + target.port();
  }

  /** The server speaks first, then the client, and the end comes when the client has ended. */
  private static void talk() throws IOException {
    try (Client client = Client.to(PORT)) {
      assertThat(client.receiveText(6)).isEqualTo("hello ");
      client.send("and back");
      assertThat(client.receiveText(8)).isEqualTo("and back");
    }
  }

  private void reaches(String to, String... hops) throws Exception {
    try (BouncerServer server = BouncerServer.start(folder, configuration(to, hops))) {
      talk();
      server.awaitNoSession();
      server.rememberDescriptors();
      for (int i = 0; i < 5; i++) {
        talk();
      }
      server.awaitNoSession();
      AccessLine end = server.accessLines(AccessLine::isEnd).getFirst();
      assertThat(end.get("via")).isEqualTo("out");
      assertThat(end.get("target")).isEqualTo(to);
      assertThat(end.get("down")).isEqualTo("14");
      server.assertNothingLeaked();
    }
  }

  private AccessLine fails(String to, String... hops) throws Exception {
    return fails(configuration(to, hops));
  }

  private AccessLine fails(String configuration) throws Exception {
    try (BouncerServer server = BouncerServer.start(folder, configuration)) {
      try (Client client = Client.to(PORT)) {
        client.send("never to be seen by a proxy");
        assertThat(client.in().read()).isEqualTo(-1);
      } catch (IOException reset) {
        // What it sent was not read: the close may come as a reset.
      }
      server.awaitNoSession();
      await()
          .atMost(Patience.seconds(10))
          .until(() -> !server.accessLines(AccessLine::isEnd).isEmpty());
      return server.accessLines(AccessLine::isEnd).getFirst();
    }
  }

  @Test
  void shouldReachATargetThroughMicrosocks() throws Exception {
    reaches(there(), hop("socks5", microsocks()));
  }

  @Test
  void shouldReachATargetThroughDanteBySocks4AndByName() throws Exception {
    int dante = dante();
    reaches(there(), hop("socks4", dante));
    reaches("localhost:" + target.port(), hop("socks4", dante));
  }

  @Test
  void shouldReachATargetThroughTwoProxiesOfDifferentKinds() throws Exception {
    reaches(there(), hop("socks5", microsocks()), hop("http", tinyproxy("")));
  }

  @Test
  void shouldReachATargetThroughTinyproxyAndThenSocks() throws Exception {
    reaches(there(), hop("http", tinyproxy("")), hop("socks5", microsocks()));
  }

  @Test
  void shouldSayWhichProxyCouldNotReachTheTarget() throws Exception {
    AccessLine end =
        fails("127.0.0.1:" + Ports.free(), hop("http", tinyproxy("")), hop("socks5", microsocks()));
    assertThat(end.get("result")).isEqualTo("no-target");
    assertThat(end.get("reason"))
        .isEqualTo("proxy 2: refused over SOCKS5: code 5, connection refused");
    end = fails("127.0.0.1:" + Ports.free(), hop("http", tinyproxy("")));
    assertThat(end.get("result")).isEqualTo("no-target");
    assertThat(end.get("reason")).isEqualTo("proxy 1: refused over HTTP: status 500");
  }

  @Test
  void shouldSayThatAProxyWantsCredentials() throws Exception {
    AccessLine end = fails(there(), hop("http", tinyproxy("BasicAuth bob secret")));
    assertThat(end.get("result")).isEqualTo("no-target");
    assertThat(end.get("reason"))
        .isEqualTo("proxy 1: the proxy refuses the credentials, or wants some");
    assertThat(target.accepted()).isZero();
  }

  @Test
  void shouldSayThatAProxyIsNotThere() throws Exception {
    AccessLine end = fails(there(), hop("socks5", Ports.free()));
    assertThat(end.get("reason")).isEqualTo("proxy 1: connection refused");
  }

  /**
   * A proxy of the test's own reads to its end what comes before it answers, and answers with the
   * target's first bytes in the same segment.
   */
  @Test
  void shouldSendNothingOfTheClientBeforeTheAnswerAndKeepWhatComesWithIt() throws Exception {
    byte[] answer = {5, 0, 0, 3, 2, 'h', 'i', 1, 1};
    try (Target proxy =
            Target.start(
                connection -> {
                  assertThat(connection.receive(3)).containsExactly(5, 1, 0);
                  connection.send(new byte[] {5, 0});
                  byte[] request = connection.receive(10);
                  assertThat(Arrays.copyOf(request, 4)).containsExactly(5, 1, 0, 1);
                  Pause.millis(50);
                  assertThat(connection.in().available()).isZero();
                  byte[] both = Arrays.copyOf(answer, answer.length + 5);
                  System.arraycopy(
                      "first".getBytes(StandardCharsets.US_ASCII), 0, both, answer.length, 5);
                  connection.send(both);
                  Handler.echo().handle(connection);
                });
        BouncerServer server =
            BouncerServer.start(folder, configuration(there(), hop("socks5", proxy.port())));
        Client client = Client.to(PORT)) {
      client.send("early");
      assertThat(client.receiveText(10)).isEqualTo("firstearly");
      assertThat(server.accessLines(AccessLine::isEnd)).isEmpty();
    }
  }

  @Test
  void shouldEndAfterTheTimeForConnectingWhenAProxySaysNothing() throws Exception {
    try (ServerSocket silent = new ServerSocket(0, 50, Client.LOOPBACK)) {
      AccessLine end =
          fails(
              configuration(there(), hop("socks5", silent.getLocalPort()))
                  + "timeouts.connect = 300ms");
      assertThat(end.get("result")).isEqualTo("timeout");
      assertThat(end.get("reason")).isEqualTo("proxy 1: no answer of the proxy in time");
    }
  }
}
