package org.portbouncer.launcher.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class UsageTest {

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "dance",
        "--nonsense",
        "start",
        "check",
        "check -c",
        "show-config",
        "status extra",
        "sessions --from nowhere",
        "sessions --listener",
        "top --interval 0",
        "top --interval soon",
        "status --watch=never",
        "import",
        "import rinetd",
        "import cobol x.conf",
        "kill",
        "kill seventeen",
        "kill 17 --from 10.0.0.0/8",
        "kill --from 10.0.0.0/40",
        "limit",
        "limit slow",
        "limit --up 1MiB/s",
        "limit slow --up fast",
        "limit slow --up 0B/s",
        "stop --timeout soon",
        "status --socket"
      })
  void shouldExitWith2AndOneLineWhenTheUsageIsWrong(String line) {
    CliRun run = CliRun.of(line.isEmpty() ? new String[0] : line.split(" ", -1));
    assertThat(run.code()).isEqualTo(2);
    assertThat(run.out()).isEmpty();
    assertThat(run.err().lines()).hasSize(1);
    assertThat(run.err()).startsWith("bouncer").contains("--help").doesNotContain("Error: ");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "staus | bouncer: no command 'staus', did you mean 'status'? (try 'bouncer --help')",
        "dance | bouncer: no command 'dance'; known: start, check, show-config, acl, import,"
            + " status, sessions, top, kill, limit, move, targets, target, cluster, reload,"
            + " upgrade, stop, bench (try 'bouncer --help')",
        "acl tst | bouncer acl: no command 'tst', did you mean 'test'? (try 'bouncer acl --help')",
        "check a b c | bouncer check: Unmatched arguments from index 2: 'b', 'c' (try 'bouncer"
            + " check --help')",
        "limit slow --up 10Mbps | bouncer limit: Invalid value for option '--up': '10Mbps' has"
            + " the unknown unit 'Mbps', did you mean 'Mbit/s'? (try 'bouncer limit --help')",
        "kill abc | bouncer kill: Invalid value for positional parameter at index 0..* (ID): 'abc'"
            + " is not a number (try 'bouncer kill --help')",
      })
  void shouldSayWhatWasMeant(String line, String words) {
    CliRun run = CliRun.of(line.split(" ", -1));
    assertThat(run.code()).isEqualTo(2);
    assertThat(run.err()).isEqualTo(words + "\n");
  }

  @ParameterizedTest
  @ValueSource(strings = {"start", "acl test", "status", "bench hop"})
  void shouldTakeHelpForACommandToo(String command) {
    CliRun help = CliRun.of(("help " + command).split(" ", -1));
    assertThat(help.code()).isZero();
    assertThat(help.out())
        .startsWith("Usage: bouncer " + command)
        .isEqualTo(CliRun.of((command + " --help").split(" ", -1)).out());
    assertThat(CliRun.of("help").out()).isEqualTo(CliRun.of("--help").out());
  }

  @Test
  void shouldPrintTheVersionTheBuildGave() {
    CliRun run = CliRun.of("--version");
    assertThat(run.code()).isZero();
    assertThat(run.out()).matches("bouncer [0-9]+\\.[0-9]+\\.[0-9]+\\R");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "start",
        "check",
        "show-config",
        "status",
        "sessions",
        "top",
        "kill",
        "limit",
        "stop"
      })
  void shouldListAndExplainEveryCommand(String command) {
    assertThat(CliRun.of("--help").out()).contains("\n  " + command + " ");
    CliRun run = CliRun.of(command, "--help");
    assertThat(run.code()).isZero();
    assertThat(run.out()).startsWith("Usage: bouncer " + command);
    assertThat(run.err()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"status", "sessions", "kill 17", "stop"})
  void shouldExitWith3WhenNoServerAnswers(String command) {
    CliRun run = CliRun.of((command + " -s /nonexistent/admin.sock").split(" ", -1));
    assertThat(run.code()).isEqualTo(3);
    assertThat(run.out()).isEmpty();
    assertThat(run.err())
        .isEqualTo("bouncer: no server answers at /nonexistent/admin.sock: no such file\n");
  }

  @Test
  void shouldShowAStackTraceOnlyWhenAsked() {
    assertThat(CliRun.of("status", "-s", "/nonexistent", "--debug").err()).contains("\tat ");
    assertThat(CliRun.of("--debug", "status", "-s", "/nonexistent").err()).contains("\tat ");
  }
}
