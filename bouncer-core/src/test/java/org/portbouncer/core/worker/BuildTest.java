package org.portbouncer.core.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BuildTest {

  @TempDir private Path folder;

  private Path jar(String name, String content) throws IOException {
    return Files.writeString(folder.resolve(name), content);
  }

  @Test
  void shouldBeTheSameForTheSameContentAndForNoOther() throws IOException {
    int build = Build.of(List.of(jar("a", "one"), jar("b", "two")));
    assertThat(Build.of(List.of(jar("c", "one"), jar("d", "two")))).isEqualTo(build);
    assertThat(Build.of(List.of(jar("c", "One"), jar("d", "two")))).isNotEqualTo(build);
    assertThat(Build.of(List.of(jar("d", "two"), jar("c", "one")))).isNotEqualTo(build);
    assertThat(Build.text(build)).matches("[0-9a-f]{8}");
  }

  @Test
  void shouldFailWhereAJarIsMissing() {
    assertThatThrownBy(() -> Build.of(List.of(folder.resolve("none"))))
        .isInstanceOf(IOException.class);
  }
}
