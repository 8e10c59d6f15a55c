package org.portbouncer.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** PROXY headers from and to Debian's HAProxy and nginx. */
class ProxyPeersIT {
  private static final int BOUNCER = Ports.free();
  private static final int FRONT = Ports.free();
  private static final int BACK = Ports.free();

  @TempDir private Path folder;

  private Process started(String program, String config, String... command) throws Exception {
    assumeTrue(
        CommandResult.run(null, List.of("sh", "-c", "command -v " + program)).exit() == 0,
        program + " is not installed");
    Path file = Files.writeString(folder.resolve(program + ".conf"), config);
    List<String> words =
        List.of(command).stream().map(word -> word.replace("FILE", file.toString())).toList();
    return new ProcessBuilder(words)
        .directory(folder.toFile())
        .redirectErrorStream(true)
        .redirectOutput(folder.resolve(program + ".out").toFile())
        .start();
  }

  private Process haproxy(String sections) throws Exception {
    return started(
        "haproxy",
        "defaults\n mode tcp\n timeout connect 5s\n timeout client 30s\n timeout server 30s\n"
            + sections,
        "haproxy",
        "-db",
        "-f",
        "FILE");
  }

  private Process nginx(String sections) throws Exception {
    String modules =
        Files.exists(Path.of("/usr/lib/nginx/modules/ngx_stream_module.so"))
            ? "load_module /usr/lib/nginx/modules/ngx_stream_module.so;\n"
            : "";
    return started(
        "nginx",
        modules
            + "daemon off; master_process off; pid nginx.pid; error_log stderr;\n"
            + "events { worker_connections 64; }\n"
            + sections,
        "nginx",
        "-p",
        folder.toString(),
        "-c",
        "FILE");
  }

  private static void stop(Process process) throws InterruptedException {
    process.destroy();
    if (!process.waitFor(10, TimeUnit.SECONDS)) {
      process.destroyForcibly().waitFor();
    }
  }

  private static void awaitListening(int port) {
    await()
        .atMost(Patience.seconds(20))
        .ignoreExceptionsInstanceOf(IOException.class)
        .until(
            () -> {
              new Socket(Client.LOOPBACK, port).close();
              return true;
            });
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
    try (Client client = Client.to(FRONT)) {
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
      Process haproxy =
          haproxy(
              "listen front\n bind 127.0.0.1:%d\n server b 127.0.0.1:%d %s check inter 200ms\n"
                  .formatted(FRONT, BOUNCER, header));
      try {
        awaitListening(FRONT);
        assertClientComesThrough(server);
        await()
            .atMost(Patience.seconds(20))
            .until(() -> !server.accessLines(line -> line.get("result").equals("check")).isEmpty());
      } finally {
        stop(haproxy);
      }
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
      Process nginx =
          nginx(
              "stream { server { listen 127.0.0.1:%d; proxy_pass 127.0.0.1:%d; proxy_protocol on; } }"
                  .formatted(FRONT, BOUNCER));
      try {
        awaitListening(FRONT);
        assertClientComesThrough(server);
      } finally {
        stop(nginx);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"v1", "v2"})
  void shouldTellHaproxyWhoTheClientIs(String version) throws Exception {
    Process haproxy =
        haproxy(
            """
            frontend back
             mode http
             bind 127.0.0.1:%d accept-proxy
             http-request return status 200 content-type text/plain lf-string "%%[src]:%%[src_port]"
            """
                .formatted(BACK));
    try (BouncerServer server =
        BouncerServer.start(folder, listener(BACK, "send-proxy = " + version))) {
      awaitListening(BACK);
      assertAnswerNamesTheClient(server);
    } finally {
      stop(haproxy);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"v1", "v2"})
  void shouldTellNginxWhoTheClientIs(String version) throws Exception {
    Process nginx =
        nginx(
            """
            http { access_log off; client_body_temp_path b; proxy_temp_path p; fastcgi_temp_path f;
              uwsgi_temp_path u; scgi_temp_path s;
              server { listen 127.0.0.1:%d proxy_protocol;
                location / { return 200 "$proxy_protocol_addr:$proxy_protocol_port"; } } }
            """
                .formatted(BACK));
    try (BouncerServer server =
        BouncerServer.start(folder, listener(BACK, "send-proxy = " + version))) {
      awaitListening(BACK);
      assertAnswerNamesTheClient(server);
    } finally {
      stop(nginx);
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
