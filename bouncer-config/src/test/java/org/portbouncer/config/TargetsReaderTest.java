package org.portbouncer.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.portbouncer.core.config.ConfigCodec;
import org.portbouncer.core.config.Configuration;
import org.portbouncer.core.config.Endpoint;
import org.portbouncer.core.config.Listener;
import org.portbouncer.core.config.TargetGroup;
import org.portbouncer.core.config.TargetGroup.Balance;
import org.portbouncer.core.config.TargetGroup.Check;

class TargetsReaderTest {

  private static final String LISTENER =
      """
      listeners.web { listen = "127.0.0.1:8080", target = "group:app", acl = all }
      acls.all = [ { action = pass } ]
      """;

  @TempDir Path folder;

  private LoadResult load(String body) throws IOException {
    Path file = folder.resolve("b.conf");
    Files.writeString(file, "bouncer {\n" + body + "\n}\n");
    return ConfigLoader.load(file);
  }

  private List<String> problems(String body) throws IOException {
    return load(body).problems().stream().map(Problem::message).toList();
  }

  @Test
  void shouldReadAGroupWithEverythingInItAndHandItToWorkers() throws Exception {
    LoadResult loaded =
        load(
            LISTENER
                + """
                targets.app {
                  members = [
                    { name = a, address = "app1.example.net:8443", weight = 2 }
                    { address = "192.0.2.11:8443", max-sessions = 500 }
                    { name = spare, address = "[2001:db8::9]:8443", backup = true }
                  ]
                  balance = source
                  check { type = expect, every = 3s, send = "PING\\\\r\\\\n\\\\x00", expect = "+PONG", port = 99 }
                  eject { failures = 0 }
                  attempts = 2, resolve = 1m, when-all-down = refuse, on-down = end, slow-start = 30s
                }
                """);
    assertThat(loaded.problems()).isEmpty();
    Configuration configuration = loaded.configuration();
    TargetGroup group = configuration.targets().getFirst();
    assertThat(configuration.listeners().getFirst().group()).isZero();
    assertThat(group.members())
        .extracting(TargetGroup.Member::name)
        .containsExactly("a", "#2", "spare");
    assertThat(group.members().get(1).maxSessions()).isEqualTo(500);
    assertThat(group.members().get(2).backup()).isTrue();
    assertThat(group.balance()).isEqualTo(Balance.SOURCE);
    assertThat(group.check())
        .isEqualTo(new Check(Check.Type.EXPECT, 3000, 1000, 2, 3, "PING\r\n\u0000", "+PONG", 99));
    assertThat(group.eject()).isEqualTo(new TargetGroup.Eject(0, 10_000, 10_000));
    assertThat(group.resolveMs()).isEqualTo(60_000);
    assertThat(group.whenAllDown()).isEqualTo(TargetGroup.WhenAllDown.REFUSE);
    assertThat(ConfigCodec.decode(ByteBuffer.wrap(ConfigCodec.encode(configuration))).targets())
        .isEqualTo(configuration.targets());
    loaded.close();
  }

  @Test
  void shouldMakeAGroupOfAListenersOwnList() throws IOException {
    LoadResult loaded =
        load(
            "listeners.web { listen = \"127.0.0.1:8080\", target = [\"a.example:1\", \"[::1]:2\"],"
                + " acl = all }\nacls.all = [ { action = pass } ]");
    assertThat(loaded.problems()).isEmpty();
    Listener listener = loaded.configuration().listeners().getFirst();
    assertThat(listener.target().kind()).isEqualTo(Endpoint.Kind.GROUP);
    assertThat(listener.target().text()).isEqualTo("a.example:1,[::1]:2");
    TargetGroup group = loaded.configuration().targets().get(listener.group());
    assertThat(group.name()).isEqualTo("listeners.web");
    assertThat(group.balance()).isEqualTo(Balance.ORDER);
    assertThat(group.attempts()).isEqualTo(3);
    loaded.close();
  }

  @Test
  void shouldSayWhatIsWrongWithAGroup() throws IOException {
    assertThat(problems(LISTENER + "targets.ap { members = [ { address = \"a.example:1\" } ] }"))
        .anyMatch(text -> text.contains("no group 'app' under targets, did you mean 'ap'"));
    assertThat(problems(LISTENER + "targets.app { members = [] }"))
        .anyMatch(text -> text.contains("targets.app has no member"));
    assertThat(
            problems(
                LISTENER
                    + "targets.app { members = [ { name = a, address = \"a.example:1\" },"
                    + " { name = a, address = \"b.example:1\" } ] }"))
        .anyMatch(text -> text.contains("targets.app has a second member 'a'"));
    assertThat(problems(LISTENER + "targets.app { members = [ { address = \"unix:/run/x\" } ] }"))
        .anyMatch(text -> text.contains("cannot be one of several"));
    assertThat(
            problems(
                LISTENER
                    + "targets.app { members = [ { address = \"a.example:1\" } ], check.type ="
                    + " expect }"))
        .anyMatch(text -> text.contains("needs 'expect'"));
    String group = LISTENER + "targets.app { members = [ { address = \"a.example:1\" } ], check ";
    assertThat(problems(group + "{ every = 1s } }"))
        .anyMatch(text -> text.contains("nobody is asked"));
    assertThat(problems(group + "{ type = none, every = 1s } }"))
        .noneMatch(text -> text.contains("nobody is asked"));
    assertThat(problems(group + "{ type = connect, expect = OK } }"))
        .anyMatch(text -> text.contains("'send' and 'expect' have no effect"));
    assertThat(
            problems(
                LISTENER
                    + "targets.app { members = [ { address = \"a.example:1\" } ], check.send ="
                    + " \"\\\\q\" }"))
        .anyMatch(text -> text.contains("is none of"));
    assertThat(
            problems(
                "listeners.web { listen = \"127.0.0.1:8080\", target = \"127.0.0.1:80\" }\n"
                    + "targets.app { members = [ { address = \"a.example:1\" } ] }"))
        .anyMatch(text -> text.contains("the group 'app' is the target of no listener"));
    assertThat(
            problems(
                LISTENER
                    + "targets.app { members = [ { address = \"192.0.2.1:1\" }, { address ="
                    + " \"127.0.0.1:8080\" } ] }"))
        .anyMatch(text -> text.contains("is the listener itself"));
  }

  @Test
  void shouldSayWhereNoConnectionCanBeOpenedAhead() throws IOException {
    String group = "targets.app { spare-connections = 2, members = [ { address = \"%s\"%s } ] }";
    assertThat(problems(LISTENER + group.formatted("h:1", ""))).isEmpty();
    assertThat(problems(LISTENER + group.formatted("h:+1", "")))
        .anyMatch(
            text ->
                text.contains(
                    "targets.app.spare-connections: member #1 has the port that the client came"
                        + " to: none can be opened ahead"));
    assertThat(problems(LISTENER + group.formatted("h:1", ", source = client")))
        .anyMatch(text -> text.contains("is connected from the client's own address"));
    assertThat(
            problems(
                LISTENER.replace("acl = all", "mark = 7, acl = all") + group.formatted("h:1", "")))
        .anyMatch(text -> text.contains("uses no connection that the group 'app' opens ahead"));
    assertThat(problems(LISTENER + group.formatted("h:1", "").replace("= 2", "= 1001")))
        .anyMatch(text -> text.contains("1001"));
  }

  @Test
  void shouldShowAGroupSoThatItCanBeReadBack() throws IOException {
    Path file = folder.resolve("b.conf");
    Files.writeString(
        file,
        "bouncer {\n"
            + LISTENER
            + "targets.app { members = [ { name = a, address = \"a.example:1\" },"
            + " { address = \"b.example:2\", backup = true } ], check.type = connect }\n}\n");
    StringBuilder shown = new StringBuilder("bouncer {\n");
    for (EffectiveConfig.Entry entry : EffectiveConfig.of(file)) {
      if (entry.list().isEmpty() && !entry.value().equals("null")) {
        shown.append(entry.key()).append(" = ").append(entry.value()).append('\n');
      }
    }
    shown.append("acls.all = [ { action = pass } ]\n}\n");
    assertThat(shown.toString())
        .contains(
            "targets.app.members = [{ name = \"a\", address = \"a.example:1\", weight = 1, backup ="
                + " false }, { name = \"#2\", address = \"b.example:2\", weight = 1, backup ="
                + " true }]");
    Path again = Files.writeString(folder.resolve("again.conf"), shown);
    try (LoadResult first = ConfigLoader.load(file);
        LoadResult second = ConfigLoader.load(again)) {
      assertThat(second.problems()).noneMatch(Problem::isError);
      assertThat(second.configuration().targets().getFirst().members())
          .isEqualTo(first.configuration().targets().getFirst().members());
    }
  }
}
