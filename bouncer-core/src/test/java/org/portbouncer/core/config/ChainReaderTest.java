package org.portbouncer.core.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

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

  @Test
  void shouldSayWhatIsWrongWithAChain() throws Exception {
    assertThat(problems(TARGET, "")).containsExactly("chains.out has 0 proxies; 1 to 16 it needs");
    assertThat(problems(TARGET, HOP.replace("socks5", "socks6")))
        .anyMatch(text -> text.contains("'socks6' is not one of"));
    assertThat(problems(TARGET, HOP.replace(" }", ", user = bob }")))
        .containsExactly("user is for socks4 alone");
    assertThat(problems("target = \"internal:echo\", timeouts.idle = 5m", HOP))
        .containsExactly("no proxy leads to internal:echo; a chain needs HOST:PORT");
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
        .contains("the checks of group 'app' go to its members directly");
  }
}
