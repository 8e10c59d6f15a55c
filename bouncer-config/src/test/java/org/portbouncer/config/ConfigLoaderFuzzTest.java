package org.portbouncer.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.portbouncer.core.config.ConfigCodec;

class ConfigLoaderFuzzTest {

  private static final String[] PIECES = {
    "{",
    "}",
    "[",
    "]",
    "\"",
    "=",
    ",",
    "\n",
    "#",
    "${",
    "${?PATH}",
    "null",
    "true",
    "-1",
    "1e99",
    "include \"f.conf\"",
    "bouncer",
    "web",
    "é",
    "\u0000",
    "[[[[",
    "+=",
    ".",
    "::",
    "file:",
    "unix:",
    "/0",
    "\"\"\""
  };

  @TempDir Path folder;

  @Test
  void shouldReportProblemsAndNeverThrowWhenTextIsMutated() throws IOException {
    long seed = System.nanoTime();
    System.out.println("ConfigLoaderFuzzTest seed " + seed);
    Random random = new Random(seed);
    for (int round = 0; round < 800; round++) {
      StringBuilder text = new StringBuilder(ConfigCodecTest.FULL);
      for (int i = random.nextInt(5); i >= 0; i--) {
        mutate(text, random);
      }
      Path file = Files.writeString(folder.resolve("f.conf"), text);
      try {
        LoadResult result = ConfigLoader.load(file);
        boolean errors = result.problems().stream().anyMatch(Problem::isError);
        assertThat(result.isOk()).isNotEqualTo(errors);
        if (result.isOk()) {
          assertThat(ConfigCodec.encode(result.configuration())).isNotEmpty();
          result.close();
        }
        assertThat(EffectiveConfig.of(file)).isNotNull();
      } catch (RuntimeException | Error e) {
        throw new AssertionError("seed " + seed + ", round " + round + ":\n" + text, e);
      }
    }
  }

  @Test
  void shouldReportWhenNestedTooDeeply() throws IOException {
    Path file = Files.writeString(folder.resolve("deep.conf"), "a = " + "[".repeat(200_000));
    assertThat(ConfigLoader.load(file).problems()).isNotEmpty();
  }

  private static void mutate(StringBuilder text, Random random) {
    int at = random.nextInt(text.length());
    int end = Math.min(text.length(), at + random.nextInt(12));
    switch (random.nextInt(4)) {
      case 0 -> text.delete(at, end);
      case 1 -> text.insert(at, PIECES[random.nextInt(PIECES.length)]);
      case 2 -> text.setCharAt(at, (char) (32 + random.nextInt(95)));
      default -> text.insert(random.nextInt(text.length()), text.substring(at, end));
    }
  }
}
