package org.portbouncer.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Proxies that want to know who comes, and where what they are told is not to be seen. */
class ChainCredentialsIT {

  private static final String KNOWN = "user = " + Proxies.USER + ", password = " + Proxies.PASSWORD;
  private static final String WRONG = "user = " + Proxies.USER + ", password = wr0ng";

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

  private void fails(String hop, String reason) throws Exception {
    AccessLine end = trial.fails(trial.there(), hop);
    assertThat(end.get("result")).isEqualTo("no-target");
    assertThat(end.get("reason")).isEqualTo("proxy 1: " + reason);
  }

  @Test
  void shouldPassMicrosocksWithTheRightPasswordAlone() throws Exception {
    int port = trial.proxies().microsocksWithPassword();
    trial.reaches(trial.there(), ChainTrial.hop("socks5", port, KNOWN));
    fails(
        ChainTrial.hop("socks5", port, WRONG),
        "the proxy refuses the credentials over SOCKS5: code 2");
    fails(
        ChainTrial.hop("socks5", port),
        "the proxy takes no such credentials over SOCKS5, or wants some: method 255");
    assertThat(trial.target().accepted()).as("those of the right password").isEqualTo(6);
  }

  @Test
  void shouldPassDanteWithTheRightPasswordAlone() throws Exception {
    int port = trial.proxies().danteWithPassword();
    trial.reaches(trial.there(), ChainTrial.hop("socks5", port, KNOWN));
    fails(
        ChainTrial.hop("socks5", port, WRONG),
        "the proxy refuses the credentials over SOCKS5: code 1");
  }

  @Test
  void shouldPassTinyproxyWithTheRightPasswordAlone() throws Exception {
    int port = trial.proxies().tinyproxyWithPassword();
    trial.reaches(trial.there(), ChainTrial.hop("http", port, KNOWN));
    fails(
        ChainTrial.hop("http", port, WRONG),
        "the proxy refuses the credentials, or wants some: status 401");
  }

  @Test
  void shouldPassSquidWithTheRightPasswordAlone() throws Exception {
    int port = trial.proxies().squidWithPassword();
    trial.reaches(trial.there(), ChainTrial.hop("http", port, KNOWN));
    fails(
        ChainTrial.hop("http", port, WRONG),
        "the proxy refuses the credentials, or wants some: status 407");
  }

  @Test
  void shouldGiveEachProxyItsOwnCredentialsWhenThereAreTwo() throws Exception {
    trial.reaches(
        trial.there(),
        ChainTrial.hop("socks5", trial.proxies().microsocksWithPassword(), KNOWN),
        ChainTrial.hop("http", trial.proxies().tinyproxyWithPassword(), KNOWN));
    AccessLine end =
        trial.fails(
            trial.there(),
            ChainTrial.hop("socks5", trial.proxies().microsocksWithPassword(), KNOWN),
            ChainTrial.hop("http", trial.proxies().tinyproxyWithPassword(), WRONG));
    assertThat(end.get("reason"))
        .isEqualTo("proxy 2: the proxy refuses the credentials, or wants some: status 401");
  }

  private Path secret(String text) throws Exception {
    Path file = Files.writeString(folder.resolve("bob.secret"), text + "\n");
    return Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
  }

  private String fromFile() throws Exception {
    String credentials = "user = " + Proxies.USER + ", password = \"file:bob.secret\"";
    return ChainTrial.configuration(
        trial.there(),
        ChainTrial.hop("socks5", trial.proxies().microsocksWithPassword(), credentials));
  }

  @Test
  void shouldTakeAnotherPasswordFromItsFileWithAReload() throws Exception {
    secret("wr0ng");
    String configuration = fromFile();
    try (BouncerServer server = BouncerServer.start(folder, configuration)) {
      try (Client client = Client.to(ChainTrial.PORT)) {
        assertThat(client.in().read()).isEqualTo(-1);
      }
      secret(Proxies.PASSWORD);
      server.reloaded(configuration);
      ChainTrial.talk();
      // A worker that starts later has it too.
      long connect = server.workers("connect").getFirst();
      ProcessHandle.of(connect).orElseThrow().destroyForcibly();
      await()
          .atMost(Patience.seconds(20))
          .until(() -> server.workers("connect").getFirst() != connect);
      ChainTrial.talk();
      server.awaitNoSession();
    }
  }

  @Test
  void shouldShowAPasswordNowhere() throws Exception {
    secret(Proxies.PASSWORD);
    String header = "headers { X-Token = \"t0k3n of oslo\" }";
    String configuration =
        fromFile()
            + "chains.other = [ "
            + ChainTrial.hop("http", 1, "user = al, password = pl41n", header)
            + " ]\nlog.level = trace\nmetrics.listen = \"127.0.0.1:"
            + Ports.free()
            + "\"\n";
    String[] secrets = {Proxies.PASSWORD, "pl41n", "t0k3n"};
    try (BouncerServer server = BouncerServer.start(folder, configuration)) {
      ChainTrial.talk();
      server.awaitNoSession();
      server.reloaded(configuration);
      CommandResult shown = CommandResult.bouncer("show-config", "-c", server.config().toString());
      assertThat(shown.exit()).isZero();
      assertThat(shown.allText())
          .contains("password = \"***\"", "X-Token = \"***\"", "bob.secret")
          .doesNotContain(secrets);
      assertThat(server.command("status", "--json").allText()).doesNotContain(secrets);
      assertThat(CommandResult.bouncer("check", server.config().toString()).allText())
          .doesNotContain(secrets);
      assertThat(server.out().text() + server.err().text()).doesNotContain(secrets);
    }
  }
}
