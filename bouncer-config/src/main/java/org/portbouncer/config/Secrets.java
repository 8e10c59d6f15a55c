package org.portbouncer.config;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import org.portbouncer.core.config.HopSecrets;
import org.portbouncer.core.config.InvalidValueException;

/**
 * Reads values that nobody is to see: as they stand, or from a file of one line. What is wrong with
 * one is said without it. Runs in the mother, beside her loop, and in commands.
 */
final class Secrets {

  private static final String FILE = "file:";
  private static final int OTHERS = 07;
  private static final int MOST_BYTES = 4096;

  private Secrets() {}

  /** Whether a value names the file that holds the secret, and is none itself. */
  static boolean isInFile(String value) {
    return value.startsWith(FILE);
  }

  /**
   * The secret that a value is, or that its file holds; warns where others can read it.
   *
   * @param section where the value is read from
   * @param key its key there
   * @param written whether one that stands in the configuration should not be for others to read
   */
  static String read(Section section, String key, String value, Where where, boolean written) {
    if (isInFile(value)) {
      return fromFile(section, key, value.substring(FILE.length()), where);
    }
    if (value.equals(HopSecrets.SHOWN)) {
      throw new InvalidValueException(
          HopSecrets.SHOWN + " is what show-config shows instead of it");
    }
    if (written && !section.isSubstituted(key)) {
      try {
        Path file = where.directory().resolve(Path.of(where.file()).getFileName());
        warn(section, key, "it is written in " + where.file(), RegularFile.mode(file), where);
      } catch (IOException | UnsupportedOperationException e) {
        // The file has been read: it has gone meanwhile.
      }
    }
    return line(value);
  }

  private static String fromFile(Section section, String key, String name, Where where) {
    Path path = Path.of(EndpointParser.path(name, where.directory()));
    byte[] bytes = new byte[MOST_BYTES + 2];
    int length = 0;
    int mode;
    try (RegularFile open = RegularFile.open(path)) {
      mode = open.mode();
      int read = 0;
      while (read >= 0 && length < bytes.length) {
        read = open.read(bytes, length);
        length += Math.max(0, read);
      }
    } catch (InvalidValueException e) {
      throw new InvalidValueException(path + " cannot be read: " + e.getMessage());
    }
    warn(section, key, "it is in " + path, mode, where);
    try {
      String text =
          StandardCharsets.UTF_8
              .newDecoder()
              .decode(ByteBuffer.wrap(Arrays.copyOf(bytes, length)))
              .toString();
      return line(text.endsWith("\n") ? text.substring(0, text.length() - 1) : text);
    } catch (CharacterCodingException e) {
      throw new InvalidValueException(path + " is not UTF-8");
    } catch (InvalidValueException e) {
      throw new InvalidValueException(path + ": " + e.getMessage());
    }
  }

  private static String line(String text) {
    String line = text.endsWith("\r") ? text.substring(0, text.length() - 1) : text;
    if (line.isEmpty()) {
      throw new InvalidValueException("it is empty");
    }
    if (line.chars().anyMatch(Character::isISOControl)) {
      throw new InvalidValueException("one line it must be, without control characters");
    }
    if (line.getBytes(StandardCharsets.UTF_8).length > MOST_BYTES) {
      throw new InvalidValueException("more than " + MOST_BYTES + " bytes are not possible");
    }
    return line;
  }

  private static void warn(Section section, String key, String place, int mode, Where where) {
    if ((mode & OTHERS) != 0) {
      section
          .problems()
          .warn(
              where,
              key
                  + ": "
                  + place
                  + ", which every user of this machine may use (mode 0"
                  + Integer.toOctalString(mode)
                  + ")");
    }
  }
}
