package org.portbouncer.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.portbouncer.core.config.ConfigCodec;
import org.portbouncer.core.config.Configuration;
import org.portbouncer.core.config.SocketSettings;
import org.portbouncer.core.config.TargetGroup;

class SocketSettingsReaderTest {

  @TempDir Path folder;

  private LoadResult load(String settings, String target, String more) throws IOException {
    Path file = folder.resolve("b.conf");
    Files.writeString(
        file,
        "bouncer {\nlisteners.web { listen = \"127.0.0.1:1\", acl = all, target = \"%s\", %s }\n%s\nacls.all = [ { action = pass } ]\n}\n"
            .formatted(target, settings, more));
    return ConfigLoader.load(file);
  }

  private List<String> problems(String settings, String target, String more) throws IOException {
    LoadResult loaded = load(settings, target, more);
    try {
      return loaded.problems().stream().map(Problem::message).toList();
    } finally {
      if (loaded.isOk()) {
        loaded.close();
      }
    }
  }

  @Test
  void shouldTakeTheMembersBeforeTheGroupsBeforeTheListenersAndHandThemToWorkers()
      throws Exception {
    LoadResult loaded =
        load(
            "source = client, mark = 0xffffffff, dscp = af31",
            "group:g",
            """
            targets.g {
              members = [ { address = "h:1", mark = 0 }, { address = "h:2", mptcp = true } ]
              interface = eth0, user-timeout = 5s, mptcp = false, mark = 7
            }
            """);
    assertThat(loaded.problems()).isEmpty();
    Configuration configuration = loaded.configuration();
    SocketSettings listener = configuration.listeners().getFirst().sockets();
    List<TargetGroup.Member> members = configuration.targets().getFirst().members();
    assertThat(members.get(0).sockets().over(listener))
        .isEqualTo(new SocketSettings("client", "eth0", 0, 26, 5000, 0, -1));
    assertThat(members.get(1).sockets().over(listener))
        .isEqualTo(new SocketSettings("client", "eth0", 7, 26, 5000, 1, -1));
    assertThat(listener.mark()).isEqualTo(0xffff_ffffL);
    Configuration there = ConfigCodec.decode(ByteBuffer.wrap(ConfigCodec.encode(configuration)));
    assertThat(there.listeners()).isEqualTo(configuration.listeners());
    assertThat(there.targets()).isEqualTo(configuration.targets());
    loaded.close();
  }

  @Test
  void shouldBeNothingWhereNothingIsSaid() throws IOException {
    LoadResult loaded =
        load("timeouts { idle = 1s }", "group:g", "targets.g.members = [ { address = \"h:1\" } ]");
    assertThat(loaded.configuration().listeners().getFirst().sockets())
        .isSameAs(SocketSettings.NONE);
    assertThat(loaded.configuration().targets().getFirst().members().getFirst().sockets())
        .isSameAs(SocketSettings.NONE);
    loaded.close();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "source = \"10.0.0.1:80\" | listeners.web.source: '10.0.0.1:80' is neither an address of"
            + " this machine, without a port, nor client",
        "source = \"fe80::1\" | listeners.web.source: 'fe80::1' is link-local; such a source is not"
            + " possible",
        "interface = \"eth 0\" | listeners.web.interface: 'eth 0' is not the name of an interface",
        "mark = 4294967296 | listeners.web.mark: '4294967296' is too much; 0 to 4294967295",
        "mark = x | listeners.web.mark: 'x' is not a number such as 7 or 0x2a",
        "dscp = 64 | listeners.web.dscp: '64' is not possible; 0 to 63, or a name: cs0 to cs7, af11"
            + " to af43, ef, va, le",
        "source = \"::1\" | listeners.web: source ::1 and target 127.0.0.1:2 are of different"
            + " families"
      })
  void shouldSayWhatIsNotPossible(String settings, String words) throws IOException {
    assertThat(problems(settings, "127.0.0.1:2", "")).containsExactly(words);
  }

  @ParameterizedTest
  @CsvSource({"ef,46", "CS0,0", "cs7,56", "af11,10", "af43,38", "le,1", "63,63"})
  void shouldKnowTheNamesOfClasses(String text, int value) throws IOException {
    LoadResult loaded = load("dscp = " + text, "127.0.0.1:2", "");
    assertThat(loaded.configuration().listeners().getFirst().sockets().dscp()).isEqualTo(value);
    loaded.close();
  }

  @Test
  void shouldWarnWhereSettingsHaveNoEffect() throws IOException {
    assertThat(problems("mark = 1", "internal:echo", ""))
        .containsExactly(
            "listeners.web: source, interface and mark have no effect: no address is connected"
                + " to for internal:echo");
  }

  @Test
  void shouldBeNoneWhenNothingIsSetAlone() {
    int no = SocketSettings.UNSET;
    assertThat(SocketSettings.NONE.isNone()).isTrue();
    assertThat(
            List.of(
                new SocketSettings("client", "", no, no, no, no, no),
                new SocketSettings("", "eth0", no, no, no, no, no),
                new SocketSettings("", "", 0, no, no, no, no),
                new SocketSettings("", "", no, 0, no, no, no),
                new SocketSettings("", "", no, no, 0, no, no),
                new SocketSettings("", "", no, no, no, 0, no),
                new SocketSettings("", "", no, no, no, no, 0)))
        .hasSameSizeAs(SocketSettings.class.getRecordComponents())
        .noneMatch(SocketSettings::isNone);
  }
}
