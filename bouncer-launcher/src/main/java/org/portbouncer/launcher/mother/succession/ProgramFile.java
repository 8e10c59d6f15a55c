package org.portbouncer.launcher.mother.succession;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * The jars of this installation as they lie there: what has changed since a server started is
 * another version.
 *
 * @param jars each with its size and time
 */
public record ProgramFile(List<String> jars) {

  /** As it is now; nothing where it cannot be looked at. */
  public static ProgramFile now() {
    String lib = System.getProperty("bouncer.lib", "");
    try (Stream<Path> files = Files.list(Path.of(lib))) {
      return new ProgramFile(
          files
              .filter(file -> file.toString().endsWith(".jar"))
              .map(ProgramFile::text)
              .sorted()
              .toList());
    } catch (IOException e) {
      return new ProgramFile(List.of());
    }
  }

  private static String text(Path jar) {
    try {
      return jar.getFileName()
          + " "
          + Files.size(jar)
          + " "
          + Files.getLastModifiedTime(jar).toMillis();
    } catch (IOException e) {
      return jar.getFileName() + " gone";
    }
  }
}
