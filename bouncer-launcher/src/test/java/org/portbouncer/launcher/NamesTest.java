package org.portbouncer.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** One word for one thing: no two classes have one name, in whichever module and package. */
class NamesTest {

  private static Stream<Path> sources(Path folder) throws IOException {
    return Files.isDirectory(folder)
        ? Files.walk(folder).filter(file -> file.toString().endsWith(".java"))
        : Stream.empty();
  }

  @Test
  void shouldHaveNoTwoClassesOfOneName() throws IOException {
    Map<String, List<String>> byName = new TreeMap<>();
    try (Stream<Path> modules = Files.list(Path.of(".."))) {
      for (Path module : modules.sorted().toList()) {
        try (Stream<Path> files = sources(module.resolve("src/main/java"))) {
          for (Path file : files.toList()) {
            byName
                .computeIfAbsent(file.getFileName().toString(), _ -> new ArrayList<>())
                .add(file.toString());
          }
        }
      }
    }
    assertThat(byName).hasSizeGreaterThan(300);
    byName.keySet().removeIf(name -> name.equals("module-info.java"));
    byName.values().removeIf(files -> files.size() == 1);
    assertThat(byName).as("classes that share a name: one of them means something else").isEmpty();
  }
}
