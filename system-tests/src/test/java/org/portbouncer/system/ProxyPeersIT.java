package org.portbouncer.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** PROXY headers from Debian's HAProxy, nginx and stunnel, and to the first two. */
class ProxyPeersIT {
  private static final int BOUNCER = Ports.free();
  private static final int FRONT = Ports.free();
  private static final int BACK = Ports.free();

  @TempDir private Path folder;

  private Programs programs;

  @BeforeEach
  void start() throws Exception {
    programs = new Programs(folder);
  }

  @AfterEach
  void stop() throws Exception {
    programs.stop();
  }

  private void haproxy(int port, String sections) throws Exception {
    String config =
        programs.file(
            "haproxy.cfg",
            "defaults\n mode tcp\n timeout connect 5s\n timeout client 30s\n timeout server 30s\n"
                + sections);
    programs.run(port, Programs.path("haproxy"), "-db", "-f", config);
  }

  private void nginx(int port, String sections) throws Exception {
    String modules =
        Files.exists(Path.of("/usr/lib/nginx/modules/ngx_stream_module.so"))
            ? "load_module /usr/lib/nginx/modules/ngx_stream_module.so;\n"
            : "";
    String config =
        programs.file(
            "nginx.conf",
            modules
                + "daemon off; master_process off; pid nginx.pid; error_log stderr;\n"
                + "events { worker_connections 64; }\n"
                + sections);
    programs.run(port, Programs.path("nginx"), "-p", folder.toString(), "-c", config);
  }

  private static String listener(int target, String more) {
    return """
    listeners.web { listen = "127.0.0.1:%d", target = "127.0.0.1:%d", acl = all
      %s }
    acls.all = [ { action = pass } ]
    """
        .formatted(BOUNCER, target, more);
  }

  /** Goes through a forwarder in front, and looks whom the bouncer takes for the client. */
  private static void assertClientComesThrough(BouncerServer server) throws IOException {
    assertClientComesThrough(server, Client.to(FRONT));
  }

  private static void assertClientComesThrough(BouncerServer server, Client connected)
      throws IOException {
    try (Client client = connected) {
      client.echo("hello");
      String address = client.address();
      client.finish();
      client.receiveAll();
      AccessLine line = server.awaitEndOf(address);
      assertThat(line.get("result")).isEqualTo("ok");
      assertThat(line.get("local")).isEqualTo("127.0.0.1:" + FRONT);
      assertThat(line.get("peer")).startsWith("127.0.0.1:").isNotEqualTo(address);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"send-proxy", "send-proxy-v2"})
  void shouldTakeHaproxysClientsAndCountItsChecks(String header) throws Exception {
    try (Target echo = Target.start(Handler.echo());
        BouncerServer server =
            BouncerServer.start(
                folder, listener(echo.port(), "accept-proxy { from = \"127.0.0.1\" }"))) {
      haproxy(
          FRONT,
          "listen front\n bind 127.0.0.1:%d\n server b 127.0.0.1:%d %s check inter 200ms\n"
              .formatted(FRONT, BOUNCER, header));
      assertClientComesThrough(server);
      await()
          .atMost(Patience.seconds(20))
          .until(() -> !server.accessLines(line -> line.get("result").equals("check")).isEmpty());
      programs.stop();
      assertThat(server.err().text()).doesNotContain("no PROXY header");
      assertThat(server.accessLines(AccessLine::isEnd))
          .extracting(line -> line.get("result"))
          .containsOnly("ok", "check");
    }
  }

  @Test
  void shouldTakeNginxsClients() throws Exception {
    try (Target echo = Target.start(Handler.echo());
        BouncerServer server =
            BouncerServer.start(
                folder, listener(echo.port(), "accept-proxy { from = \"127.0.0.1\" }"))) {
      nginx(
          FRONT,
          "stream { server { listen 127.0.0.1:%d; proxy_pass 127.0.0.1:%d; proxy_protocol on; } }"
              .formatted(FRONT, BOUNCER));
      assertClientComesThrough(server);
    }
  }

  /** Stunnel takes the TLS off, and says who came to it. */
  @Test
  void shouldTakeStunnelsClients() throws Exception {
    String stunnel = Programs.path("stunnel");
    String both = folder.resolve("tls.pem").toString();
    programs.prepare(
        Programs.path("openssl"),
        "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -keyout %s -out %s.crt"
            .formatted(both, both)
            .split(" "));
    String config =
        programs.file(
            "stunnel.conf",
            """
            foreground = yes
            pid =
            [front]
            accept = 127.0.0.1:%d
            connect = 127.0.0.1:%d
            protocol = proxy
            key = %3$s
            cert = %3$s.crt
            """
                .formatted(FRONT, BOUNCER, both));
    try (Target echo = Target.start(Handler.echo());
        BouncerServer server =
            BouncerServer.start(
                folder, listener(echo.port(), "accept-proxy { from = \"127.0.0.1\" }"))) {
      programs.run(FRONT, stunnel, config);
      assertClientComesThrough(server, new Client(tlsTo(FRONT, Path.of(both + ".crt"))));
    }
  }

  /** Whoever has this certificate is whom it wants. */
  private static Socket tlsTo(int port, Path certificate) throws Exception {
    KeyStore known = KeyStore.getInstance(KeyStore.getDefaultType());
    known.load(null, null);
    try (InputStream in = Files.newInputStream(certificate)) {
      known.setCertificateEntry(
          "it", CertificateFactory.getInstance("X.509").generateCertificate(in));
    }
    TrustManagerFactory trust =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(known);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, trust.getTrustManagers(), null);
    return context.getSocketFactory().createSocket(Client.LOOPBACK, port);
  }

  @ParameterizedTest
  @ValueSource(strings = {"v1", "v2"})
  void shouldTellHaproxyWhoTheClientIs(String version) throws Exception {
    haproxy(
        BACK,
        """
        frontend back
         mode http
         bind 127.0.0.1:%d accept-proxy
         http-request return status 200 content-type text/plain lf-string "%%[src]:%%[src_port]"
        """
            .formatted(BACK));
    try (BouncerServer server =
        BouncerServer.start(folder, listener(BACK, "send-proxy = " + version))) {
      assertAnswerNamesTheClient(server);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"v1", "v2"})
  void shouldTellNginxWhoTheClientIs(String version) throws Exception {
    nginx(
        BACK,
        """
        http { access_log off; client_body_temp_path b; proxy_temp_path p; fastcgi_temp_path f;
          uwsgi_temp_path u; scgi_temp_path s;
          server { listen 127.0.0.1:%d proxy_protocol;
            location / { return 200 "$proxy_protocol_addr:$proxy_protocol_port"; } } }
        """
            .formatted(BACK));
    try (BouncerServer server =
        BouncerServer.start(folder, listener(BACK, "send-proxy = " + version))) {
      assertAnswerNamesTheClient(server);
    }
  }

  private static void assertAnswerNamesTheClient(BouncerServer server) throws IOException {
    try (Client client = Client.to(BOUNCER)) {
      client.send("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
      String answer =
          new String(client.in().readAllBytes(), java.nio.charset.StandardCharsets.US_ASCII);
      assertThat(answer).contains("200 OK").endsWith(client.address());
    }
    assertThat(server.isRunning()).isTrue();
  }
}
