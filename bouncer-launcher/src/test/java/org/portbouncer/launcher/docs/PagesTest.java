package org.portbouncer.launcher.docs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.portbouncer.config.ConfigLoader;
import org.portbouncer.core.config.Configuration;
import org.portbouncer.core.config.Endpoint;
import org.portbouncer.core.config.TargetGroup;
import org.portbouncer.launcher.cli.Cli;
import org.portbouncer.launcher.cli.Results;

/** What pages for operators promise: their configurations work, and no alert is without advice. */
class PagesTest {

  @TempDir private Path folder;

  private static Path root() {
    Path here = Path.of("").toAbsolutePath();
    return Files.exists(here.resolve("docs")) ? here : here.getParent();
  }

  /** What stands in the page's fences of that kind, which is there once at least. */
  private static List<String> fences(String page, String kind) throws IOException {
    Matcher fence =
        Pattern.compile("(?ms)^```" + kind + "\\n(.*?)^```")
            .matcher(Files.readString(root().resolve("docs").resolve(page)));
    List<String> all = fence.results().map(result -> result.group(1)).toList();
    assertThat(all).as("%s in %s", kind, page).isNotEmpty();
    return all;
  }

  /** Runs a command; what it writes comes before its exit code. */
  private String run(String... command) throws IOException {
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    Path file = folder.resolve("out");
    int exit;
    try (FileOutputStream out = new FileOutputStream(file.toFile())) {
      PrintStream errors = new PrintStream(err, true, StandardCharsets.UTF_8);
      Results results = new Results(out, StandardCharsets.UTF_8);
      exit = new Cli(results, errors, Map.of(), false, (loaded, debug) -> 0).run(command);
    }
    return Files.readString(file) + err.toString(StandardCharsets.UTF_8) + exit;
  }

  @ParameterizedTest
  @ValueSource(strings = {"haproxy", "nginx", "rinetd", "barefoot"})
  void shouldShowWhatTheOtherProgramsConfigurationBecomes(String program) throws Exception {
    String page = "from-" + program + ".md";
    for (String text : fences(page, "hocon")) {
      Path ours = Files.writeString(folder.resolve("ours.conf"), text);
      assertThat(run("check", ours.toString())).isEqualTo(ours + ": ok\n0");
    }
    Path theirs = Files.writeString(folder.resolve("theirs"), fences(page, program).getFirst());
    Path made = folder.resolve("made.conf");
    String said = run("import", program, theirs.toString(), "-o", made.toString());
    assertThat(said).as("all of it is carried over").endsWith("0");
    assertThat(run("check", made.toString())).endsWith("0");

    Configuration shown = ConfigLoader.load(folder.resolve("ours.conf")).configuration();
    Configuration imported = ConfigLoader.load(made).configuration();
    assertThat(ways(shown)).isEqualTo(ways(imported));
    for (String client : List.of("10.9.1.1", "10.1.1.1", "192.0.2.200")) {
      assertThat(decisions(folder.resolve("ours.conf"), shown, client))
          .as(client)
          .isEqualTo(decisions(made, imported, client));
    }
  }

  /** Where each address leads: the target's address, or those of a group's members. */
  private static Map<String, Set<String>> ways(Configuration configuration) {
    Map<String, Set<String>> members =
        configuration.targets().stream()
            .collect(
                Collectors.toMap(
                    TargetGroup::name,
                    group ->
                        group.members().stream()
                            .map(member -> member.address().text() + " " + member.weight())
                            .collect(Collectors.toSet())));
    return configuration.listeners().stream()
        .collect(
            Collectors.toMap(
                listener ->
                    listener.listen().stream().map(Endpoint::text).collect(Collectors.joining()),
                listener -> {
                  String target = listener.target().text();
                  return members.getOrDefault(target.replaceFirst("^group:", ""), Set.of(target));
                }));
  }

  /** For each address that is listened on, what a client gets there. */
  private Map<String, String> decisions(Path file, Configuration configuration, String client) {
    return configuration.listeners().stream()
        .collect(
            Collectors.toMap(
                listener -> listener.listen().toString(),
                listener -> {
                  try {
                    String all =
                        run(
                            "acl",
                            "test",
                            "-c",
                            file.toString(),
                            "--listener",
                            listener.name(),
                            "--from",
                            client);
                    return all.substring(all.length() - 1); // 0 passes, 1 is blocked
                  } catch (IOException e) {
                    throw new AssertionError(e);
                  }
                }));
  }

  @Test
  void shouldSayWhatToDoAboutEveryAlert() throws IOException {
    Set<String> alerts = found("conf/prometheus-alerts.yml", "(?m)^ *- alert: (\\w+)$");
    assertThat(alerts).hasSizeGreaterThan(15);
    assertThat(found("docs/runbook.md", "(?m)^## (\\w+)$")).isEqualTo(alerts);
  }

  @Test
  void shouldSayWhatEachModuleOfThePackagesJavaIsFor() throws IOException {
    Set<String> modules = found("packaging/lib.sh", "(?m)^  (j[a-z]+[.][a-z.]+) +# \\S");
    assertThat(modules).hasSizeGreaterThan(5).contains("java.base", "jdk.httpserver");
    assertThat(found("docs/packaging.md", "(?m)^\\| `(j[a-z]+[.][a-z.]+)` \\| \\S"))
        .isEqualTo(modules);
  }

  private static Set<String> found(String file, String pattern) throws IOException {
    return Pattern.compile(pattern)
        .matcher(Files.readString(root().resolve(file)))
        .results()
        .map(result -> result.group(1))
        .collect(Collectors.toCollection(TreeSet::new));
  }

  @Test
  void shouldHaveEveryWordOfTheGlossaryOnceAndInOrder() throws IOException {
    List<String> words =
        Pattern.compile("(?m)^\\| ([^|]+?) \\| (?!means)")
            .matcher(Files.readString(root().resolve("docs/glossary.md")))
            .results()
            .map(result -> result.group(1).toLowerCase(Locale.ROOT))
            .filter(word -> !word.startsWith("--"))
            .toList();
    assertThat(words).hasSizeGreaterThan(40).doesNotHaveDuplicates().isSorted();
  }

  @Test
  void shouldLeadToEveryDocumentFromTheSite() throws IOException {
    String nav = Files.readString(root().resolve("site/mkdocs.yml"));
    try (var files = Files.list(root().resolve("docs"))) {
      assertThat(files.map(file -> file.getFileName().toString()).filter(n -> n.endsWith(".md")))
          .allSatisfy(name -> assertThat(nav).contains(": " + name));
    }
  }
}
