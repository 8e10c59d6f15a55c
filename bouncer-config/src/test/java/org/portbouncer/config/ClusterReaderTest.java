package org.portbouncer.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.portbouncer.core.config.Cluster;
import org.portbouncer.core.config.ConfigCodec;
import org.portbouncer.core.config.Configuration;

class ClusterReaderTest {

  private static final String REDIS = "redis = \"redis://10.0.0.5\", name = edge";
  private static final String RULE = "{ action = pass, max-sessions = 10, shared = cluster }";

  @TempDir Path folder;

  private LoadResult load(String cluster, String rule) throws IOException {
    return ConfigLoader.load(
        Files.writeString(
            folder.resolve("b.conf"),
            """
            bouncer {
              listeners.web { listen = "127.0.0.1:8080", target = "a.example:80", acl = all }
              listeners.web.timeouts.idle = 5m
              bandwidth { each { down = 1 MiB/s, shared-by = session }, one { down = 1 MiB/s } }
              acls.used = [ { action = pass, from = "10.0.0.0/8", bandwidth = each }, { action = pass, bandwidth = one } ]
              listeners.used { listen = "127.0.0.1:8081", target = "a.example:81", acl = used, timeouts.idle = 5m }
              acls.all = [ %s ]
              %s
            }
            """
                .formatted(rule, cluster)));
  }

  private List<String> problems(String cluster, String rule) throws IOException {
    return load(cluster, rule).problems().stream().map(Problem::message).toList();
  }

  private Cluster cluster(String body) throws IOException {
    LoadResult loaded = load("cluster { " + body + " }", RULE);
    assertThat(loaded.problems()).isEmpty();
    return loaded.configuration().cluster();
  }

  @Test
  void shouldReadAllOfIt() throws IOException {
    Path token = Files.writeString(folder.resolve("token"), "swordfish\n");
    Files.setPosixFilePermissions(token, PosixFilePermissions.fromString("rw-------"));
    Cluster cluster =
        cluster(
            "redis = \"rediss://me@[2001:db8::1]:7000/3\", name = edge, token = \"file:token\","
                + " when-away = refuse");
    assertThat(cluster.redis())
        .isEqualTo(
            new Cluster.Redis(List.of(new Cluster.Place("2001:db8::1", 7000)), "", "me", 3, true));
    assertThat(cluster.redis()).hasToString("rediss://me@[2001:db8::1]:7000/3");
    assertThat(cluster.token().text()).isEqualTo("swordfish");
    assertThat(cluster.toString()).doesNotContain("swordfish");
    assertThat(cluster.whenAway()).isEqualTo(Cluster.WhenAway.REFUSE);
  }

  @Test
  void shouldFillInWhatIsNotWritten() throws IOException {
    Cluster cluster = cluster(REDIS);
    assertThat(cluster.redis())
        .isEqualTo(
            new Cluster.Redis(List.of(new Cluster.Place("10.0.0.5", 6379)), "", "", 0, false));
    assertThat(cluster.token().text()).isEmpty();
    assertThat(cluster.whenAway()).isEqualTo(Cluster.WhenAway.LOCAL);
    assertThat(load("", "{ action = pass }").configuration().cluster()).isNull();
  }

  @Test
  void shouldSayWhatIsWrongWithIt() throws IOException {
    String found = "cluster { " + REDIS + " }";
    assertThat(problems("", RULE)).singleElement().asString().contains("needs a block cluster");
    assertThat(problems(found, "{ action = pass, shared = cluster }"))
        .singleElement()
        .asString()
        .contains("shares nothing");
    assertThat(problems(found, "{ action = pass, bandwidth = each, shared = cluster }"))
        .singleElement()
        .asString()
        .contains("'each' is not shared by all");
    assertThat(problems(found, "{ action = pass, bandwidth = one, shared = cluster }")).isEmpty();
    assertThat(
            problems(
                found,
                "{ action = pass, rate = 5/1s, max-sessions-per-source = 2, shared = cluster }"))
        .singleElement()
        .asString()
        .contains("limits per source count on each server");
    assertThat(problems("cluster { redis = \"http://a\", name = edge }", RULE))
        .singleElement()
        .asString()
        .contains("redis:// or rediss://");
    assertThat(problems("cluster { redis = \"redis://u:p@a\", name = edge }", RULE))
        .singleElement()
        .asString()
        .contains("belongs into 'token'");
    assertThat(problems("cluster { name = edge }", RULE))
        .singleElement()
        .asString()
        .contains("redis");
  }

  @Test
  void shouldReadSeveralPlacesAndSentinels() throws IOException {
    Cluster several = cluster("redis = \"redis://me@a.example,[::1]:7000/2\", name = edge");
    assertThat(several.redis().places())
        .containsExactly(new Cluster.Place("a.example", 6379), new Cluster.Place("::1", 7000));
    assertThat(several.redis()).hasToString("redis://me@a.example:6379,[::1]:7000/2");
    assertThat(several.redis().sentinel()).isFalse();
    Path token = Files.writeString(folder.resolve("marlin"), "marlin\n");
    Files.setPosixFilePermissions(token, PosixFilePermissions.fromString("rw-------"));
    Cluster sentinels =
        cluster(
            "redis = \"redis-sentinel://10.0.0.5,10.0.0.6:7000/my_master/1\", name = edge,"
                + " sentinel-token = \"file:marlin\", redis-ports = [6379, 6380]");
    assertThat(sentinels.redis())
        .hasToString("redis-sentinel://10.0.0.5:26379,10.0.0.6:7000/my_master/1");
    assertThat(sentinels.redis().master()).isEqualTo("my_master");
    assertThat(sentinels.sentinelToken().text()).isEqualTo("marlin");
    assertThat(sentinels.toString()).doesNotContain("marlin");
    assertThat(sentinels.redisPorts()).containsExactly(6379, 6380);
    assertThat(cluster("redis = \"rediss-sentinel://a/m\", name = edge").redisPorts())
        .containsExactly(6379);
  }

  private void assertWrong(String cluster, String words) throws IOException {
    assertThat(problems("cluster { name = edge, " + cluster + " }", RULE))
        .as(cluster)
        .singleElement()
        .asString()
        .contains(words);
  }

  @Test
  void shouldSayWhatIsWrongWithPlacesSentinelsAndCertificates() throws IOException {
    assertWrong("redis = \"redis-sentinel://a\"", "the name of the master is missing");
    assertWrong("redis = \"redis://a,,b\"", "HOST[:PORT][,HOST[:PORT]...]");
    assertWrong("redis = \"redis://a,a:6379\"", "a:6379 is there twice");
    assertWrong("redis = \"redis://a:0\"", "'a:0' has port 0");
    assertWrong("redis = \"redis://a/1/2\"", "it is to be redis://");
    assertWrong("redis = \"redis://a?x=1\"", "it is to be redis://");
    assertWrong("redis = \"redis://\"", "it is to be redis://");
    assertWrong("redis = \"redis://a\", redis-ports = 6380", "redis-ports is for a redis of");
    Path token = Files.writeString(folder.resolve("marlin"), "marlin\n");
    Files.setPosixFilePermissions(token, PosixFilePermissions.fromString("rw-------"));
    assertWrong(
        "redis = \"redis://a\", sentinel-token = \"file:marlin\"",
        "sentinel-token is for a redis of");
    assertWrong("redis = \"redis-sentinel://a/m\", redis-ports = 0", "redis-ports");
    Files.writeString(folder.resolve("none.pem"), "nothing\n");
    Files.writeString(
        folder.resolve("bad.pem"),
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    assertWrong("redis = \"rediss://a\", ca = \"none.pem\"", "has no certificate");
    assertWrong("redis = \"rediss://a\", ca = \"bad.pem\"", "certificate number 1 is none");
    assertWrong("redis = \"rediss://a\", ca = \"gone.pem\"", "no such file");
  }

  @Test
  void shouldHandTheRuleToWorkersAndTheTokenToNobody() throws Exception {
    LoadResult loaded = load("cluster { " + REDIS + ", token = swordfish }", RULE);
    byte[] encoded = ConfigCodec.encode(loaded.configuration());
    assertThat(new String(encoded, java.nio.charset.StandardCharsets.ISO_8859_1))
        .doesNotContain("swordfish");
    Configuration decoded = ConfigCodec.decode(java.nio.ByteBuffer.wrap(encoded));
    assertThat(decoded.acls())
        .filteredOn(acl -> acl.name().equals("all"))
        .singleElement()
        .satisfies(acl -> assertThat(acl.rules().getFirst().shared()).isTrue());
    assertThat(decoded.cluster()).isNull();
  }
}
