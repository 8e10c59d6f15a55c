package org.portbouncer.launcher.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.portbouncer.config.ConfigLoader;
import org.portbouncer.config.Problem;
import org.portbouncer.core.config.Configuration;
import org.portbouncer.core.config.NetworkSet;
import org.portbouncer.launcher.admin.AdminServer;
import org.portbouncer.launcher.admin.FakeOperations;
import org.portbouncer.launcher.privilege.RunAs;

/** The commands that read a configuration. */
class ConfigCommandsTest {

  private static final String GOOD =
      """
      bouncer {
        listeners {
          web { listen = "127.0.0.1:8080", target = "127.0.0.1:80", acl = all }
        }
        acls { all = [ { name = everyone, action = pass } ] }
        admin { socket = "admin.sock" }
      }
      """;

  @TempDir private Path folder;

  private String write(String text) throws IOException {
    return Files.writeString(folder.resolve("b.conf"), text).toString();
  }

  private String writeBad() throws IOException {
    return write(GOOD.replace("listen =", "lissten =").replace("action = pass", "action = maybe"));
  }

  @Test
  void shouldSayThatAGoodFileIsOk() throws Exception {
    String file = write(GOOD);
    CliRun run = CliRun.of("check", "-c", file);
    assertThat(run.err()).isEmpty();
    assertThat(run.out()).isEqualTo(file + ": ok\n");
    assertThat(run.code()).isZero();
  }

  @Test
  void shouldPrintEveryProblemOfABadFileWithItsLine() throws Exception {
    String file = writeBad();
    CliRun run = CliRun.of("check", "-c", file);
    assertThat(run.code()).isEqualTo(1);
    assertThat(run.out()).isEmpty();
    assertThat(run.err().lines())
        .hasSizeGreaterThanOrEqualTo(2)
        .allMatch(line -> line.startsWith(file + ":"))
        .anyMatch(line -> line.startsWith(file + ":3: ") && line.contains("listen"))
        .anyMatch(line -> line.startsWith(file + ":5: ") && line.contains("maybe"));
  }

  @Test
  void shouldNotFailForWarnings() throws Exception {
    String file = write(GOOD.replace(", acl = all", ""));
    CliRun run = CliRun.of("check", "-c", file);
    assertThat(run.code()).isZero();
    assertThat(run.err()).contains("warning: ");
    assertThat(run.out()).isEqualTo(file + ": ok\n");
  }

  @Test
  void shouldExitWith1AndOneLineWhenTheFileIsMissing() {
    String file = folder.resolve("nothing.conf").toString();
    for (String command : new String[] {"check", "show-config", "start"}) {
      CliRun run = CliRun.of(command, "-c", file);
      assertThat(run.code()).isEqualTo(1);
      assertThat(run.out()).isEmpty();
      assertThat(run.err().lines()).hasSize(1);
      assertThat(run.err()).startsWith(file);
    }
  }

  @Test
  void shouldShowEveryValueAndWhereItComesFrom() throws Exception {
    String file = write(GOOD);
    CliRun run = CliRun.of("show-config", "-c", file);
    assertThat(run.code()).isZero();
    assertThat(run.out().lines())
        .anyMatch(
            line ->
                line.startsWith("  listeners.web.target = ") && line.endsWith("# " + file + ":3"))
        .anyMatch(
            line ->
                line.startsWith("  limits.max-sessions = 10000 ") && line.endsWith("# default"));
  }

  @Test
  void shouldShowAConfigurationThatMeansTheSame() throws Exception {
    String file =
        write(
            """
            bouncer {
              listeners {
                web { listen = ["127.0.0.1:8080", "unix:web.sock"], target = "unix:app/x.sock"
                  acl = office, timeouts { connect = 3s }, keep-alive { idle = 60s } }
                "a.b" { listen = "[::]:8081", target = "db.example:80", bandwidth = slow }
                dns { listen = "udp:127.0.0.1:53", target = "udp:192.0.2.1:53", answers = 1 }
              }
              acls {
                office = [
                  { name = "day", action = pass, from = ["10.0.0.0/8", "file:some.nets"]
                    from-port = ["1024-65535", 80], when = "Mon-Fri 07:00-19:00", rate = "50/1s"
                    bandwidth = slow, log = [connect, error] }
                  { action = block, from = "2001:db8::/32" }
                ]
                nobody = []
              }
              bandwidth { slow { up = 10 MiB/s, shared-by = source } }
              timeouts { idle = 90m }
              log { access { to = "file:access.log" }, levels { io = debug
                "org.portbouncer.launcher" = warn } }
              state-transfer { mode = file-fd, file-fd { backing = "directory:state" } }
              admin { socket = "run/admin.sock", mode = 0660 }
            }
            """);
    Files.writeString(folder.resolve("some.nets"), "192.0.2.0/24\n");
    CliRun run = CliRun.of("show-config", file);
    assertThat(run.code()).as(run.err()).isZero();
    assertThat(run.out())
        .contains("  listeners.web.timeouts.idle = \"5400s\"")
        .contains("b.conf:18; timeouts.idle\n")
        .contains("b.conf:11; in the system's zone, ")
        .contains("[::]:8081 takes IPv6 and IPv4 clients\n");
    Path other = Files.createDirectory(folder.resolve("elsewhere")).resolve("again.conf");
    Files.writeString(other, run.out());
    Configuration first = ConfigLoader.load(Path.of(file)).configuration();
    Configuration second = ConfigLoader.load(other).configuration();
    assertThat(withoutPlaces(ConfigLoader.load(other).problems()))
        .as("what there is to say about it is the same")
        .containsExactlyInAnyOrderElementsOf(
            withoutPlaces(ConfigLoader.load(Path.of(file)).problems()));
    assertThat(second)
        .usingRecursiveComparison()
        .withEqualsForType((a, b) -> a.covers(b) && b.covers(a), NetworkSet.class)
        .ignoringFieldsMatchingRegexes(
            "file",
            "acls.index",
            "(listeners|acls.rules)\\.(file|line)",
            "(listeners.*|metricsListen)\\.text")
        .isEqualTo(first);
    CliRun again = CliRun.of("show-config", other.toString());
    assertThat(withoutPlaces(again.out())).isEqualTo(withoutPlaces(run.out()));
  }

  private static List<String> withoutPlaces(List<Problem> problems) {
    return problems.stream().map(problem -> problem.severity() + ": " + problem.message()).toList();
  }

  private static List<String> withoutPlaces(String shown) {
    return shown.lines().map(line -> line.replaceFirst(" *#.*", "")).toList();
  }

  @Test
  void shouldShowNothingOfABadFile() throws Exception {
    CliRun run = CliRun.of("show-config", "-c", writeBad());
    assertThat(run.code()).isEqualTo(1);
    assertThat(run.out()).isEmpty();
  }

  @Test
  void shouldGiveTheServerItsConfigurationAndPassOnItsExitCode() throws Exception {
    AtomicReference<Configuration> given = new AtomicReference<>();
    CliRun run =
        CliRun.with(
            (loaded, debug) -> {
              given.set(loaded.configuration());
              return debug ? 7 : 0;
            },
            "start",
            "--debug",
            "-c",
            write(GOOD));
    assertThat(run.code()).isEqualTo(7);
    assertThat(given.get().listeners()).hasSize(1);
  }

  @Test
  void shouldNotStartWithABadFile() throws Exception {
    CliRun run = CliRun.of("start", "-c", writeBad());
    assertThat(run.code()).isEqualTo(1);
    assertThat(run.err().lines()).hasSizeGreaterThanOrEqualTo(2);
  }

  @Test
  void shouldTurnAFailureOfTheServerIntoOneLine() throws Exception {
    CliRun run =
        CliRun.with(
            (loaded, debug) -> {
              throw new IllegalStateException("port taken\nreally");
            },
            "start",
            "-c",
            write(GOOD));
    assertThat(run.code()).isEqualTo(1);
    assertThat(run.err()).isEqualTo("bouncer: port taken; really\n");
  }

  @Test
  void shouldFindTheAdminSocketThroughTheConfiguration() throws Exception {
    String file = write(GOOD);
    try (AdminServer server =
        AdminServer.open(
            folder.resolve("admin.sock"), 0600, RunAs.UNCHANGED, new FakeOperations())) {
      CliRun run = CliRun.of("status", "--json", "-c", file);
      assertThat(server).isNotNull();
      assertThat(run.err()).isEmpty();
      assertThat(run.out()).startsWith("{\"version\":\"1.2.3\"");
    }
    assertThat(CliRun.of("status", "-c", file).code()).isEqualTo(3);
    // What else is wrong in it does not matter to who asks a server.
    assertThat(CliRun.of("status", "-c", writeBad()).code()).isEqualTo(3);
    CliRun broken = CliRun.of("status", "-c", write("bouncer {\n  admin { socket = [\n}"));
    assertThat(broken.code()).isEqualTo(1);
    assertThat(broken.err()).contains(":3: ");
  }
}
