package org.portbouncer.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The options in bin/*.options: a JVM takes no notice of a class that is not there. */
class JvmOptionsTest {
  private static final Path BIN = Path.of("..", "bin");

  /** A class or package, with a star for what follows, and a method, likewise. */
  private static final Pattern NAMED =
      Pattern.compile("org\\.portbouncer\\.([\\w.]+)(\\*)?(?:::(\\w*)(\\*)?)?");

  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages("org.portbouncer");

  private record Option(Path file, String text) {}

  private static List<Option> options() throws IOException {
    List<Option> all = new ArrayList<>();
    try (Stream<Path> files = Files.list(BIN)) {
      for (Path file : files.filter(each -> each.toString().endsWith(".options")).toList()) {
        for (String line : Files.readAllLines(file)) {
          if (!line.isBlank() && !line.startsWith("#")) {
            all.add(new Option(file, line));
          }
        }
      }
    }
    return all;
  }

  private static boolean fits(String name, String pattern, boolean open) {
    return open ? name.startsWith(pattern) : name.equals(pattern);
  }

  private static boolean hasMethod(JavaClass type, String pattern, boolean open) {
    return type.getMethods().stream().anyMatch(method -> fits(method.getName(), pattern, open));
  }

  @Test
  void shouldNameClassesAndMethodsThatExist() throws IOException {
    int names = 0;
    for (Option option : options()) {
      Matcher named = NAMED.matcher(option.text());
      boolean found = false;
      while (named.find()) {
        found = true;
        names++;
        String type = "org.portbouncer." + named.group(1);
        String method = named.group(3) == null ? "" : named.group(3);
        boolean openType = named.group(2) != null;
        boolean openMethod = named.group(3) == null || named.group(4) != null;
        assertThat(CLASSES)
            .as("%s: %s", option.file(), option.text())
            .anyMatch(
                each ->
                    fits(each.getName(), type, openType) && hasMethod(each, method, openMethod));
      }
      assertThat(found)
          .as("%s: %s", option.file(), option.text())
          .isEqualTo(option.text().contains("portbouncer"));
    }
    // Eight in mother.options are for what every client passes through, two for calls into C.
    assertThat(names).isGreaterThanOrEqualTo(10);
  }

  @Test
  void shouldNotHideOptionsInTheScript() throws IOException {
    assertThat(Files.readString(BIN.resolve("bouncer"))).doesNotContain("CompileCommand");
  }

  @ParameterizedTest
  @ValueSource(strings = {"java mother", "java command", "worker"})
  void shouldBeTakenByTheJvmWithoutAWord(String files) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    for (String file : files.split(" ", -1)) {
      command.add("@" + BIN.resolve(file + ".options"));
    }
    command.addAll(List.of("-XX:+PrintFlagsFinal", "-version"));
    Process java = new ProcessBuilder(command).redirectErrorStream(true).start();
    List<String> said;
    try (Stream<String> lines = java.inputReader().lines()) {
      said = lines.toList();
    }
    assertThat(java.waitFor()).as("%s", said).isZero();
    assertThat(said).noneMatch(line -> line.contains("CompileCommand:"));
    for (Option option : options()) {
      Matcher number = Pattern.compile("-XX:(\\w+)=(\\d+)").matcher(option.text());
      String name = option.file().getFileName().toString().replace(".options", "");
      if (number.matches() && List.of(files.split(" ", -1)).contains(name)) {
        assertThat(said)
            .as("%s: %s", option.file(), option.text())
            .anyMatch(
                line -> line.matches(".* %s += %s .*".formatted(number.group(1), number.group(2))));
      }
    }
  }
}
