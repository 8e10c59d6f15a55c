package org.portbouncer.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.portbouncer.core.config.Chain;
import org.portbouncer.core.config.ChainSecrets;
import org.portbouncer.core.config.ConfigCodec;
import org.portbouncer.core.config.Configuration;
import org.portbouncer.core.config.HopSecrets;
import org.portbouncer.core.config.Listener;

class ChainReaderTest {

  @TempDir Path folder;

  private LoadResult load(String listener, String hops) throws IOException {
    return ConfigLoader.load(
        Files.writeString(
            folder.resolve("b.conf"),
            """
            bouncer {
              listeners.web { listen = "127.0.0.1:8080", acl = all, via = out, %s }
              acls.all = [ { action = pass } ]
              targets.app { members = [ { address = "192.0.2.1:80" } ], check.type = connect }
              listeners.app { listen = "127.0.0.1:8081", acl = all, target = "group:app" }
              chains.out = [ %s ]
            }
            """
                .formatted(listener, hops)));
  }

  private List<String> problems(String listener, String hops) throws IOException {
    return load(listener, hops).problems().stream().map(Problem::message).toList();
  }

  private static final String TARGET = "target = \"a.example:80\", timeouts.idle = 5m";
  private static final String HOP = "{ type = socks5, proxy = \"192.0.2.9:1080\" }";

  private static final String HTTP = "{ type = http, proxy = \"192.0.2.9:3128\" }";

  @Test
  void shouldReadAChainAndHandItToWorkers() throws Exception {
    String second = ", { type = socks4, proxy = \"p.example:1081\", user = id }";
    LoadResult loaded = load(TARGET, HOP + second);
    assertThat(loaded.problems()).isEmpty();
    Chain chain = loaded.configuration().chains().getFirst();
    assertThat(chain.name()).isEqualTo("out");
    assertThat(chain.hops()).extracting(Chain.Hop::local).containsExactly(false, true);
    assertThat(chain.hops().getLast().user()).isEqualTo("id");
    assertThat(loaded.configuration().listeners()).extracting(Listener::via).contains(0, -1);
    byte[] encoded = ConfigCodec.encode(loaded.configuration());
    Configuration decoded = ConfigCodec.decode(ByteBuffer.wrap(encoded));
    assertThat(decoded.chains()).isEqualTo(loaded.configuration().chains());
    assertThat(decoded.listeners()).isEqualTo(loaded.configuration().listeners());
  }

  private LoadResult rules(String listener, String rules) throws IOException {
    return ConfigLoader.load(
        Files.writeString(
            folder.resolve("r.conf"),
            """
            bouncer {
              listeners.web { listen = "127.0.0.1:8080", acl = some, %s }
              acls.some = [ %s ]
              chains.out = [ %s ]
              chains.other = [ %s ]
            }
            """
                .formatted(listener, rules, HOP, HTTP)));
  }

  private static final String RULES =
      "{ action = pass, from = \"10.0.0.1\", via = other },"
          + "{ action = pass, from = \"10.0.0.2\", via = none }, { action = pass }";

  @Test
  void shouldPutTheChainOfARuleBeforeTheListeners() throws Exception {
    LoadResult loaded = rules(TARGET + ", via = out", RULES);
    assertThat(loaded.problems()).isEmpty();
    byte[] encoded = ConfigCodec.encode(loaded.configuration());
    Configuration read = ConfigCodec.decode(ByteBuffer.wrap(encoded));
    assertThat(read.via(0, read.rule(0, 0))).isEqualTo(1);
    assertThat(read.via(0, read.rule(0, 1))).isEqualTo(-1);
    assertThat(read.via(0, read.rule(0, 2))).isEqualTo(0);
    assertThat(read.vias(read.listeners().getFirst())).containsExactly(1, -1, 0);
  }

  @Test
  void shouldSayWhatIsWrongWithTheChainOfARule() throws Exception {
    assertThat(rules(TARGET, RULES).problems())
        .extracting(Problem::message)
        .containsExactly("the chain 'out' is used by no listener and no rule");
    assertThat(rules("target = \"internal:echo\", timeouts.idle = 5m", RULES).problems())
        .extracting(Problem::message)
        .contains(
            "via of rule '#1', for listener 'web': no proxy leads to internal:echo; a chain needs"
                + " HOST:PORT");
    assertThat(rules("target = \"a.example:80\"", RULES).problems())
        .extracting(Problem::message)
        .anyMatch(text -> text.startsWith("via of rule '#1', for listener 'web': proxies cut"));
    assertThat(rules("target = \"127.0.0.1:8080\", timeouts.idle = 5m", RULES).problems())
        .extracting(Problem::message)
        .anyMatch(text -> text.contains("is the listener itself"));
    assertThat(rules(TARGET, "{ action = pass, via = ohter }").problems())
        .extracting(Problem::message)
        .anyMatch(text -> text.contains("no chain 'ohter', did you mean 'other'?"));
  }

  @Test
  void shouldSayWhatIsWrongWithAChain() throws Exception {
    assertThat(problems(TARGET, "")).containsExactly("chains.out has 0 proxies; 1 to 16 it needs");
    assertThat(problems(TARGET, HOP.replace("socks5", "socks6")))
        .anyMatch(text -> text.contains("'socks6' is not one of"));
    assertThat(problems(TARGET, HOP.replace(" }", ", user = bob }")))
        .containsExactly("a user needs its password");
    assertThat(problems(TARGET, with(HOP, "password = x, user = \"\"")))
        .contains("a password needs its user");
    assertThat(problems(TARGET, with(HOP.replace("socks5", "socks4"), "password = x")))
        .contains("SOCKS4 has no passwords");
    assertThat(problems(TARGET, with(HOP, "headers.X-Site = oslo")))
        .containsExactly("headers are for http alone");
    assertThat(problems(TARGET, with(HTTP, "headers { Host = oslo }")))
        .containsExactly(
            "chains.out.#1.headers.Host: this header comes from bouncer itself, or not at all");
    assertThat(problems(TARGET, with(HOP, "user = bob, password = \"***\"")))
        .anyMatch(text -> text.endsWith("password: *** is what show-config shows instead of it"));
    assertThat(problems("target = \"internal:echo\", timeouts.idle = 5m", HOP))
        .containsExactly("no proxy leads to internal:echo; a chain needs HOST:PORT");
  }

  private static String with(String hop, String more) {
    return hop.replace(" }", ", " + more + " }");
  }

  private static final String BOB = "user = bob, password = \"file:bob.secret\"";

  private Path secret(String text, String mode) throws IOException {
    Path file = Files.writeString(folder.resolve("bob.secret"), text);
    return Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(mode));
  }

  private static HopSecrets first(LoadResult loaded) {
    return loaded.configuration().chains().getFirst().hops().getFirst().secrets();
  }

  @Test
  void shouldKeepSecretsOutOfWhatAllWorkersGet() throws Exception {
    secret("s3cr3t of bob\n", "rw-r-----");
    String headers = "headers { X-Token = t0k3n }";
    LoadResult loaded = load(TARGET, with(with(HTTP, BOB), headers));
    assertThat(loaded.problems()).isEmpty();
    HopSecrets secrets = first(loaded);
    assertThat(secrets.password()).asString().isEqualTo("s3cr3t of bob");
    assertThat(secrets.headers()).asString().isEqualTo("X-Token: t0k3n\r\n");
    assertThat(loaded.configuration().toString()).doesNotContain("s3cr3t", "t0k3n");
    assertThat(new String(ConfigCodec.encode(loaded.configuration()), StandardCharsets.ISO_8859_1))
        .contains("bob")
        .doesNotContain("s3cr3t", "t0k3n", "X-Token");
    ChainSecrets told = ChainSecrets.decode(ChainSecrets.encode(loaded.configuration().chains()));
    assertThat(told.of(0, 0)).isEqualTo(secrets);
    assertThat(told.of(0, 1)).isEqualTo(HopSecrets.NONE);
  }

  @Test
  void shouldShowTheFileOfASecretAndNoSecret() throws Exception {
    Path file = secret("s3cr3t", "rw-------");
    String hops =
        with(HOP, BOB)
            + ", "
            + with(with(HTTP, "user = al, password = pl41n"), "headers.X-T = t0k3n");
    LoadResult loaded = load(TARGET, hops);
    assertThat(loaded.isOk()).isTrue();
    assertThat(loaded.written().values().toString()).doesNotContain("pl41n", "t0k3n");
    String shown = EffectiveConfig.of(folder.resolve("b.conf")).toString();
    assertThat(shown)
        .contains("password = \"file:" + file + "\"", "password = \"***\"", "headers.X-T = \"***\"")
        .doesNotContain("s3cr3t", "pl41n", "t0k3n");
  }

  @Test
  void shouldWarnOfSecretsThatOthersCanRead() throws Exception {
    Path file = secret("s3cr3t", "rw-r--r--");
    assertThat(problems(TARGET, with(HOP, BOB)))
        .containsExactly(
            "password: it is in "
                + file
                + ", which every user of this machine may use (mode 0644)");
    Path conf = folder.resolve("b.conf");
    Files.setPosixFilePermissions(conf, PosixFilePermissions.fromString("rw----r--"));
    assertThat(problems(TARGET, with(HOP, "user = bob, password = pl41n")))
        .singleElement()
        .asString()
        .matches("password: it is written in .*b.conf, which every user.*mode 0604.");
    Files.setPosixFilePermissions(conf, PosixFilePermissions.fromString("rw-r-----"));
    assertThat(problems(TARGET, with(HOP, "user = bob, password = pl41n"))).isEmpty();
  }

  @Test
  void shouldSayWhyASecretCannotBeReadWithoutIt() throws Exception {
    Path file = folder.resolve("bob.secret");
    assertThat(problems(TARGET, with(HOP, BOB)))
        .contains("chains.out.#1.password: " + file + " cannot be read: no such file");
    secret("s3cr3t\nmore\n", "rw-------");
    assertThat(problems(TARGET, with(HOP, BOB)))
        .contains(
            "chains.out.#1.password: "
                + file
                + ": one line it must be, without control characters");
    secret("\n", "rw-------");
    assertThat(problems(TARGET, with(HOP, BOB)))
        .contains("chains.out.#1.password: " + file + ": it is empty");
    assertThat(problems(TARGET, with(HOP, "user = bob, password = \"" + "s3".repeat(128) + "\"")))
        .contains("chains.out.#1.password: more than 255 bytes are not possible");
  }

  @Test
  void shouldWarnOfWhatAChainWillNotDo() throws Exception {
    assertThat(problems("target = \"a.example:80\"", HOP))
        .singleElement()
        .asString()
        .contains("timeouts.idle is without limit");
    assertThat(problems("target = \"group:app\", timeouts.idle = 5m", HOP))
        .singleElement()
        .asString()
        .isEqualTo(
            "sessions to the group 'app' go several ways; its checks go through the chain 'out'");
  }
}
