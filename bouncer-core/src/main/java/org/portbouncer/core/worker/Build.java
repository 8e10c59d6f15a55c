package org.portbouncer.core.worker;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32;

/**
 * Which build of the program a process is of: a sum over the content of the jars it was started
 * with. The mother takes hers when she starts, each worker its own when it starts, and where jars
 * were replaced in between the two differ. In the mother and in workers.
 */
public final class Build {

  private Build() {}

  /**
   * The sum over these jars, in their order.
   *
   * @throws IOException where one cannot be read
   */
  public static int of(List<Path> jars) throws IOException {
    CRC32 sum = new CRC32();
    for (Path jar : jars) {
      sum.update(Files.readAllBytes(jar));
    }
    return (int) sum.getValue();
  }

  /** That of the jars on the class path of this process. */
  static int own() {
    List<Path> jars = new ArrayList<>();
    for (String jar : System.getProperty("java.class.path").split(":", -1)) {
      jars.add(Path.of(jar));
    }
    try {
      return of(jars);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** For messages. */
  public static String text(int build) {
    return "%08x".formatted(build);
  }
}
