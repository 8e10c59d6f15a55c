package org.portbouncer.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.portbouncer.core.config.Acl;

/** What is said of a configuration that can be used, and is hardly meant. */
class ConfigWarningsTest extends ConfigLoaderCase {

  @Test
  void shouldWarnWhenUsableButDoubtful() throws IOException {
    String text =
        """
        helper = 1
        bouncer {
        listeners { a { listen = "127.0.0.1:0", target = "h:1" } }
        acls { x = [ { name = wide, action = pass, from = "10.0.0.0/8" }
        { name = narrow, action = block, from = "10.1.0.0/16" }
        { name = ports, action = block, from = "10.1.0.0/16", from-port = 5 }
        { name = rest, action = block } ] }
        include "gone.conf"
        state-transfer { mode = shm, padding = 1 KiB }
        }\
        """;
    assertThat(load(text).isOk()).isTrue();
    assertThat(problems(text))
        .containsExactly(
            "b.conf:1: warning: the key 'helper' is ignored; only 'bouncer' is read",
            "b.conf:3: warning: listeners.a has no acl: everyone may connect",
            "b.conf:4: warning: the acl 'x' is used by no listener",
            "b.conf:5: warning: rule 'narrow' can never match: rule 'wide' at b.conf:4 matches the"
                + " same clients first",
            "b.conf:6: warning: rule 'ports' can never match: rule 'wide' at b.conf:4 matches the"
                + " same clients first",
            "b.conf:8: warning: the included file 'gone.conf' does not exist");
  }

  @Test
  void shouldWarnWhenEarlierRulesTogetherHideOne() throws IOException {
    assertThat(
            problems(
                START
                    + """
                    acls.x = [
                      { name = low, action = pass, from = "10.0.0.0/9" }
                      { name = high, action = block, from = "10.128.0.0/9" }
                      { name = seen, action = pass, from = ["10.0.0.0/8", "11.0.0.0/32"] }
                      { name = hidden, action = pass, from = "10.0.0.0/8", from-port = 80 }
                    ]
                    }\
                    """))
        .containsExactly(
            "b.conf:5: warning: the acl 'x' is used by no listener",
            "b.conf:8: warning: rule 'hidden' can never match: rule 'seen' at b.conf:7 matches the"
                + " same clients first");
    assertThat(
            problems(
                START
                    + """
                    acls.x = [
                      { name = low, action = pass, from = "10.0.0.0/9" }
                      { name = high, action = block, from = "10.128.0.0/9" }
                      { name = hidden, action = pass, from = "10.0.0.0/8" }
                      { name = rest, action = block }
                    ]
                    }\
                    """))
        .containsExactly(
            "b.conf:5: warning: the acl 'x' is used by no listener",
            "b.conf:7: warning: rule 'hidden' can never match: the rules before it together match"
                + " the same clients first");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "acls.unused = [ { action = block } ] | warning: the acl 'unused' is used by no listener",
        "bandwidth { x { up = 1 MiB/s } } | warning: the bandwidth class 'x' is used by no listener"
            + " and no rule",
        "acls.all = [ { name = six, action = pass, from = \"2001:db8::/32\" }, { action = pass } ]"
            + " | warning: rule 'six' can never match: it is for IPv6 addresses, and clients of"
            + " listener 'web' have IPv4 addresses",
        "acls.six = [ { name = four, action = pass, from = \"10.0.0.0/8\" } ], listeners.b { listen"
            + " = \"[::1]:1\", target = \"h:1\", acl = six } | warning: rule 'four' can never"
            + " match: it is for IPv4 addresses, and clients of listener 'b' have IPv6 addresses",
        "listeners.web { mode = \"0660\" } | warning: 'mode' has no effect: it is for socket files,"
            + " and no address is unix:",
        "acls.all = [ { name = second, action = pass } ] | warning: the acl 'all' is written a"
            + " second time, the first is at b.conf:3: this one counts, and the first does not",
        "listeners { web { acl = all } } | warning: the listener 'web' is written a second time,"
            + " the first is at b.conf:2: they are one, and where both have a key this one counts",
        "listeners.web.acl = two, acls.two = [ { name = a, action = block, from = \"10.0.0.0/8\" }"
            + " { name = b, action = pass } ] | warning: two blocks stand side by side in a list,"
            + " and are one with the keys of both: put a comma or a line break between them",
      })
  void shouldWarnOfWhatHasNoEffect(String line, String words) throws IOException {
    LoadResult loaded = load(START + line + "\n}");
    assertThat(loaded.isOk()).isTrue();
    assertThat(loaded.problems())
        .extracting(problem -> problem.toString().replace(folder + "/", ""))
        .contains("b.conf:4: " + words);
  }

  @Test
  void shouldTakeBlocksOfAListThatStandOnLinesOfTheirOwnAsSeveral() throws IOException {
    String acls =
        """
        acls.two = [
          { name = a, action = block, from = "10.0.0.0/8" } # no comma
          { name = b, action = pass }
          ${?NOTHING_OF_THIS_NAME} { name = c, action = block }
        ]
        listeners.web.acl = two
        """;
    LoadResult loaded = load(START + acls + "}");
    assertThat(loaded.problems())
        .extracting(Problem::message)
        .noneMatch(message -> message.contains("side by side"));
    assertThat(loaded.configuration().acls()).extracting(Acl::rules).anyMatch(r -> r.size() == 3);
  }

  @ParameterizedTest
  @CsvSource({"127.0.0.1, 127.0.0.1:1", "127.0.0.1, localhost:1", "*, 127.0.0.9:1"})
  void shouldWarnOfAListenerThatIsItsOwnTarget(String host, String target) throws IOException {
    String listener =
        "listeners.b { listen = \"%s:1\", acl = all, target = \"%s\" }\n}".formatted(host, target);
    assertThat(problems(START + listener))
        .containsExactly(
            "b.conf:4: warning: listeners.b.target: "
                + target
                + " is the listener itself; every session would go round for ever");
  }

  @Test
  void shouldFindListenersThatLeadToEachOther() throws IOException {
    assertThat(
            problems(
                START
                    + """
                    listeners {
                      b { listen = "127.0.0.1:1", acl = all, target = "127.0.0.1:2" }
                      c { listen = "[::]:2", acl = all, target = "unix:x" }
                      d { listen = "unix:x", acl = all, target = "127.0.0.1:1" }
                      e { listen = "127.0.0.1:2", acl = all, target = "unix:x" }
                      f { listen = "127.0.0.1:3", acl = all, target = "127.0.0.1:8080" }
                    } }
                    """))
        .containsExactly(
            "b.conf:5: warning: listeners.b.target: 127.0.0.1:2 leads back to it: b -> e -> d -> b;"
                + " every session would go round for ever",
            "b.conf:6: warning: listeners.c: [::]:2 takes IPv6 clients only; for IPv4 127.0.0.1:2"
                + " of listener 'e' has the port, and nobody has it on other IPv4 addresses",
            "b.conf:7: warning: listeners.d.target: 127.0.0.1:1 leads back to it: d -> b -> e -> d;"
                + " every session would go round for ever",
            "b.conf:8: warning: listeners.e.target: unix:x leads back to it: e -> d -> b -> e;"
                + " every session would go round for ever");
  }
}
