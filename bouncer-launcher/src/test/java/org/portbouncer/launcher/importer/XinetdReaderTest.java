package org.portbouncer.launcher.importer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.portbouncer.core.config.Rule;

class XinetdReaderTest {

  @TempDir private Path folder;

  private Trial trial(String text) throws Exception {
    return Trial.of(SourceFormat.XINETD, folder, text);
  }

  /** One service that redirects port 8080, with more attributes. */
  private static String service(String attributes) {
    return """
    service web
    {
      type = UNLISTED
      socket_type = stream
      wait = no
      user = root
      flags = NOLIBWRAP
      port = 8080
      redirect = 192.0.2.1 80
    %s
    }
    """
        .formatted(attributes);
  }

  @Test
  void shouldCarryOverServicesWithARedirectWhenFolderHoldsThem() throws Exception {
    Path services = Files.createDirectory(folder.resolve("xinetd.d"));
    Files.writeString(
        services.resolve("imap"),
        """
        # mail
        service imap
        {
            disable     = no
            flags       = REUSE IPv4 NOLIBWRAP
            socket_type = stream
            wait        = no
            user        = root
            redirect    = mail.example.net imap2
            only_from   = 10.0.0.0/8 192.168.{1,2} 172.16.1.9
            no_access   = 10.9.0.0
            instances   = 20
            per_source  = 2
        }
        """);
    Files.writeString(services.resolve("old.conf"), "nonsense");
    Files.writeString(services.resolve("off"), "service pop3\n{\n disable = yes\n}\n");
    Trial trial = trial("defaults\n{\n}\nincludedir " + services + "\n");

    assertThat(trial.imported().isWhole()).as("%s", trial.imported().remarks()).isTrue();
    assertThat(trial.listen("imap")).containsExactly("0.0.0.0:143");
    assertThat(trial.target("imap")).isEqualTo("mail.example.net:143");
    Rule rule = trial.rule("imap", "10.1.2.3");
    assertThat(rule.maxSessions()).isEqualTo(20);
    assertThat(rule.maxSessionsPerSource()).isEqualTo(2);
    assertThat(rule.rate().count()).isEqualTo(50);
    assertThat(trial.passes("imap", "192.168.2.200")).isTrue();
    assertThat(trial.passes("imap", "192.168.3.1")).isFalse();
    assertThat(trial.passes("imap", "172.16.1.9")).isTrue();
    assertThat(trial.passes("imap", "172.16.1.8")).isFalse();
    assertThat(trial.passes("imap", "10.9.8.7")).isFalse();
  }

  @Test
  void shouldTakeTheFirstWhenAnAttributeIsGivenAgain() throws Exception {
    Trial trial =
        trial(
            "defaults\n{\n per_source = 3\n per_source = 30\n}\n"
                + service(
                    """
                      redirect = 192.0.2.2 81
                      port = 8081
                      instances = 2
                      instances = 20
                      cps = 7 1
                      cps = 70 1
                      bind = 127.0.0.1
                      bind = 127.0.0.2
                    """));

    assertThat(trial.listen("web")).containsExactly("127.0.0.1:8080");
    assertThat(trial.target("web")).isEqualTo("192.0.2.1:80");
    assertThat(trial.rule("web", "10.0.0.1").maxSessions()).isEqualTo(2);
    assertThat(trial.rule("web", "10.0.0.1").maxSessionsPerSource()).isEqualTo(3);
    assertThat(trial.rule("web", "10.0.0.1").rate().count()).isEqualTo(7);
    assertThat(trial.remarks()).anyMatch(text -> text.contains("xinetd passes over it: the first"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          socket_type = stream | socket_type = dgram     | it redirects connections alone
          socket_type = stream | socket_type = seqpacket | it redirects connections alone
          socket_type = stream | protocol = udp          | it redirects connections alone
          socket_type = stream | group = root            | it redirects connections alone
          wait = no            | wait = yes              | a redirect needs wait = no
          wait = no            | group = root            | a redirect needs wait = no
          user = root          | group = root            | it has no user
          user = root          | user = no-such-one      | this machine has no user
          user = root          | user = 12ab             | this machine has no user
          flags = NOLIBWRAP    | group = no-such-one     | this machine has no group
          flags = NOLIBWRAP    | flags = NAMEINARGS      | a redirect goes without the flag
          type = UNLISTED      | type = INTERNAL         | a redirect is of no service of the type
          type = UNLISTED      | type = RPC UNLISTED     | a redirect is of no service of the type
          type = UNLISTED      | group = root            | it is not in /etc/services
          """)
  void shouldLeaveAServiceOutThatXinetdDoesNotServe(String line, String other, String why)
      throws Exception {
    String text = service("").replace("service web", "service nosuch").replace(line, other);

    Trial trial = trial(text + service(""));

    assertThat(trial.configuration().listeners()).hasSize(1);
    assertThat(trial.remarks())
        .anyMatch(
            said -> said.startsWith("1: note: left out, as xinetd does not serve it: " + why));
  }

  @Test
  void shouldReplaceOrAddWhenServiceSaysMoreThanTheDefaults() throws Exception {
    String defaults = "defaults\n{\n only_from = 10.0.0.1 10.0.0.2\n no_access = 10.0.0.9\n}\n";
    Trial replaced = trial(defaults + service("only_from = 10.0.0.3"));
    assertThat(replaced.passes("web", "10.0.0.1")).isFalse();
    assertThat(replaced.passes("web", "10.0.0.3")).isTrue();
    Trial added = trial(defaults + service("only_from += 10.0.0.3 10.0.0.9"));
    assertThat(added.passes("web", "10.0.0.1")).isTrue();
    assertThat(added.passes("web", "10.0.0.3")).isTrue();
    assertThat(added.passes("web", "10.0.0.9")).isFalse();
    Trial taken = trial(defaults + service("only_from -= 10.0.0.1"));
    assertThat(taken.passes("web", "10.0.0.1")).isFalse();
    assertThat(taken.passes("web", "10.0.0.2")).isTrue();
    Trial empty = trial(defaults + service("only_from ="));
    assertThat(empty.passes("web", "10.0.0.1")).isFalse();
  }

  @Test
  void shouldMatchNobodyWhenMaskIsDotted() throws Exception {
    Trial trial = trial(service("only_from = 10.0.0.0/255.0.0.0 11.0.0.1"));

    assertThat(trial.passes("web", "10.0.0.1")).isFalse();
    assertThat(trial.passes("web", "11.0.0.1")).isTrue();
    assertThat(trial.remarks()).anyMatch(text -> text.contains("a dotted mask is taken for"));
  }

  @Test
  void shouldLetInIpv4ClientsWhenNetworkOfIpv6HoldsThem() throws Exception {
    Trial trial = trial(service("no_access = ::/0"));

    assertThat(trial.listen("web")).containsExactly("[::]:8080");
    assertThat(trial.passes("web", "10.0.0.1")).isFalse();
    assertThat(trial.passes("web", "2001:db8::1")).isFalse();
  }

  @Test
  void shouldBlockWhenNamesStandForClients() throws Exception {
    Trial trial =
        trial(service("only_from = friends.example.net 10.0.0.1\n no_access = .bad.example"));

    assertThat(trial.passes("web", "10.0.0.1")).isFalse();
    assertThat(trial.imported().isWhole()).isFalse();
  }

  @Test
  void shouldKeepTheLastMinuteWhenThereAreAccessTimes() throws Exception {
    Trial trial = trial(service("access_times = 8:00-11:59 13:00-23:59"));

    assertThat(trial.imported().text()).contains("\"08:00-12:00; 13:00-24:00\"");
  }

  @Test
  void shouldLeaveServiceOutWhenAccessTimesMakeItVanish() throws Exception {
    String other = service("").replace("web", "other").replace("8080", "8081");
    for (String times : new String[] {"22:00-6:00", "12:00-24:00"}) {
      Trial trial = trial(service("access_times = " + times) + other);
      assertThat(trial.configuration().listeners()).hasSize(1);
      assertThat(trial.remarks()).anyMatch(text -> text.contains("make the whole service vanish"));
    }
  }

  @Test
  void shouldSayWhatIsLeftWhenServicesDoMoreThanForward() throws Exception {
    Trial trial =
        trial(
            service("cps = 25 30\n banner = /etc/issue\n max_load = 3")
                + """
                service ftp
                {
                  server = /usr/sbin/ftpd
                }
                """);

    assertThat(trial.rule("web", "10.0.0.1").rate().count()).isEqualTo(25);
    assertThat(trial.remarks())
        .anyMatch(text -> text.contains("more than 25 a second are closed one by one"))
        .anyMatch(text -> text.contains("do not get the text"))
        .anyMatch(text -> text.contains("whatever the load is"))
        .anyMatch(text -> text.contains("has no redirect"));
  }

  @Test
  void shouldNameTheLineWhenFileIsBroken() {
    assertThatThrownBy(() -> trial("servce a\n")).hasMessageContaining("source.conf:1: 'service'");
    assertThatThrownBy(() -> trial("service a\n{\n port 1\n}\n"))
        .hasMessageContaining("source.conf:3: 'NAME = VALUE'");
    assertThatThrownBy(() -> trial("service a\n{\n")).hasMessageContaining("its '}' is missing");
  }
}
