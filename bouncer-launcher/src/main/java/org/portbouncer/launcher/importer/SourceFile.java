package org.portbouncer.launcher.importer;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/**
 * The text of a file to import. What is no UTF-8 is read byte by byte: it stands in comments, if
 * anywhere.
 *
 * @param path as it was named
 * @param text all of it
 */
record SourceFile(Path path, String text) {

  private static final long MOST = 4L << 20;

  static SourceFile read(Path path) throws UnreadableException {
    try {
      if (!Files.isRegularFile(path)) {
        throw new UnreadableException(
            path + (Files.exists(path) ? ": not a regular file" : ": " + whyNotThere(path)));
      }
      if (Files.size(path) > MOST) {
        throw new UnreadableException(path + ": has more than 4 MiB, which no configuration has");
      }
      byte[] bytes = Files.readAllBytes(path);
      String text = new String(bytes, StandardCharsets.UTF_8);
      boolean whole = Arrays.equals(text.getBytes(StandardCharsets.UTF_8), bytes);
      return new SourceFile(path, whole ? text : new String(bytes, StandardCharsets.ISO_8859_1));
    } catch (NoSuchFileException e) {
      throw new UnreadableException(path + ": there is no such file");
    } catch (AccessDeniedException e) {
      throw new UnreadableException(path + ": may not be read");
    } catch (IOException e) {
      throw new UnreadableException(path + ": cannot be read: " + e.getMessage());
    }
  }

  private static String whyNotThere(Path path) {
    return Files.notExists(path) ? "there is no such file" : "may not be read";
  }

  /** Its lines, without their ends. */
  List<String> lines() {
    return List.of(text.split("\r?\n", -1));
  }

  /** A place in it. */
  Origin origin(int line, String said) {
    return new Origin(path.toString(), line, said.strip().replaceAll("\\s+", " "));
  }
}
