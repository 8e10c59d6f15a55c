package org.portbouncer.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Groups behind proxies: who is to blame for a connection that was not made. */
class ChainGroupsIT {

  private static final byte[] METHOD = {5, 0};

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

  private static String configuration(int proxy, String check, int... members) {
    String all =
        String.join(
            ", ",
            Arrays.stream(members)
                .mapToObj("{ address = \"127.0.0.1:%d\" }"::formatted)
                .toArray(String[]::new));
    return ChainTrial.configuration("group:app", ChainTrial.hop("socks5", proxy))
        + "targets.app { members = [ %s ], check { %s }, eject.failures = 2 }\n"
            .formatted(all, check);
  }

  private static JsonNode member(BouncerServer server, int index) throws Exception {
    JsonNode answer = new ObjectMapper().readTree(server.command("targets", "--json").outText());
    JsonNode members = answer.isArray() ? answer : answer.findValue("members");
    return members.get(index);
  }

  private static void fails() throws IOException {
    try (Client client = Client.to(ChainTrial.PORT)) {
      assertThat(client.in().read()).isEqualTo(-1);
    }
  }

  @Test
  void shouldCheckMembersThroughTheChainAndKeepWhatIsKnownWhenAProxyIsGone() throws Exception {
    int nobody = Ports.free();
    int proxy = trial.proxies().microsocks();
    String check = "type = connect, every = 100ms, timeout = 5s, fall = 1";
    try (BouncerServer server =
        BouncerServer.start(folder, configuration(proxy, check, trial.target().port(), nobody))) {
      server.awaitLog("is down: refused over SOCKS5: code 5, connection refused");
      assertThat(member(server, 1).path("state").asText()).isEqualTo("down");
      await()
          .atMost(Patience.seconds(20))
          .until(() -> member(server, 0).path("checks").path("ok").asInt() > 1);
      trial.programs().stop();
      server.awaitLog("cannot be checked, and stays what it is: proxy 1 of chain out");
      for (int i = 0; i < 3; i++) {
        fails();
      }
      server.awaitNoSession();
      assertThat(member(server, 0).path("state").asText()).isEqualTo("up");
      assertThat(member(server, 0).path("checks").path("failed").asInt()).isZero();
      assertThat(member(server, 0).path("connects").path("proxy").asInt()).isEqualTo(3);
      assertThat(member(server, 0).path("connects").path("refused").asInt()).isZero();
      assertThat(server.accessLines(AccessLine::isEnd))
          .extracting(line -> line.get("reason"))
          .containsOnly("proxy 1: connection refused");
    }
  }

  @Test
  void shouldEjectAMemberThatAProxyCannotReach() throws Exception {
    int nobody = Ports.free();
    int proxy = trial.proxies().microsocks();
    try (BouncerServer server =
        BouncerServer.start(
            folder, configuration(proxy, "type = none", nobody, trial.target().port()))) {
      for (int i = 0; i < 3; i++) {
        ChainTrial.talk();
      }
      server.awaitNoSession();
      assertThat(member(server, 0).path("state").asText()).isEqualTo("ejected");
      assertThat(member(server, 0).path("connects").path("proxy").asInt()).isZero();
      assertThat(member(server, 1).path("connects").path("ok").asInt()).isEqualTo(3);
    }
  }

  /** A proxy of the test's own, which lets nobody through. */
  @Test
  void shouldNotEjectAMemberThatAProxyDoesNotAllow() throws Exception {
    byte[] notAllowed = {5, 2, 0, 1, 0, 0, 0, 0, 0, 0};
    try (Target proxy =
            Target.start(
                connection -> {
                  connection.receive(3);
                  connection.send(METHOD);
                  connection.receive(10);
                  connection.send(notAllowed);
                  connection.in().read();
                });
        BouncerServer server =
            BouncerServer.start(
                folder,
                configuration(proxy.port(), "type = none", trial.target().port(), Ports.free()))) {
      for (int i = 0; i < 3; i++) {
        fails();
      }
      server.awaitNoSession();
      for (int i = 0; i < 2; i++) {
        assertThat(member(server, i).path("state").asText()).isEqualTo("up");
        assertThat(member(server, i).path("connects").path("proxy").asInt()).isEqualTo(3);
      }
    }
  }
}
