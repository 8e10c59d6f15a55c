package org.portbouncer.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** A program that runs another to which splice(2) is refused: its words are an errno and that. */
final class WithoutSplice {
  private WithoutSplice() {}

  /** Compiles it into this folder; a test without a compiler is skipped. */
  static Path compile(Path folder) throws IOException, InterruptedException {
    assumeTrue(hasCompiler(), "no C compiler here (Debian: packages gcc and libc6-dev)");
    Path source = folder.resolve("without-splice.c");
    try (InputStream in = WithoutSplice.class.getResourceAsStream("without-splice.c")) {
      Files.copy(in, source);
    }
    Path program = folder.resolve("without-splice");
    CommandResult compiled =
        CommandResult.run(folder, List.of("gcc", "-o", program.toString(), source.toString()));
    assertThat(compiled.exit()).as(compiled.allText()).isZero();
    return program;
  }

  private static boolean hasCompiler() throws InterruptedException {
    try {
      return CommandResult.run(null, List.of("gcc", "--version")).exit() == 0;
    } catch (IOException none) {
      return false;
    }
  }
}
