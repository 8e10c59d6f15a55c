package org.portbouncer.launcher.importer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.portbouncer.core.config.BandwidthClass;
import org.portbouncer.core.config.Listener;
import org.portbouncer.core.config.Rule;

class BarefootReaderTest {

  @TempDir private Path folder;

  private Trial trial(String text) throws Exception {
    return Trial.of(SourceFormat.BAREFOOT, folder, text);
  }

  @Test
  void shouldCarryOverRulesWhenFileIsLikeThatOfTheManual() throws Exception {
    Trial trial =
        trial(
            """
            logoutput: syslog/daemon
            internal: 198.51.100.1 port = 80
            internal: 198.51.100.1 port = 443
            external: eth0
            timeout.connect: 12

            client block {
                from: 10.0.0.0/8 to: 198.51.100.1/32 port = http
                log: connect error
            }
            client pass {
                from: 0/0 port ge 1024 to: 198.51.100.1/32 port = http
                protocol: tcp
                bounce to: 192.0.2.10 port = 8080
                log: connect disconnect error
                session.max: 100 session.throttle: 50/1
                session.state.key: from session.state.max: 5
                session.state.throttle: 3/10
            }
            client pass {
                from: 0.0.0.0/0 to: 198.51.100.1/32 port=443
                bounce to: app.example.net port = https
            }
            """);

    assertThat(trial.imported().isWhole()).as("%s", trial.remarks()).isTrue();
    assertThat(trial.listen("port-80")).containsExactly("198.51.100.1:80");
    assertThat(trial.target("port-80")).isEqualTo("192.0.2.10:8080");
    assertThat(trial.target("port-443")).isEqualTo("app.example.net:443");
    assertThat(trial.passes("port-80", "10.0.0.1")).isFalse();
    Rule rule = trial.rule("port-80", "203.0.113.1");
    assertThat(rule.maxSessions()).isEqualTo(100);
    assertThat(rule.maxSessionsPerSource()).isEqualTo(5);
    assertThat(rule.rate().count()).isEqualTo(50);
    assertThat(rule.ratePerSource().periodMs()).isEqualTo(10_000);
    assertThat(rule.fromPorts()).hasToString("[PortRange[first=1024, last=65535]]");
    assertThat(rule.logConnect()).isTrue();
    assertThat(trial.passes("port-443", "10.0.0.1")).isTrue();
    assertThat(trial.passes("port-443", "2001:db8::1")).isFalse();
    assertThat(trial.listener("port-443").timeouts().connectMs()).isEqualTo(12_000);
    assertThat(trial.listener("port-443").timeouts().negotiateMs()).isEqualTo(30_000);
  }

  @Test
  void shouldListenWhereRulesSayWhenNothingElseDoes() throws Exception {
    Trial trial =
        trial(
            """
            external: 198.51.100.9
            client pass {
              from: 10.0.0.0/8 to: 0.0.0.0/32 port = 8080
              bounce to: 2001:db8::7 port = 80
              bandwidth: 100000
            }
            """);

    assertThat(trial.listen("port-8080")).containsExactly("0.0.0.0:8080");
    assertThat(trial.target("port-8080")).isEqualTo("[2001:db8::7]:80");
    BandwidthClass rate = trial.configuration().bandwidth().getFirst();
    assertThat(rate.up()).isEqualTo(100_000);
    assertThat(rate.sharedBy()).isEqualTo(BandwidthClass.SharedBy.RULE);
    assertThat(trial.remarks())
        .anyMatch(text -> text.startsWith("1: targets see the address"))
        .anyMatch(text -> text.startsWith("5: is for both ways"));
  }

  @Test
  void shouldBlockClientsWhenTheyWouldGoElsewhereOrMustBeAskedMore() throws Exception {
    Trial trial =
        trial(
            """
            internal: 127.0.0.1 port = 8080
            client pass { from: 10.1.0.0/16 to: 0/0 bounce to: 192.0.2.1 port = 80 }
            client pass { from: 10.2.0.0/16 to: 0/0 bounce to: 192.0.2.2 port = 80 }
            client pass { from: 10.3.0.0/16 to: 0/0 bounce to: 192.0.2.1 port = 80
                          clientmethod: rfc931 }
            client pass { from: .example.com to: 0/0 bounce to: 192.0.2.1 port = 80 }
            client block { from: .example.net to: 0/0 }
            client pass { from: 0/0 to: 0/0 bounce to: 192.0.2.1 port = 80 }
            route { from: 0/0 to: 0/0 via: 192.0.2.3 port = 1080 }
            """);

    assertThat(trial.passes("port-8080", "10.1.0.1")).isTrue();
    assertThat(trial.passes("port-8080", "10.2.0.1")).isFalse();
    assertThat(trial.passes("port-8080", "10.3.0.1")).isFalse();
    assertThat(trial.passes("port-8080", "11.0.0.1")).isFalse();
    assertThat(trial.remarks())
        .anyMatch(text -> text.startsWith("3: a listener here has one target"))
        .anyMatch(text -> text.startsWith("5: is not asked here"))
        .anyMatch(text -> text.startsWith("6: '.example.com' is a name"))
        .anyMatch(text -> text.startsWith("9: targets are connected to directly"));
  }

  @Test
  void shouldCarryDatagramsOverWhenRulesAreAboutThem() throws Exception {
    Trial trial =
        trial(
            """
            internal: 127.0.0.1 port = 8080
            timeout.io: 40
            client block { from: 10.9.0.0/16 to: 127.0.0.1/32 port = 53 protocol: udp }
            client pass { from: 10.0.0.0/8 to: 127.0.0.1/32 port = domain protocol: udp
                          bounce to: 192.0.2.1 port = 5353 session.max: 7 timeout.io.udp: 9 }
            client pass { from: 0/0 to: 127.0.0.1/32 port = 8080 bounce to: 192.0.2.1 port = 80 }
            client pass { from: 0/0 to: 127.0.0.2/32 port = 8081 bounce to: 192.0.2.1 port = 81
                          session.max: 9 }
            client pass { from: 0/0 to: 127.0.0.2/32 port = 8082 bounce to: 192.0.2.1 port = 82
                          protocol: tcp }
            """);

    assertThat(trial.configuration().listeners())
        .extracting(Listener::name)
        .containsExactlyInAnyOrder("port-8080", "port-8081", "port-8082", "udp-53", "udp-8080");
    assertThat(trial.listen("udp-53")).containsExactly("udp:127.0.0.1:53");
    assertThat(trial.target("udp-53")).isEqualTo("udp:192.0.2.1:5353");
    assertThat(trial.listener("udp-53").timeouts().udpMs()).isEqualTo(9_000);
    assertThat(trial.rule("udp-53", "10.0.0.1").maxSessions()).isEqualTo(7);
    assertThat(trial.passes("udp-53", "10.9.0.1")).isFalse();
    assertThat(trial.passes("udp-53", "11.0.0.1")).isFalse();
    assertThat(trial.listener("udp-8080").timeouts().udpMs()).isEqualTo(40_000);
    assertThat(trial.remarks())
        .anyMatch(text -> text.startsWith("7: datagrams are unanswered: its limits"));
  }

  @Test
  void shouldNameTheLineWhenFileIsBroken() {
    assertThatThrownBy(() -> trial("client pass {\n from: 0/0\n"))
        .isInstanceOf(UnreadableException.class)
        .hasMessageContaining("source.conf:1: its '}' is missing");
    assertThatThrownBy(() -> trial("client pass { from: 0/0 to: 0/0 }\n"))
        .hasMessageContaining("'bounce to: ADDRESS port = PORT' is expected");
    assertThatThrownBy(() -> trial("internal: 10.0.0.1 port = nosuch\n"))
        .hasMessageContaining("has no port to listen on");
    assertThatThrownBy(() -> trial("what is this\n"))
        .hasMessageContaining("source.conf:1: a setting");
  }
}
