package org.portbouncer.launcher;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Objects;

/**
 * The version of the program, which the build writes into a resource. Read by the mother and by
 * commands.
 */
public final class Version {

  private Version() {}

  /** The version, like "1.2.3". */
  public static String text() {
    try (InputStream resource = Version.class.getResourceAsStream("version.txt")) {
      return new String(
              Objects.requireNonNull(resource, "version.txt").readAllBytes(),
              StandardCharsets.UTF_8)
          .strip();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
