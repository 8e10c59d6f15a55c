package org.portbouncer.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Redis over TLS, with a user and a password, from a process that is confined as in production. */
class ClusterTlsIT {

  private static final int LIMIT = 5;

  /** As docs/cluster.md has it. */
  private static final String RIGHTS =
      "+evalsha +eval +info +auth +select +time +get +set +del +hget +hset +hdel +hgetall +pexpire"
          + " ~bouncer:*";

  @TempDir private Path folder;

  private void openssl(String... words) throws Exception {
    List<String> command = new ArrayList<>(List.of("openssl"));
    command.addAll(Arrays.asList(words));
    CommandResult result = CommandResult.run(folder, command);
    assertThat(result.exit()).as("%s: %s", command, result.allText()).isZero();
  }

  private void authority(String name) throws Exception {
    openssl(
        ("req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN="
                + name
                + " -keyout "
                + name
                + ".key -out "
                + name
                + ".crt")
            .split(" "));
  }

  /** A certificate, and options of a Redis that has it. */
  private List<String> certified(
      Redis redis, String name, String authority, String of, String... period) throws Exception {
    Files.writeString(folder.resolve("ext"), "subjectAltName=" + of + "\n");
    openssl(
        ("req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=redis -keyout "
                + name
                + ".key -out "
                + name
                + ".csr")
            .split(" "));
    List<String> sign =
        new ArrayList<>(
            List.of(
                "x509", "-req", "-in", name + ".csr", "-out", name + ".crt", "-CAcreateserial"));
    sign.addAll(
        List.of("-CA", authority + ".crt", "-CAkey", authority + ".key", "-extfile", "ext"));
    sign.addAll(List.of(period));
    openssl(sign.toArray(String[]::new));
    List<String> options =
        new ArrayList<>(
            List.of("--port", "0", "--tls-port", "" + redis.port(), "--tls-auth-clients", "no"));
    options.addAll(List.of("--tls-cert-file", folder.resolve(name + ".crt").toString()));
    options.addAll(List.of("--tls-key-file", folder.resolve(name + ".key").toString()));
    options.addAll(List.of("--tls-ca-cert-file", folder.resolve(authority + ".crt").toString()));
    options.addAll(List.of("--user", "default", "off", "--user", "bouncer", "on"));
    options.add(">" + ClusterTrial.TOKEN);
    options.addAll(List.of(RIGHTS.split(" ")));
    return options;
  }

  private static List<Long> processes(BouncerServer server, String name) throws IOException {
    List<Long> found = new ArrayList<>();
    for (long pid : ProcessTree.of(server.pid())) {
      if (Files.readString(Path.of("/proc/" + pid + "/comm")).strip().equals(name)) {
        found.add(pid);
      }
    }
    return found;
  }

  @Test
  void shouldShareOverTlsAsAUserAndSayWhatIsWrongWithACertificate() throws Exception {
    assumeTrue(Files.isExecutable(Path.of("/usr/bin/openssl")), "openssl is not installed");
    authority("ours");
    authority("theirs");
    int port = Ports.free();
    try (Redis redis = Redis.start(folder, "");
        ClusterTrial trial = new ClusterTrial(folder, LIMIT)) {
      List<String> good = certified(redis, "good", "ours", "IP:127.0.0.1", "-days", "2");
      redis.restart(good);
      String url = "rediss://bouncer@127.0.0.1:" + redis.port();
      BouncerServer server =
          trial.start(port, url, "ca = \"" + folder.resolve("ours.crt") + "\"", "");
      ClusterTrial.awaitState(server, "held");
      trial.awaitOpen(port, LIMIT);
      assertThat(trial.opens(port)).isFalse();
      List<Long> process = processes(server, "bnc:cluster");
      assertThat(process).hasSize(1);
      assertThat(Files.readAllLines(Path.of("/proc/" + process.getFirst() + "/status")))
          .as("confined as in production")
          .contains("NoNewPrivs:\t1", "Seccomp:\t2");

      redis.restart(certified(redis, "late", "ours", "IP:127.0.0.1", "-days", "-1"));
      ClusterTrial.awaitTrouble(server, "Redis' certificate has expired");
      redis.restart(certified(redis, "name", "ours", "DNS:elsewhere.example", "-days", "2"));
      ClusterTrial.awaitTrouble(server, "Redis' certificate is another host's");
      redis.restart(certified(redis, "other", "theirs", "IP:127.0.0.1", "-days", "2"));
      ClusterTrial.awaitTrouble(server, "signed by nobody that is trusted");
      redis.restart(List.of());
      ClusterTrial.awaitTrouble(server, "does it speak TLS on this port?");
      List<String> wanting = new ArrayList<>(good);
      wanting.set(wanting.indexOf("no"), "yes");
      redis.restart(wanting);
      ClusterTrial.awaitTrouble(server, "Redis wants a certificate of its clients");
      List<String> refusing = new ArrayList<>(good);
      refusing.replaceAll(word -> word.replace(ClusterTrial.TOKEN, "marlin"));
      redis.restart(refusing);
      ClusterTrial.awaitTrouble(server, "Redis refuses the user or the token");
      trial.assertLive("still there");
      redis.restart(good);
      ClusterTrial.awaitState(server, "held");
      assertThat(trial.opens(port)).isFalse();
      assertThat(processes(server, "bnc:cluster")).as("never ended by it").isEqualTo(process);
      assertThat(server.err().lines())
          .filteredOn(line -> line.contains("cluster edge is not reached"))
          .as("once")
          .hasSize(1);
      assertThat(server.err().text()).doesNotContain(ClusterTrial.TOKEN);
      trial.closeAll();
    }
  }
}
