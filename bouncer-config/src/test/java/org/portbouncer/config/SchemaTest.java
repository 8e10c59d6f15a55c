package org.portbouncer.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SchemaTest {

  @TempDir Path folder;

  private static Path project(String path) {
    Path here = Path.of("").toAbsolutePath();
    return Files.exists(here.resolve(path)) ? here.resolve(path) : here.resolve("..").resolve(path);
  }

  @Test
  void shouldBeDocumentedWithTypeAndDefaultWhenInSchema() throws IOException {
    List<String> rows =
        Files.readAllLines(project("docs/configuration.md")).stream()
            .filter(line -> line.matches("\\| `[a-z0-9-]+(\\.[A-Za-z0-9-]+(\\[])?)*` .*"))
            .toList();
    assertThat(rows)
        .containsExactlyElementsOf(
            Schema.keys().stream().map(SchemaKey::documentationRow).toList());
  }

  @Test
  void shouldBeDocumentedWhatEachFormOfValuesIs() throws IOException {
    List<String> lines = Files.readAllLines(project("docs/configuration.md"));
    int head = lines.indexOf("| type | form |");
    assertThat(lines.subList(head + 2, head + 2 + ValueForm.all().size()))
        .containsExactlyElementsOf(
            ValueForm.all().stream().map(ValueForm::documentationRow).toList());
    assertThat(lines.get(head + 2 + ValueForm.all().size())).as("and no other").isEmpty();
  }

  @Test
  void shouldLoadWithoutAnyProblemWhenSampleIsUsedAsItIs() {
    LoadResult result = ConfigLoader.load(project("conf/bouncer.conf"));
    assertThat(result.problems()).isEmpty();
    assertThat(result.configuration().listeners()).hasSize(1);
  }

  @Test
  void shouldLoadAndHoldEveryKeyWhenSamplesSettingsAreUncommented() throws IOException {
    List<String> lines =
        Files.readAllLines(project("conf/bouncer.conf")).stream()
            .map(line -> line.replaceFirst("^( +)#(?! )", "$1"))
            .toList();
    Path file = Files.write(folder.resolve("full.conf"), lines);
    Files.writeString(folder.resolve("bob.secret"), "secret\n");
    Files.writeString(folder.resolve("redis.token"), "secret\n");
    Files.writeString(folder.resolve("sentinel.token"), "secret\n");
    Files.copy(Path.of("src/test/resources/redis-ca.pem"), folder.resolve("redis-ca.pem"));
    assertThat(ConfigLoader.load(file).problems()).noneMatch(Problem::isError);
    List<String> written =
        ConfigLoader.read(file).settings().stream()
            .filter(setting -> setting.where() != null)
            .map(setting -> setting.key().path())
            .toList();
    assertThat(written).containsAll(Schema.keys().stream().map(SchemaKey::path).toList());
  }

  @Test
  void shouldHaveTheSchemasDefaultsWhenSampleIsUncommented() throws IOException {
    try (Stream<String> lines = Files.lines(project("conf/bouncer.conf"))) {
      String all =
          lines
              .map(line -> line.replaceFirst("^( +)#(?! )", "$1"))
              .reduce("", (a, b) -> a + b + "\n");
      Path file = Files.writeString(folder.resolve("full.conf"), all);
      for (Setting setting : ConfigLoader.read(file).settings()) {
        SchemaKey key = setting.key();
        // What must be written, secrets, and a file in the JDK's place have no default to show.
        boolean single = !key.path().contains("NAME") && !key.isRequired() && !key.secret();
        if (single && setting.where() != null && !key.path().equals("cluster.ca")) {
          assertThat(setting.texts())
              .as(setting.path())
              .containsExactly(setting.key().defaultText());
        }
      }
    }
  }
}
