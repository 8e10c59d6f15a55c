package org.portbouncer.launcher.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.portbouncer.launcher.admin.Json;

/** {@code bouncer acl test}. */
class AclTestCommandTest {

  private static final String TEXT =
      """
      bouncer {
        listeners {
          web { listen = "127.0.0.1:8080", target = "127.0.0.1:80", acl = office, bandwidth = slow }
          open { listen = "127.0.0.1:8081", target = "127.0.0.1:80" }
          app { listen = "127.0.0.1:8082", target = "group:servers", acl = ways, via = out }
        }
        acls {
          office = [
            { name = noisy, action = block, from = "10.9.0.0/16" }
            { action = pass, from = "192.0.2.0/24", from-port = "1024-65535" }
            { name = staff, action = pass, from = ["10.0.0.0/8", "2001:db8::/32"],
              when = "Mon-Fri 07:00-19:00 Europe/Oslo", bandwidth = fast, max-sessions = 100,
              max-sessions-per-source = 5, rate = "50/1s", rate-per-source = "3/10s" }
          ]
          ways = [
            { action = pass, from = "10.1.2.4", via = none }
            { action = pass, from = "10.1.2.5", via = other }
            { action = pass }
          ]
        }
        targets.servers.members = [ { address = "192.0.2.1:80" } ]
        chains {
          out = [ { type = socks5, proxy = "192.0.2.9:1080" } ]
          other = [ { type = socks5, proxy = "192.0.2.8:1080" } ]
        }
        bandwidth { slow { up = "1 MiB/s" }, fast { up = "9 MiB/s" } }
        source-prefix { v4 = 24 }
      }
      """;

  private static final String MONDAY = "2026-11-23T08:00Z";

  @TempDir private Path folder;
  private String file;

  @BeforeEach
  void write() throws IOException {
    file = Files.writeString(folder.resolve("b.conf"), TEXT).toString();
  }

  private CliRun test(String listener, String from, String... more) {
    String[] args = {"acl", "test", "-c", file, "--listener", listener, "--from", from};
    String[] all = java.util.Arrays.copyOf(args, args.length + more.length);
    System.arraycopy(more, 0, all, args.length, more.length);
    return CliRun.of(all);
  }

  @Test
  void shouldKnowWhereAClientComesToAsFarAsTheListenerHasOneAddress() throws IOException {
    file =
        Files.writeString(
                folder.resolve("to.conf"),
                """
                bouncer {
                  listeners {
                    one { listen = "127.0.0.1:8080", target = "127.0.0.1:80", acl = both }
                    any { listen = "0.0.0.0:8081", target = "127.0.0.1:80", acl = both }
                    ported { listen = ["0.0.0.0:8082", "[::]:8082"], target = "127.0.0.1:80", acl = port }
                    range { listen = "127.0.0.1:8083-8084", target = "127.0.0.1:80", acl = port }
                    told { listen = "127.0.0.1:8085", target = "127.0.0.1:80", acl = both
                      accept-proxy { from = "10.0.0.1" } }
                  }
                  acls {
                    both = [ { action = pass, to = "127.0.0.0/8", to-port = "8080-8089" } ]
                    port = [ { action = pass, to-port = "8080-8089" } ]
                  }
                }
                """)
            .toString();
    assertThat(test("one", "10.1.2.3").code()).isZero();
    assertThat(test("one", "10.1.2.3", "--to", "127.0.0.2").code()).isZero();
    assertThat(test("one", "10.1.2.3", "--to", "127.0.0.1:9").code()).isEqualTo(1);
    assertThat(test("any", "10.1.2.3").out()).contains("to needs the address it came to");
    assertThat(test("ported", "10.1.2.3").code()).isZero();
    assertThat(test("range", "10.1.2.3").out()).contains("to-port needs a port");
    assertThat(test("told", "10.1.2.3").code()).isEqualTo(1);
  }

  @Test
  void shouldShowWhatAClientGetsThatPasses() {
    CliRun run = test("web", "10.1.2.3:4000", "--at", MONDAY);
    assertThat(run.err()).isEmpty();
    assertThat(run.code()).isZero();
    assertThat(run.out().lines())
        .containsExactly(
            "listener web, acl office, client 10.1.2.3:4000, at 2026-11-23T08:00:00Z",
            "  #1 noisy (" + file + ":9): from does not match",
            "  #2 (" + file + ":10): from does not match",
            "  #3 staff (" + file + ":11): matches, action pass",
            "pass: rule 'staff' at " + file + ":11 is the first that matches",
            "limits: max-sessions 100, rate 50/1s, max-sessions-per-source 5 for source"
                + " 10.1.2.0/24, rate-per-source 3/10s for source 10.1.2.0/24",
            "bandwidth: fast",
            "target: 127.0.0.1:80");
  }

  @Test
  void shouldNameTheGroupAndTheChain() throws Exception {
    assertThat(test("app", "10.1.2.3", "--at", MONDAY).out())
        .endsWith("target: group:servers, via out\n");
    assertThat(test("app", "10.1.2.4", "--at", MONDAY).out()).endsWith("target: group:servers\n");
    assertThat(test("app", "10.1.2.5", "--at", MONDAY).out())
        .endsWith("target: group:servers, via other\n");
    Map<?, ?> object = Json.parseObject(test("app", "10.1.2.5", "--json").out());
    assertThat(object.get("group")).isEqualTo("servers");
    assertThat(object.get("target")).isEqualTo("group:servers");
    assertThat(object.get("via")).isEqualTo("other");
    assertThat(Json.parseObject(test("open", "::1", "--json").out()).get("group")).isNull();
  }

  @Test
  void shouldSayWhyNoRuleMatches() {
    CliRun run = test("web", "10.1.2.3:4000", "--at", "2026-11-22T08:00Z");
    assertThat(run.code()).isEqualTo(1);
    assertThat(run.out())
        .contains("#3 staff (" + file + ":11): when: Mon-Fri 07:00-19:00 Europe/Oslo is not now\n")
        .endsWith("block: no rule of acl 'office' matches, and no match blocks\n");
  }

  @Test
  void shouldSayThatAPortIsNeededWhereNoneIsGiven() {
    CliRun run = test("web", "192.0.2.7", "--at", MONDAY);
    assertThat(run.code()).isEqualTo(1);
    assertThat(run.out())
        .contains("no port is given: rules with from-port count as not matching\n")
        .contains("#2 (" + file + ":10): from-port needs a port\n");
    assertThat(test("web", "192.0.2.7:1023", "--at", MONDAY).code()).isEqualTo(1);
    assertThat(test("web", "192.0.2.7:1024", "--at", MONDAY).code()).isZero();
  }

  @Test
  void shouldTellProgramsTheSame() throws Exception {
    CliRun run = test("web", "[2001:db8::1]:9", "--at", MONDAY, "--json");
    assertThat(run.code()).isZero();
    Map<?, ?> object = Json.parseObject(run.out());
    assertThat(object.get("action")).isEqualTo("pass");
    assertThat(object.get("acl")).isEqualTo("office");
    assertThat(object.get("rule")).isEqualTo("staff");
    assertThat(object.get("line")).isEqualTo(11L);
    assertThat(object.get("bandwidth")).isEqualTo("fast");
    assertThat((Map<?, ?>) object.get("limits"))
        .isEqualTo(
            Map.of(
                "max_sessions",
                100L,
                "max_sessions_per_source",
                5L,
                "rate",
                "50/1s",
                "rate_per_source",
                "3/10s",
                "source",
                "2001:db8::/64"));
    CliRun blocked = test("web", "10.9.0.1", "--json");
    assertThat(blocked.code()).isEqualTo(1);
    assertThat(Json.parseObject(blocked.out()).get("rule")).isEqualTo("noisy");
    assertThat(Json.parseObject(blocked.out()).get("action")).isEqualTo("block");
  }

  @Test
  void shouldLetEveryonePassWhereThereIsNoAcl() throws Exception {
    CliRun run = test("open", "::1", "--json");
    assertThat(run.code()).isZero();
    assertThat(Json.parseObject(run.out()).get("rule")).isNull();
    assertThat(test("open", "::1").out()).contains("has no acl: everyone may connect");
  }

  @Test
  void shouldRefuseWrongUsage() {
    assertThat(test("wbe", "10.0.0.1"))
        .isEqualTo(new CliRun(2, "", "bouncer: no listener 'wbe', did you mean 'web'?\n"));
    for (String from : new String[] {"10.0.0", "10.0.0.1:", "10.0.0.1:70000", "[::1", "name:1"}) {
      assertThat(test("web", from).code()).as(from).isEqualTo(2);
    }
    assertThat(test("web", "10.0.0.1", "--at", "tomorrow").code()).isEqualTo(2);
    assertThat(test("web", "10.0.0.1", "--at", "2026-11-23T08:00:30+01:00").code()).isNotEqualTo(2);
    assertThat(test("web", "10.0.0.1", "--at", "2026-11-23 08:00").code()).isNotEqualTo(2);
    assertThat(CliRun.of("acl").code()).isEqualTo(2);
  }
}
