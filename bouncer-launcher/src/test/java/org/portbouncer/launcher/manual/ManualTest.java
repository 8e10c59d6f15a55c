package org.portbouncer.launcher.manual;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.ByteArrayOutputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.portbouncer.config.ConfigLoader;
import org.portbouncer.config.Schema;
import org.portbouncer.config.SchemaKey;
import org.portbouncer.launcher.cli.Cli;
import org.portbouncer.launcher.cli.Results;

/** The man pages as mandoc reads them, and completion in real shells. */
class ManualTest {

  @TempDir private static Path folder;

  @BeforeAll
  static void write() throws IOException {
    try (FileOutputStream out = new FileOutputStream(folder.resolve("out").toFile())) {
      Cli cli =
          new Cli(
              new Results(out, StandardCharsets.UTF_8),
              new PrintStream(new ByteArrayOutputStream(), true, StandardCharsets.UTF_8),
              Map.of(),
              false,
              (loaded, debug) -> 0);
      assertThat(cli.run("manual", folder.toString(), "2026-11-01")).isZero();
    }
  }

  private static List<String> run(String... command) throws Exception {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    process.getOutputStream().close();
    String all = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    int exit = process.waitFor();
    assertThat(exit).as("%s: %s", List.of(command), all).isZero();
    return all.lines().toList();
  }

  private static void assumeThere(String program) throws Exception {
    Process found = new ProcessBuilder("sh", "-c", "command -v " + program).start();
    assumeTrue(
        found.waitFor() == 0, program + " is not installed (Debian: package " + program + ")");
  }

  private static List<Path> pages() throws IOException {
    try (Stream<Path> files = Files.list(folder.resolve("man"))) {
      return files.sorted().toList();
    }
  }

  /** As somebody reads it, without the bold that is struck over, on one line. */
  private static String read(String page) throws Exception {
    List<String> lines =
        run("mandoc", "-T", "ascii", "-O", "width=1000", folder.resolve("man/" + page).toString());
    return String.join("\n", lines).replaceAll(".\b", "").replaceAll("[ \n]+", " ");
  }

  @Test
  void shouldHaveAPageForEachCommandAndNoneForThoseThatHelpHides() throws IOException {
    assertThat(pages().stream().map(page -> page.getFileName().toString()))
        .contains("bouncer.1", "bouncer-start.1", "bouncer-acl-test.1", "bouncer.conf.5")
        .doesNotContain("bouncer-manual.1", "bouncer-rehearse.1")
        .hasSizeGreaterThan(20);
  }

  @Test
  void shouldWritePagesThatMandocHasNothingToSayAbout() throws Exception {
    assumeThere("mandoc");
    for (Path page : pages()) {
      assertThat(run("mandoc", "-T", "lint", page.toString())).as(page.toString()).isEmpty();
    }
  }

  @Test
  void shouldDescribeEveryKeyOfTheConfigurationWithItsFormAndDefault() throws Exception {
    assumeThere("mandoc");
    String page = read("bouncer.conf.5");
    for (SchemaKey key : Schema.keys()) {
      String type = key.type().replace("`", "");
      assertThat(page).contains(" " + key.path() + " ").contains("Form: " + type + ";");
    }
    assertThat(page)
        .contains("admin.mode Who may connect to the admin socket. Form: octal permissions;")
        .contains("default: 0600; changes with a restart only.")
        .contains("default: 30m; a reload changes it.".replace("30m", "30s"))
        .contains("\\r, \\n, \\t, \\xHH are single bytes");
  }

  @Test
  void shouldShowAnExampleThatIsValid() throws IOException {
    Path file = Files.writeString(folder.resolve("example.conf"), ConfigPage.EXAMPLE);
    assertThat(ConfigLoader.load(file).problems().stream().map(Object::toString)).isEmpty();
    assertThat(ConfigPage.of("2026-11-01", "1")).contains("check { type = connect }");
  }

  @Test
  void shouldSayOfACommandWhatHelpSays() throws Exception {
    assumeThere("mandoc");
    assertThat(read("bouncer-kill.1"))
        .contains("bouncer-kill - end sessions, by their ids")
        .contains("bouncer kill [-s=PATH] [-c=FILE] [--debug] [-h] (ID... | --from=CIDR)")
        .contains("--from=CIDR End all sessions from this network.")
        .contains("3 no server answers");
    assertThat(read("bouncer.1")).contains("bouncer-acl(1)").doesNotContain("rehearse");
  }

  @Test
  void shouldEscapeWhatTheFormatterWouldTakeForItsOwn() {
    assertThat(Roff.escape("a\\b-c'd")).isEqualTo("a\\eb\\-c\\(aqd");
    assertThat(new Roff("x", 1, "2026-11-01", "1").line(".so evil").toString())
        .endsWith("\n\\&.so evil\n");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "bouncer sta | start status",
        "bouncer --debug acl '' | test",
        "bouncer acl test --li | --listener",
        "bouncer import x '' | files",
        "bouncer import '' | rinetd xinetd haproxy nginx barefoot",
        "bouncer start -c '' | files",
        "bouncer start --config = '' | files",
        "bouncer status -s start --wa | --watch",
        "bouncer target drain --so | --socket",
        "bouncer targets --watch --js | --json",
        "bouncer help tar | targets target",
        "bouncer sessions --listener '' | none",
        "bouncer kill 1 --fr | --from",
      })
  void shouldCompleteInBash(String typed, String expected) throws Exception {
    Path here = Files.createDirectories(folder.resolve("here"));
    Files.writeString(here.resolve("a b.conf"), "");
    String script =
        """
        cd "$2" && . "$1" && complete -p bouncer >/dev/null || exit 1
        COMP_WORDS=(%s); COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
        _bouncer
        printf '%%s\\n' "${COMPREPLY[@]}"
        """
            .formatted(typed);
    String file = folder.resolve("completion/bouncer.bash").toString();
    List<String> replies = run("bash", "-c", script, "bash", file, here.toString());
    List<String> wanted =
        switch (expected) {
          case "files" -> List.of("a b.conf");
          case "none" -> List.of("");
          default -> List.of(expected.split(" ", -1));
        };
    assertThat(replies).isEqualTo(wanted);
  }

  @Test
  void shouldCompleteInZsh() throws Exception {
    assumeThere("zsh");
    Path file = folder.resolve("completion/_bouncer");
    assertThat(run("zsh", "-f", "-n", file.toString())).isEmpty();
    Path functions = Files.createDirectories(folder.resolve("functions"));
    Files.copy(file, functions.resolve("_bouncer"));
    shouldShow(functions, "bouncer top --int\t", "bouncer top --interval");
    shouldShow(functions, "bouncer acl te\t", "bouncer acl test");
    shouldShow(functions, "bouncer import hap\t", "bouncer import haproxy");
    shouldShow(functions, "bouncer tar\t\t", "Show the groups of targets");
  }

  /** Types these keys into a zsh at a terminal, and waits for what it is to show. */
  private static void shouldShow(Path functions, String keys, String wanted) throws Exception {
    String script =
        """
        zmodload zsh/zpty
        zpty shell "zsh -f -i"
        zpty -w shell "PROMPT='> '; fpath=(${(q)1} \\$fpath); autoload -Uz compinit; compinit -u -D"
        zpty -w shell "stty columns 100; print go''on"
        zpty -r shell seen $'*\\ngoon*'
        zpty -w -n shell "$2"
        all=
        while [[ $all != *$3* ]] && (( SECONDS < 60 )); do
          zpty -r -t shell part && all+=$part || sleep 0.05
        done
        print -r -- $all
        zpty -d shell
        """;
    assertThat(
            String.join(
                "\n", run("zsh", "-f", "-c", script, "zsh", functions.toString(), keys, wanted)))
        .contains(wanted);
  }
}
