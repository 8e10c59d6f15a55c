package org.portbouncer.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Commands that need no running server. */
class CommandsIT {
  private static final String GOOD =
      """
      bouncer {
        listeners {
          web {
            listen = "127.0.0.1:8080"
            target = "127.0.0.1:80"
            acl = office
          }
        }
        acls {
          office = [ { name = staff, action = pass, from = ["10.0.0.0/8", "2001:db8::/32"] } ]
        }
        timeouts { idle = 17m }
      }
      """;

  @TempDir private Path folder;

  private Path write(String name, String text) throws IOException {
    return Files.writeString(folder.resolve(name), text);
  }

  private static CommandResult check(Path file) throws IOException, InterruptedException {
    return CommandResult.bouncer("check", "-c", file.toString());
  }

  @Test
  void shouldSayOkWhenTheConfigurationIsRight() throws Exception {
    Path file = write("good.conf", GOOD);
    CommandResult result = check(file);
    assertThat(result.exit()).as(result.allText()).isZero();
    assertThat(result.out()).contains(file + ": ok");
  }

  @Test
  void shouldFailInOneLineWhenItsResultsCannotBeWritten() throws Exception {
    Path file = write("good.conf", GOOD);
    for (String command :
        List.of("check -c '" + file + "'", "show-config -c '" + file + "'", "--help")) {
      CommandResult result = shell("'" + Checkout.command() + "' " + command + " >/dev/full");
      assertThat(result.exit()).as(command).isEqualTo(1);
      assertThat(result.err())
          .as(command)
          .containsExactly("bouncer: standard output cannot be written: No space left on device");
    }
  }

  @Test
  void shouldEndQuietlyWhenItsReaderHasLeft() throws Exception {
    CommandResult result =
        shell(
            "cd '%s' && mkfifo left && exec 3<>left 4>left 3<&- && '%s' --help >&4; echo $? >&2"
                .formatted(folder, Checkout.command()));
    assertThat(result.err()).containsExactly("0");
  }

  private static CommandResult shell(String script) throws IOException, InterruptedException {
    return CommandResult.run(null, List.of("sh", "-c", script));
  }

  @Test
  void shouldWarnAndStillSayOkWhenAListenerHasNoAcl() throws Exception {
    Path file = write("open.conf", GOOD.replace("      acl = office\n", ""));
    CommandResult result = check(file);
    assertThat(result.exit()).as(result.allText()).isZero();
    assertThat(result.out()).contains(file + ": ok");
    assertThat(result.allText()).containsIgnoringCase("acl").contains("web");
  }

  @Test
  void shouldReportEveryMistakeWithItsLineWhenThereAreSeveral() throws Exception {
    Path file =
        write(
            "bad.conf",
            """
            bouncer {
              listeners {
                web {
                  listen = "127.0.0.1:8080"
                  target = "127.0.0.1"
                }
                other {
                  listen = "127.0.0.1:99999"
                  target = "127.0.0.1:80"
                  acl = nosuch
                }
              }
              acls {
                office = [
                  { name = staff, action = perhaps, from = "10.0.0.0/8" }
                  { name = guest, action = pass, from = "10.0.0.0/33" }
                ]
              }
              timeouts { idle = "soon" }
              limits { max-sessions = -1 }
            }
            """);
    CommandResult result = check(file);
    assertThat(result.exit()).as(result.allText()).isEqualTo(1);
    for (int line : new int[] {5, 8, 10, 15, 16, 19, 20}) {
      assertThat(result.allText()).contains(file + ":" + line + ": ");
    }
    assertThat(result.allText()).doesNotContain(": ok").doesNotContain("\tat ");
  }

  @Test
  void shouldNameTheNearestKeyWhenAKeyIsUnknown() throws Exception {
    Path file =
        write("typo.conf", GOOD.replace("listen =", "lisen =").replace("timeouts", "timeoust"));
    CommandResult result = check(file);
    assertThat(result.exit()).as(result.allText()).isEqualTo(1);
    assertThat(lineStartingWith(result, file + ":4: ")).contains("lisen").contains("listen");
    assertThat(lineStartingWith(result, file + ":12: ")).contains("timeoust").contains("timeouts");
  }

  private static String lineStartingWith(CommandResult result, String start) {
    return result
        .allText()
        .lines()
        .filter(line -> line.startsWith(start))
        .findFirst()
        .orElseThrow(() -> new AssertionError("nothing about " + start + " in " + result));
  }

  @Test
  void shouldWarnOfWhatHasNoEffectAndStillSayOk() throws Exception {
    Path file =
        write(
            "odd.conf",
            """
            bouncer {
              listeners {
                open { listen = "127.0.0.1:8081", target = "127.0.0.1:81" }
                web { listen = "127.0.0.1:8080", target = "127.0.0.1:80", acl = office }
              }
              acls {
                office = [
                  { name = net, action = block, from = "10.0.0.0/8" }
                  { name = lost, action = pass, from = ["10.1.0.0/16", "10.2.3.4"] }
                  { name = staff, action = pass, from = "192.0.2.0/24" }
                ]
              }
              limits { max-sessions = 60000 }
              workers { io = 1 }
            }
            """);
    CommandResult result =
        CommandResult.run(
            file.getParent(),
            List.of(
                "/bin/bash",
                "-c",
                "ulimit -n 4096; exec \"$0\" check -c \"$1\"",
                Checkout.command(),
                file.toString()));
    assertThat(result.exit()).as(result.allText()).isZero();
    assertThat(result.outText()).contains(file + ": ok");
    assertThat(lineStartingWith(result, file + ":3: "))
        .contains("warning: listeners.open has no acl");
    assertThat(lineStartingWith(result, file + ":9: "))
        .contains("warning: rule 'lost' can never match", "'net'");
    assertThat(lineStartingWith(result, file + ":13: "))
        .contains("warning: limits.max-sessions", "descriptor limit", "4096");
    assertThat(result.allText()).doesNotContain("staff");
  }

  @Test
  void shouldSayWhereWhenTheFileIsNotHocon() throws Exception {
    Path file = write("broken.conf", "bouncer {\n  listeners {\n    web { listen = [\n");
    CommandResult result = check(file);
    assertThat(result.exit()).as(result.allText()).isEqualTo(1);
    assertThat(result.allText())
        .containsPattern(java.util.regex.Pattern.quote(file + ":") + "\\d+: ")
        .doesNotContain("\tat ");
  }

  @Test
  void shouldNameTheIncludedFileWhenTheMistakeIsThere() throws Exception {
    Path part = write("part.conf", "idle = 5m\nconnect = never\n");
    Path file =
        write(
            "whole.conf",
            GOOD.replace("timeouts { idle = 17m }", "timeouts { include \"part.conf\" }"));
    CommandResult result = check(file);
    assertThat(result.exit()).as(result.allText()).isEqualTo(1);
    assertThat(result.allText()).contains(part + ":2: ");
  }

  @Test
  void shouldRefuseInOneLineWhenTheFileCannotBeRead() throws Exception {
    Path missing = folder.resolve("missing.conf");
    for (String command : new String[] {"check", "start", "show-config"}) {
      CommandResult result = CommandResult.bouncer(command, "-c", missing.toString());
      assertThat(result.exit()).as("%s: %s", command, result.allText()).isEqualTo(1);
      assertThat(result.err()).as(command).hasSize(1);
      assertThat(result.err().getFirst()).as(command).contains(missing.toString());
      assertThat(result.leftBehind()).isEmpty();
    }
  }

  @Test
  void shouldExitWithTwoWhenTheUsageIsWrong() throws Exception {
    for (String[] arguments :
        new String[][] {{"nosuch"}, {"check", "--nosuch"}, {"kill"}, {"check", "-c"}}) {
      CommandResult result = CommandResult.bouncer(arguments);
      assertThat(result.exit())
          .as("%s: %s", String.join(" ", arguments), result.allText())
          .isEqualTo(2);
      assertThat(result.err()).isNotEmpty();
      assertThat(result.allText()).doesNotContain("\tat ");
    }
  }

  @Test
  void shouldExitWithThreeWhenNoServerAnswers() throws Exception {
    Path socket = folder.resolve("nobody.sock");
    for (String[] arguments :
        new String[][] {
          {"status", "-s", socket.toString()},
          {"sessions", "--json", "-s", socket.toString()},
          {"kill", "1", "-s", socket.toString()},
          {"stop", "-s", socket.toString()}
        }) {
      CommandResult result = CommandResult.bouncer(arguments);
      assertThat(result.exit())
          .as("%s: %s", String.join(" ", arguments), result.allText())
          .isEqualTo(3);
      assertThat(result.err()).hasSize(1);
      assertThat(result.err().getFirst()).contains(socket.toString());
    }
  }

  @Test
  void shouldNotTakeWhatItMayNotSeeForMissing() throws Exception {
    assumeTrue(Accounts.isRoot(), "only root can become another user");
    Accounts.assumeReachable(Accounts.USER);
    Accounts.open(folder);
    Path closed = Files.createDirectory(folder.resolve("closed"));
    Files.setPosixFilePermissions(closed, PosixFilePermissions.fromString("rwx------"));
    Files.writeString(closed.resolve("part.conf"), "acls { }");
    Files.writeString(closed.resolve("haproxy.cfg"), "");
    Path config =
        Files.writeString(
            folder.resolve("whole.conf"),
            """
            bouncer {
              listeners.a { listen = "127.0.0.1:0", target = "h:1" }
              include "closed/part.conf"
            }
            """);
    Files.setPosixFilePermissions(config, PosixFilePermissions.fromString("rw-r--r--"));
    CommandResult status = asUser("status", "-s", closed.resolve("admin.sock").toString());
    assertThat(status.exit()).isEqualTo(3);
    assertThat(status.err()).singleElement().asString().endsWith("admin.sock: Permission denied");
    CommandResult check = asUser("check", "-c", config.toString());
    assertThat(check.exit()).isEqualTo(1);
    assertThat(check.allText()).contains(":3: ").contains("part.conf' permission denied");
    CommandResult read = asUser("import", "haproxy", closed.resolve("haproxy.cfg").toString());
    assertThat(read.exit()).isNotZero();
    assertThat(read.allText()).contains("haproxy.cfg: may not be read");
  }

  private static CommandResult asUser(String... arguments) throws Exception {
    List<String> words = new ArrayList<>(List.of(Checkout.command()));
    words.addAll(List.of(arguments));
    return CommandResult.run(null, Accounts.as(Accounts.USER, words.toArray(String[]::new)));
  }

  @Test
  void shouldPrintTheVersion() throws Exception {
    CommandResult result = CommandResult.bouncer("--version");
    assertThat(result.exit()).as(result.allText()).isZero();
    assertThat(result.outText()).containsPattern("\\d+\\.\\d+");
  }

  @Test
  void shouldListTheCommandsInTheHelp() throws Exception {
    CommandResult result = CommandResult.bouncer("--help");
    assertThat(result.exit()).as(result.allText()).isZero();
    assertThat(result.outText())
        .contains("start", "check", "show-config", "status", "sessions", "kill", "stop");
  }

  @Test
  void shouldShowDefaultsAndWhereEachValueComesFrom() throws Exception {
    Path file = write("good.conf", GOOD);
    CommandResult result = CommandResult.bouncer("show-config", "-c", file.toString());
    assertThat(result.exit()).as(result.allText()).isZero();
    assertThat(result.outText())
        .contains("max-sessions")
        .contains("10000")
        .contains("half-closed")
        .containsIgnoringCase("default");
    assertThat(result.out())
        .as("the line of the value set in line 12")
        .anyMatch(line -> line.contains("idle") && line.matches(".*good\\.conf: ?12\\b.*"));
  }

  @Test
  void shouldNameTheIncludedFileAsOriginWhenAValueComesFromThere() throws Exception {
    write("part.conf", "\nidle = 5m\n");
    Path file =
        write(
            "whole.conf",
            GOOD.replace("timeouts { idle = 17m }", "timeouts { include \"part.conf\" }"));
    CommandResult result = CommandResult.bouncer("show-config", "-c", file.toString());
    assertThat(result.exit()).as(result.allText()).isZero();
    assertThat(result.out())
        .anyMatch(line -> line.contains("idle") && line.matches(".*part\\.conf: ?2\\b.*"));
  }
}
