package org.portbouncer.launcher.importer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.portbouncer.core.config.BandwidthClass;
import org.portbouncer.core.config.ProxyProtocol;
import org.portbouncer.core.config.TargetGroup;

class NginxReaderTest {

  @TempDir private Path folder;

  private Trial trial(String text) throws Exception {
    return Trial.of(SourceFormat.NGINX, folder, text);
  }

  @Test
  void shouldCarryOverServersWhenFileIsLikeThoseOfTheManual() throws Exception {
    Trial trial =
        trial(
            """
            user www-data;
            worker_processes auto;
            events { worker_connections 1024; }
            stream {
                limit_conn_zone $binary_remote_addr zone=addr:10m;
                upstream backend {
                    zone backend 64k;
                    server backend1.example.com:12345 weight=5;
                }
                server {
                    listen 12345;
                    listen [::1]:12345 so_keepalive=30m::10;
                    proxy_connect_timeout 1s;
                    proxy_timeout 1h30m;
                    proxy_upload_rate 10k;
                    limit_conn addr 3;
                    proxy_pass backend;
                    allow 10.0.0.0/8; # ours
                    deny  10.9.9.9;
                    deny  all;
                }
                server {
                    listen 127.0.0.1:9000-9002;
                    proxy_pass "unix:/tmp/backend:";
                }
            }
            """);

    assertThat(trial.imported().isWhole()).as("%s", trial.remarks()).isTrue();
    assertThat(trial.listen("port-12345")).containsExactly("0.0.0.0:12345", "[::1]:12345");
    assertThat(trial.target("port-12345")).isEqualTo("backend1.example.com:12345");
    assertThat(trial.listener("port-12345").timeouts().connectMs()).isEqualTo(1000);
    assertThat(trial.listener("port-12345").timeouts().idleMs()).isEqualTo(5_400_000);
    assertThat(trial.listener("port-12345").keepAlive().count()).isEqualTo(10);
    assertThat(trial.rule("port-12345", "10.9.9.9").maxSessionsPerSource()).isEqualTo(3);
    assertThat(trial.passes("port-12345", "10.9.9.9")).isTrue();
    assertThat(trial.passes("port-12345", "11.0.0.1")).isFalse();
    BandwidthClass rate = trial.configuration().bandwidth().getFirst();
    assertThat(rate.up()).isEqualTo(10240);
    assertThat(trial.listen("port-9000")).hasSize(3);
    assertThat(trial.target("port-9000")).isEqualTo("unix:/tmp/backend");
    assertThat(trial.listener("port-9000").timeouts().idleMs()).isEqualTo(600_000);
    assertThat(trial.passes("port-9000", "11.0.0.1")).isTrue();
  }

  @Test
  void shouldReplaceRulesOfTheStreamWhenServerHasItsOwn() throws Exception {
    Trial trial =
        trial(
            """
            stream {
              deny 10.0.0.1;
              server { listen 1001; proxy_pass 192.0.2.1:1; }
              server { listen 1002; proxy_pass 192.0.2.1:1; deny 10.0.0.2; }
            }
            """);

    assertThat(trial.passes("port-1001", "10.0.0.1")).isFalse();
    assertThat(trial.passes("port-1001", "10.0.0.2")).isTrue();
    assertThat(trial.passes("port-1002", "10.0.0.1")).isTrue();
    assertThat(trial.passes("port-1002", "10.0.0.2")).isFalse();
    assertThat(trial.remarks()).anyMatch(text -> text.startsWith("2: note: does not hold"));
  }

  @Test
  void shouldKeepIpv4OutWhenOnlyIpv6IsListenedOn() throws Exception {
    Trial trial =
        trial(
            """
            stream {
              server { listen [::]:1001; proxy_pass 192.0.2.1:1; }
              server { listen [::]:1002 ipv6only=off; proxy_pass 192.0.2.1:1; deny ::/0; }
              server { listen 1003; listen [::]:1003; proxy_pass 192.0.2.1:1; }
              server { listen [::]:1004 ipv6only=off; proxy_pass 192.0.2.1:1; deny ::/0;
                       deny 10.0.0.1; }
            }
            """);

    assertThat(trial.passes("port-1001", "10.0.0.1")).isFalse();
    assertThat(trial.passes("port-1001", "2001:db8::1")).isTrue();
    assertThat(trial.passes("port-1002", "10.0.0.1")).isFalse();
    assertThat(trial.passes("port-1003", "10.0.0.1")).isTrue();
    assertThat(trial.passes("port-1004", "10.0.0.1")).isFalse();
    assertThat(trial.passes("port-1004", "10.0.0.2")).isTrue();
    assertThat(trial.passes("port-1004", "2001:db8::1")).isFalse();
  }

  @Test
  void shouldCarryProxyHeadersOverAndLetNoMoreInByThem() throws Exception {
    Trial trial =
        trial(
            """
            stream {
              limit_conn_zone $binary_remote_addr zone=z:1m;
              server { listen 1001 proxy_protocol; listen 1002; proxy_protocol on;
                       limit_conn z 3;
                       allow 10.1.0.0/16; deny all; proxy_pass 192.0.2.1:1; }
              server { listen 1003 proxy_protocol; proxy_pass 192.0.2.1:1;
                       set_real_ip_from 10.0.0.0/8;
                       allow 172.16.0.0/12; deny all; }
              server { listen 1004; proxy_pass 192.0.2.1:1; set_real_ip_from 10.0.0.0/8; }
            }
            """);

    assertThat(trial.listen("port-1001")).containsExactly("0.0.0.0:1001");
    assertThat(trial.listener("port-1001").proxy().from()).containsExactly("0.0.0.0/0", "::/0");
    assertThat(trial.listener("port-1001").proxy().send()).isEqualTo(ProxyProtocol.Send.V1);
    // Without set_real_ip_from nginx asks about who connects.
    assertThat(trial.passes("port-1001", "10.1.0.1", "172.16.0.1")).isTrue();
    assertThat(trial.passes("port-1001", "172.16.0.1", "10.1.0.1")).isFalse();
    assertThat(trial.imported().text()).contains("max-sessions = 3");
    // With it about who the header says, from those; the headers of others say nothing there.
    assertThat(trial.passes("port-1003", "10.1.0.1", "172.16.0.1")).isTrue();
    assertThat(trial.passes("port-1003", "10.1.0.1", "10.1.0.2")).isFalse();
    assertThat(trial.passes("port-1003", "172.16.0.1", "172.16.0.1")).isFalse();
    assertThat(trial.listener("port-1004").proxy().accepts()).isFalse();
    assertThat(trial.remarks())
        .anyMatch(text -> text.startsWith("3: this address is left out: either all"))
        .anyMatch(text -> text.startsWith("3: note: without set_real_ip_from"))
        .anyMatch(text -> text.startsWith("7: others begin with a PROXY header as well"));
  }

  @Test
  void shouldSayWhatIsLeftWhenServersDoMoreThanForward() throws Exception {
    Trial trial =
        trial(
            """
            http { server { listen 80; } }
            stream {
              map $ssl_preread_server_name $name { default a; }
              upstream app { least_conn; server 192.0.2.1:1; server 192.0.2.2:1;
                             server 192.0.2.3:1 backup; }
              server { listen 53 udp; proxy_pass 192.0.2.1:53; proxy_protocol on; }
              server { listen 443 ssl; proxy_pass 192.0.2.1:1; }
              server { listen 444; ssl_preread on; proxy_pass $name; }
              server { listen 445; proxy_ssl on; proxy_pass 192.0.2.1:1; }
              server { listen 446; proxy_pass app; proxy_bind 192.0.2.9; }
              server { listen 447; proxy_pass 192.0.2.1:1; js_access main.check; }
            }
            """);

    assertThat(trial.configuration().listeners()).hasSize(2);
    TargetGroup group = trial.group("port-446");
    assertThat(group.members())
        .extracting(TargetGroup.Member::backup)
        .containsExactly(false, false, true);
    assertThat(group.balance()).isEqualTo(TargetGroup.Balance.LEAST_SESSIONS);
    assertThat(group.attempts()).isEqualTo(3);
    assertThat(trial.passes("port-447", "10.0.0.1")).isFalse();
    assertThat(trial.remarks())
        .anyMatch(text -> text.startsWith("1: left out: only what 'stream'"))
        .anyMatch(text -> text.startsWith("4: note: where all servers are set aside"))
        .anyMatch(text -> text.startsWith("6: left out, datagrams are unanswered"))
        .anyMatch(text -> text.startsWith("7: this address is left out: TLS"))
        .anyMatch(text -> text.startsWith("8: left out: the target depends on a variable"))
        .anyMatch(text -> text.startsWith("9: left out: the target expects TLS"))
        .anyMatch(text -> text.startsWith("10: the target sees the address"))
        .anyMatch(text -> text.startsWith("11: is not known here"));
  }

  @Test
  void shouldCarryDatagramsOverBesideConnectionsOfOneServer() throws Exception {
    Trial trial =
        trial(
            """
            stream {
              limit_conn_zone $binary_remote_addr zone=z:1m;
              upstream dns { server 192.0.2.1:53 weight=2; server 192.0.2.2:53; }
              server { listen 53; listen 127.0.0.1:53 udp reuseport; listen [::1]:53 udp;
                       proxy_pass dns; proxy_responses 1; proxy_timeout 20s;
                       allow 10.0.0.0/8; deny all; }
              server { listen 514 udp; proxy_pass 192.0.2.3:514; proxy_responses 0;
                       limit_conn z 4; }
              server { listen 515 udp; proxy_pass 192.0.2.3:514; proxy_requests 10;
                       proxy_upload_rate 1k; proxy_responses 2; limit_conn z 2; }
              server { listen unix:/run/s udp; proxy_pass 192.0.2.3:514; }
              server { listen [::]:516 udp; proxy_pass 192.0.2.3:514; }
              server { listen 516; proxy_pass 192.0.2.3:514; }
            }
            """);

    assertThat(trial.listen("port-53")).containsExactly("0.0.0.0:53");
    assertThat(trial.listen("udp-53")).containsExactly("udp:127.0.0.1:53", "udp:[::1]:53");
    assertThat(trial.listener("udp-53").answers()).isEqualTo(1);
    assertThat(trial.listener("udp-53").timeouts().udpMs()).isEqualTo(20_000);
    assertThat(trial.listener("port-53").timeouts().idleMs()).isEqualTo(20_000);
    assertThat(trial.group("udp-53").members())
        .extracting(member -> member.address().text() + " " + member.weight())
        .containsExactly("udp:192.0.2.1:53 2", "udp:192.0.2.2:53 1");
    assertThat(trial.group("port-53").members().getFirst().address().udp()).isFalse();
    for (String name : List.of("udp-53", "port-53")) {
      assertThat(trial.passes(name, "10.0.0.1")).isTrue();
      assertThat(trial.passes(name, "11.0.0.1")).isFalse();
    }
    assertThat(trial.target("udp-514")).isEqualTo("udp:192.0.2.3:514");
    assertThat(trial.listener("udp-514").answers()).isZero();
    assertThat(trial.listener("udp-514").timeouts().udpMs()).isEqualTo(600_000);
    assertThat(trial.rule("udp-514", "10.0.0.1").maxSessionsPerSource()).isEqualTo(2);
    // TCP's IPv4 address of that port is none of UDP's, so that a rule keeps IPv4 clients out.
    assertThat(trial.passes("udp-516", "10.0.0.1")).isFalse();
    assertThat(trial.passes("udp-516", "2001:db8::1")).isTrue();
    assertThat(trial.passes("port-516", "10.0.0.1")).isTrue();
    assertThat(trial.remarks())
        .anyMatch(text -> text.startsWith("7: answers are passed on here"))
        .anyMatch(text -> text.startsWith("9: a client's datagrams are one session here"))
        .anyMatch(text -> text.startsWith("10: note: datagrams above it wait there"))
        .anyMatch(text -> text.startsWith("10: is for each datagram of a client there"))
        .anyMatch(text -> text.startsWith("11: this address is left out: here datagrams"));
  }

  @Test
  void shouldReadWhatIsIncludedWhenFilesIncludeOthers() throws Exception {
    Files.createDirectory(folder.resolve("streams"));
    Files.writeString(
        folder.resolve("streams/a.conf"), "server { listen 1001;\n proxy_pass 192.0.2.1:1; }\n");
    Files.writeString(folder.resolve("streams/b.txt"), "server {");
    Trial trial = trial("stream { include streams/*.conf; }\n");

    assertThat(trial.listen("port-1001")).containsExactly("0.0.0.0:1001");
    assertThat(trial.imported().text()).contains("streams/a.conf:2: proxy_pass 192.0.2.1:1");
  }

  @Test
  void shouldShareALimitWhenServersUseOneZone() throws Exception {
    Trial trial =
        trial(
            """
            stream {
              limit_conn_zone $binary_remote_addr zone=addr:10m;
              limit_conn addr 5;
              server { listen 1001; proxy_pass 192.0.2.1:1; }
              server { listen 1002; proxy_pass 192.0.2.1:1; }
            }
            """);

    assertThat(trial.rule("port-1001", "10.0.0.1").maxSessionsPerSource()).isEqualTo(2);
    assertThat(trial.remarks()).anyMatch(text -> text.startsWith("3: 2 servers share"));
  }

  @Test
  void shouldNameTheLineWhenFileIsBroken() {
    assertThatThrownBy(() -> trial("stream {\n  server { listen 1;\n"))
        .isInstanceOf(UnreadableException.class)
        .hasMessageContaining("source.conf:");
    assertThatThrownBy(() -> trial("stream { }\n}\n"))
        .hasMessageContaining("source.conf:2: a '}' too");
    assertThatThrownBy(() -> trial("include source.conf;\n"))
        .hasMessageContaining("include each other");
    assertThatThrownBy(() -> trial("include none.conf;\n")).hasMessageContaining("no such file");
    assertThatThrownBy(() -> trial("a 'b\n;")).hasMessageContaining("closing ' is missing");
  }
}
