package org.portbouncer.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Targets behind proxies: programs that people have, one and two deep. */
class ChainsIT {

  @TempDir private Path folder;

  private ChainTrial trial;

  @BeforeEach
  void start() throws Exception {
    trial = new ChainTrial(folder);
  }

  @AfterEach
  void stop() throws Exception {
    trial.stop();
  }

  @Test
  void shouldReachATargetThroughMicrosocks() throws Exception {
    trial.reaches(trial.there(), ChainTrial.hop("socks5", trial.proxies().microsocks()));
  }

  @Test
  void shouldReachATargetThroughDanteBySocks4AndByName() throws Exception {
    int dante = trial.proxies().dante();
    trial.reaches(trial.there(), ChainTrial.hop("socks4", dante));
    trial.reaches("localhost:" + trial.target().port(), ChainTrial.hop("socks4", dante));
  }

  @Test
  void shouldReachATargetThroughOpensshBySocks4And5AndByName() throws Exception {
    int openssh = trial.proxies().openssh();
    String name = "localhost:" + trial.target().port();
    trial.reaches(trial.there(), ChainTrial.hop("socks4", openssh));
    trial.reaches(name, ChainTrial.hop("socks4", openssh, "resolve = proxy"));
    trial.reaches(name, ChainTrial.hop("socks5", openssh));
    AccessLine end = trial.fails("127.0.0.1:" + Ports.free(), ChainTrial.hop("socks5", openssh));
    assertThat(end.get("result")).isEqualTo("no-target");
    assertThat(end.get("reason"))
        .isEqualTo("proxy 1: the proxy ended the connection without an answer: not reached");
  }

  @Test
  void shouldReachATargetThroughPrivoxyAndThenDante() throws Exception {
    int privoxy = trial.proxies().privoxy();
    throughHttp(privoxy);
    trial.reaches(
        trial.there(),
        ChainTrial.hop("http", privoxy),
        ChainTrial.hop("socks5", trial.proxies().dante()));
  }

  @Test
  void shouldReachATargetThroughApacheAndThenOpenssh() throws Exception {
    int apache = trial.proxies().apache();
    throughHttp(apache);
    trial.reaches(
        trial.there(),
        ChainTrial.hop("http", apache),
        ChainTrial.hop("socks5", trial.proxies().openssh()));
  }

  @Test
  void shouldReachATargetThroughSquidAndThenPrivoxy() throws Exception {
    int squid = trial.proxies().squid();
    throughHttp(squid);
    trial.reaches(
        trial.there(),
        ChainTrial.hop("http", squid),
        ChainTrial.hop("http", trial.proxies().privoxy()));
  }

  /** By address and by name, and to where nobody listens. */
  private void throughHttp(int proxy) throws Exception {
    trial.reaches(trial.there(), ChainTrial.hop("http", proxy));
    trial.reaches("localhost:" + trial.target().port(), ChainTrial.hop("http", proxy));
    AccessLine end = trial.fails("127.0.0.1:" + Ports.free(), ChainTrial.hop("http", proxy));
    assertThat(end.get("result")).isEqualTo("no-target");
    assertThat(end.get("reason")).isEqualTo("proxy 1: refused over HTTP: status 503");
  }

  @Test
  void shouldReachATargetThroughTwoProxiesOfDifferentKinds() throws Exception {
    trial.reaches(
        trial.there(),
        ChainTrial.hop("socks5", trial.proxies().microsocks()),
        ChainTrial.hop("http", trial.proxies().tinyproxy("")));
  }

  @Test
  void shouldReachATargetThroughTinyproxyAndThenSocks() throws Exception {
    trial.reaches(
        trial.there(),
        ChainTrial.hop("http", trial.proxies().tinyproxy("")),
        ChainTrial.hop("socks5", trial.proxies().microsocks()));
  }

  @Test
  void shouldSayWhichProxyCouldNotReachTheTarget() throws Exception {
    AccessLine end =
        trial.fails(
            "127.0.0.1:" + Ports.free(),
            ChainTrial.hop("http", trial.proxies().tinyproxy("")),
            ChainTrial.hop("socks5", trial.proxies().microsocks()));
    assertThat(end.get("result")).isEqualTo("no-target");
    assertThat(end.get("reason"))
        .isEqualTo("proxy 2: refused over SOCKS5: code 5, connection refused");
    end =
        trial.fails(
            "127.0.0.1:" + Ports.free(), ChainTrial.hop("http", trial.proxies().tinyproxy("")));
    assertThat(end.get("result")).isEqualTo("no-target");
    assertThat(end.get("reason")).isEqualTo("proxy 1: refused over HTTP: status 500");
  }

  @Test
  void shouldSayThatAProxyWantsCredentials() throws Exception {
    AccessLine end =
        trial.fails(
            trial.there(),
            ChainTrial.hop("http", trial.proxies().tinyproxy("BasicAuth bob secret")));
    assertThat(end.get("result")).isEqualTo("no-target");
    assertThat(end.get("reason"))
        .isEqualTo("proxy 1: the proxy refuses the credentials, or wants some: status 407");
    assertThat(trial.target().accepted()).isZero();
  }

  @Test
  void shouldSayThatAProxyIsNotThere() throws Exception {
    AccessLine end = trial.fails(trial.there(), ChainTrial.hop("socks5", Ports.free()));
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
            BouncerServer.start(
                folder,
                ChainTrial.configuration(trial.there(), ChainTrial.hop("socks5", proxy.port())));
        Client client = Client.to(ChainTrial.PORT)) {
      client.send("early");
      assertThat(client.receiveText(10)).isEqualTo("firstearly");
      assertThat(server.accessLines(AccessLine::isEnd)).isEmpty();
    }
  }

  @Test
  void shouldSayThatAProxyHasNotReachedTheTargetWhenItEndsRightAfterItsYes() throws Exception {
    try (Target proxy =
            Target.start(
                connection -> {
                  assertThat(connection.receive(3)).containsExactly(5, 1, 0);
                  connection.send(new byte[] {5, 0});
                  connection.receive(10);
                  connection.send(new byte[] {5, 0, 0, 1, 0, 0, 0, 0, 0, 0});
                  connection.receive("hello".length());
                });
        BouncerServer server =
            BouncerServer.start(
                folder,
                ChainTrial.configuration(trial.there(), ChainTrial.hop("socks5", proxy.port())))) {
      try (Client client = Client.to(ChainTrial.PORT)) {
        client.send("hello");
        assertThat(client.receiveAll().bytes()).isZero();
        client.finish();
        AccessLine end = server.awaitEndOf(client.address());
        assertThat(end.result()).isEqualTo("no-target");
        assertThat(end.get("reason"))
            .isEqualTo("a proxy let it through, and it ended without a byte of the target");
      }
      try (Client client = Client.to(ChainTrial.PORT)) {
        client.finish();
        client.receiveAll();
        assertThat(server.awaitEndOf(client.address()).result()).as("the client's").isEqualTo("ok");
      }
    }
  }

  @Test
  void shouldEndAfterTheTimeForConnectingWhenAProxySaysNothing() throws Exception {
    try (ServerSocket silent = new ServerSocket(0, 50, Client.LOOPBACK)) {
      AccessLine end =
          trial.fails(
              ChainTrial.configuration(
                      trial.there(), ChainTrial.hop("socks5", silent.getLocalPort()))
                  + "timeouts.connect = 300ms");
      assertThat(end.get("result")).isEqualTo("timeout");
      assertThat(end.get("reason")).isEqualTo("proxy 1: no answer of the proxy in time");
    }
  }

  @Test
  void shouldGoTheWayOfTheRuleBeforeTheListenersAndAnotherAfterAReload() throws Exception {
    int other = Ports.free();
    int third = Ports.free();
    String configuration =
        """
        listeners.web { listen = ["127.0.0.1:%d", "127.0.0.1:%d", "127.0.0.1:%d"], target = "%s",
                        acl = some, via = out, timeouts { idle = 60s } }
        acls.some = [ { action = pass, to-port = %d, via = first }
                      { action = pass, to-port = %d, via = second }, { action = pass } ]
        chains { out = [ %s ], two = [ %s ] }
        """
            .formatted(
                ChainTrial.PORT,
                other,
                third,
                trial.there(),
                other,
                third,
                ChainTrial.hop("socks5", trial.proxies().microsocks()),
                ChainTrial.hop("socks5", trial.proxies().microsocks()));
    try (BouncerServer server =
        BouncerServer.start(
            folder, configuration.replace("first", "two").replace("second", "none"))) {
      assertThat(wayOf(server, ChainTrial.PORT)).isEqualTo("out");
      assertThat(wayOf(server, other)).isEqualTo("two");
      assertThat(wayOf(server, third)).isEqualTo("-");
      server.reloaded(configuration.replace("first", "none").replace("second", "two"));
      assertThat(wayOf(server, other)).isEqualTo("-");
      assertThat(wayOf(server, third)).isEqualTo("two");
    }
  }

  private static String wayOf(BouncerServer server, int port) throws IOException {
    String address;
    try (Client client = Client.to(port)) {
      assertThat(client.receiveText(6)).isEqualTo("hello ");
      address = client.address();
    }
    return server.awaitEndOf(address).get("via");
  }
}
