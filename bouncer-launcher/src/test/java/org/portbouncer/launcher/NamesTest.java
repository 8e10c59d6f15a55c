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

  private static List<Path> sources(Path folder) throws IOException {
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    try (Stream<Path> files = Files.walk(folder)) {
      return files.filter(file -> file.toString().endsWith(".java")).toList();
    }
  }

  @Test
  void shouldHaveNoTwoClassesOfOneName() throws IOException {
    Map<String, List<String>> byName = new TreeMap<>();
    try (Stream<Path> modules = Files.list(Path.of(".."))) {
      for (Path module : modules.sorted().toList()) {
        for (Path file : sources(module.resolve("src/main/java"))) {
          byName
              .computeIfAbsent(file.getFileName().toString(), _ -> new ArrayList<>())
              .add(file.toString());
        }
      }
    }
    assertThat(byName).hasSizeGreaterThan(300);
    byName.keySet().removeIf(name -> name.equals("module-info.java"));
    byName.values().removeIf(files -> files.size() == 1);
    assertThat(byName).as("classes that share a name: one of them means something else").isEmpty();
  }
}
