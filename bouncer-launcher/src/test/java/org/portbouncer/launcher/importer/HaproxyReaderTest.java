package org.portbouncer.launcher.importer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.portbouncer.core.config.ProxyProtocol;
import org.portbouncer.core.config.TargetGroup;

class HaproxyReaderTest {

  @TempDir private Path folder;

  private Trial trial(String text) throws Exception {
    return Trial.of(SourceFormat.HAPROXY, folder, text);
  }

  @Test
  void shouldCarryOverFrontendsAndBackendsWhenFileIsLikeThatOfThePackage() throws Exception {
    Trial trial =
        trial(
            """
            global
                log /dev/log    local0
                chroot /var/lib/haproxy
                user haproxy
                daemon
            defaults
                log     global
                mode    tcp
                option  tcplog
                option  dontlognull
                option  redispatch
                timeout connect 5000
                timeout client  50000
                timeout server  1m
            frontend mail
                bind *:143 # clients
                bind [::1]:143 tcp-ut 30s
                default_backend "imap servers"
            backend "imap servers"
                balance leastconn
                option tcp-check
                tcp-check send A1\\ NOOP\\r\\n
                tcp-check expect string OK\\ NOOP
                default-server inter 3s fall 2
                server one 192.0.2.1:143 check weight 10
                server two imap2.example.net:143 check
                server spare 192.0.2.3:143 check backup on-marked-down shutdown-sessions
            """);

    assertThat(trial.imported().isWhole()).as("%s", trial.remarks()).isTrue();
    assertThat(trial.listen("mail")).containsExactly("0.0.0.0:143", "[::1]:143");
    assertThat(trial.listener("mail").timeouts().connectMs()).isEqualTo(5000);
    assertThat(trial.listener("mail").timeouts().idleMs()).isEqualTo(50_000);
    TargetGroup group = trial.group("mail");
    assertThat(group.members())
        .extracting(TargetGroup.Member::name)
        .containsExactly("one", "two", "spare");
    assertThat(group.members()).extracting(TargetGroup.Member::weight).containsExactly(10, 1, 1);
    assertThat(group.members())
        .extracting(TargetGroup.Member::backup)
        .containsExactly(false, false, true);
    assertThat(group.balance()).isEqualTo(TargetGroup.Balance.LEAST_SESSIONS);
    assertThat(group.attempts()).isEqualTo(4);
    assertThat(trial.imported().text())
        .contains("check.type = expect", "check.every = 3s", "check.fall = 2")
        .contains("log.access.to = syslog", "source.conf:16: bind *:143");
  }

  @Test
  void shouldBlockWhomRulesRejectWhenTheyAskForAddresses() throws Exception {
    Files.writeString(folder.resolve("bad.lst"), "10.3.0.0/16\n# more\n10.4.0.1\n");
    Trial trial =
        trial(
            """
            frontend one
              bind :1001
              acl good src 10.1.0.0/16
              acl good src 10.2.0.1
              acl bad src -f bad.lst
              tcp-request connection accept if good !bad
              tcp-request connection reject if bad || { src 11.0.0.0/8 }
              tcp-request content reject unless { src 0.0.0.0/1 }
              default_backend b
            frontend two
              bind :::1002
              tcp-request connection accept if { src 10.0.0.0/8 }
              tcp-request connection reject
              default_backend b
            backend b
              tcp-request content reject if { src 12.0.0.0/8 }
              server s 192.0.2.1:80
            """);

    assertThat(trial.passes("one", "10.1.0.1")).isTrue();
    assertThat(trial.passes("one", "10.3.0.1")).isFalse();
    assertThat(trial.passes("one", "10.4.0.1")).isFalse();
    assertThat(trial.passes("one", "11.0.0.1")).isFalse();
    assertThat(trial.passes("one", "12.0.0.1")).isFalse();
    assertThat(trial.passes("one", "13.0.0.1")).isTrue();
    assertThat(trial.passes("one", "192.0.2.1")).isFalse();
    assertThat(trial.passes("two", "10.0.0.1")).isTrue();
    assertThat(trial.passes("two", "11.0.0.1")).isFalse();
    assertThat(trial.passes("two", "2001:db8::1")).isFalse();
    assertThat(trial.imported().text()).contains("from = \"10.0.0.0/8\"");
  }

  @Test
  void shouldBlockAllWhoMayBeMeantWhenConditionsAskForMoreThanAddresses() throws Exception {
    Trial trial =
        trial(
            """
            listen one
              bind :1001
              acl early ssl_fc
              tcp-request connection reject if early { src 10.0.0.0/8 }
              tcp-request connection accept if { src_port 1:1023 } { src 11.0.0.1 }
              tcp-request connection reject if { src 11.0.0.0/8 }
              use_backend other if { src 12.0.0.0/8 }
              server s 192.0.2.1:80
            backend other
              server s 192.0.2.2:80
            """);

    assertThat(trial.passes("one", "10.0.0.1")).isFalse();
    assertThat(trial.passes("one", "11.0.0.1")).isFalse();
    assertThat(trial.passes("one", "12.0.0.1")).isFalse();
    assertThat(trial.passes("one", "13.0.0.1")).isTrue();
    assertThat(trial.remarks())
        .anyMatch(text -> text.startsWith("4: asks for more"))
        .anyMatch(text -> text.startsWith("5: asks for more"))
        .anyMatch(text -> text.startsWith("7: a listener here has one target"));
  }

  @Test
  void shouldMakeLimitsOfCountersWhenRulesRejectByThem() throws Exception {
    Trial trial =
        trial(
            """
            listen one
              bind :1001
              maxconn 100
              stick-table type ipv6 size 1m expire 1m store conn_cur,conn_rate(10s)
              acl too_fast sc0_conn_rate gt 20
              tcp-request connection track-sc0 src
              tcp-request connection reject if { src_conn_cur ge 5 }
              tcp-request connection reject if too_fast
              server s 192.0.2.1:80
            """);

    assertThat(trial.rule("one", "10.0.0.1").maxSessions()).isEqualTo(100);
    assertThat(trial.rule("one", "10.0.0.1").maxSessionsPerSource()).isEqualTo(4);
    assertThat(trial.rule("one", "10.0.0.1").ratePerSource().count()).isEqualTo(20);
    assertThat(trial.rule("one", "10.0.0.1").ratePerSource().periodMs()).isEqualTo(10_000);
  }

  @Test
  void shouldSayWhatIsLeftWhenSectionsDoMoreThanForward() throws Exception {
    Trial trial =
        trial(
            """
            defaults
              mode http
            frontend web
              bind :80
              default_backend b
            listen tls
              mode tcp
              bind :1001 ssl crt /etc/x.pem
              server s 192.0.2.1:80
            listen proxied
              mode tcp
              bind :1002
              server s 192.0.2.1:80 send-proxy-v2-ssl
            listen given
              mode tcp
              bind :1003 interface eth0
              bind :1004
              server s 192.0.2.1 maxconn 10
              server off 192.0.2.2:80 disabled
              server never 192.0.2.3:80 backup check
            listen checked
              mode tcp
              bind :1005
              option httpchk
              server s 192.0.2.1:80 check port 81
            backend b
              server s 192.0.2.1:80
            """);

    assertThat(trial.configuration().listeners()).hasSize(2);
    assertThat(trial.listen("given")).containsExactly("0.0.0.0:1004");
    assertThat(trial.group("given").members())
        .extracting(member -> member.address().text())
        .containsExactly("192.0.2.1:1004");
    assertThat(trial.group("checked").check().type()).hasToString("CONNECT");
    assertThat(trial.remarks())
        .anyMatch(text -> text.startsWith("3: left out: only mode tcp"))
        .anyMatch(text -> text.startsWith("8: this address is left out: TLS"))
        .anyMatch(text -> text.startsWith("13: left out: the server expects a PROXY"))
        .anyMatch(text -> text.startsWith("16: this address is left out: it is for"))
        .anyMatch(text -> text.startsWith("19: note: takes no sessions there"))
        .anyMatch(text -> text.startsWith("20: note: HAProxy never uses this backup"))
        .anyMatch(text -> text.startsWith("24: only whether"));
  }

  @Test
  void shouldCarryProxyHeadersOverAndLetNoMoreInByThem() throws Exception {
    Trial trial =
        trial(
            """
            listen all
              mode tcp
              bind :1001 accept-proxy
              bind :1002
              tcp-request connection reject if { src 10.1.0.0/16 }
              tcp-request content reject if { src 10.2.0.0/16 }
              server s 192.0.2.1:80 send-proxy
            listen some
              mode tcp
              bind :1003
              tcp-request connection reject if { src_conn_cur gt 5 }
              tcp-request connection expect-proxy layer4 if { src 10.0.0.0/8 }
              server a 192.0.2.1:80 send-proxy-v2 check
              server b 192.0.2.2:80 check
            listen unclear
              mode tcp
              bind :1004
              tcp-request connection expect-proxy layer4 if { src_port 7 }
              server s 192.0.2.1:80
            """);

    assertThat(trial.configuration().listeners()).hasSize(2);
    assertThat(trial.listen("all")).containsExactly("0.0.0.0:1001");
    assertThat(trial.listener("all").proxy().from()).containsExactly("0.0.0.0/0", "::/0");
    assertThat(trial.listener("all").proxy().send()).isEqualTo(ProxyProtocol.Send.V1);
    // Rules of connections are about who connects, the others about who the header says.
    assertThat(trial.passes("all", "10.1.0.1", "192.0.2.7")).isFalse();
    assertThat(trial.passes("all", "192.0.2.7", "10.1.0.1")).isTrue();
    assertThat(trial.passes("all", "192.0.2.7", "10.2.0.1")).isFalse();
    assertThat(trial.passes("all", "10.2.0.1", "192.0.2.7")).isTrue();
    assertThat(trial.imported().text())
        .contains("accept-proxy.from = \"10.0.0.0/8\"")
        .contains("address = \"192.0.2.1:80\", send-proxy = v2")
        .contains("max-sessions = 5");
    assertThat(trial.remarks())
        .anyMatch(text -> text.startsWith("4: this address is left out: either all"))
        .anyMatch(text -> text.startsWith("3: note: whoever connects says who the client is"))
        .anyMatch(text -> text.startsWith("11: counts by who connects there"))
        .anyMatch(text -> text.startsWith("18: left out: clients begin with a PROXY header"));
  }

  @Test
  void shouldSayWhatElseListensWhenSectionsAreForNoConnections() throws Exception {
    Trial trial =
        trial(
            """
            log-forward syslog
              dgram-bind 127.0.0.1:514
              log 192.0.2.1:514 local0
            peers others
              peer a 192.0.2.2:1024
            program watch
              command /usr/bin/watch
            listen t
              bind 127.0.0.1:8081
              server a 192.0.2.1:80
            """);

    assertThat(trial.configuration().listeners()).hasSize(1);
    assertThat(trial.remarks())
        .anyMatch(text -> text.startsWith("1: left out: messages of syslog are not taken"))
        .anyMatch(text -> text.startsWith("4: left out: limits of several machines"))
        .anyMatch(text -> text.startsWith("6: left out: bouncer starts no programs"));
  }

  @Test
  void shouldHoldWordsTogetherWhenTheyAreQuoted() throws Exception {
    Origin origin = new Origin("f", 1, "");
    assertThat(HaproxySyntax.words(origin, "  a \"b # c\" 'd\\n' e\\ f\\#g # h"))
        .containsExactly("a", "b # c", "d\\n", "e f#g");
    assertThat(HaproxySyntax.words(origin, "send \"PING\\r\\n\""))
        .containsExactly("send", "PING\r\n");
    assertThatThrownBy(() -> HaproxySyntax.words(origin, "a 'b"))
        .hasMessageContaining("closing ' is missing");
  }

  @Test
  void shouldNameTheLineWhenFileIsNone() {
    assertThatThrownBy(() -> trial("bind :80\n"))
        .hasMessageContaining("source.conf:1: stands in no");
    assertThatThrownBy(() -> trial(".if defined(X)\n"))
        .hasMessageContaining("source.conf:1: is decided");
    assertThatThrownBy(() -> trial("frontend a\n bind :1\n default_backend none\n"))
        .hasMessageContaining("there is no backend 'none'");
  }
}
