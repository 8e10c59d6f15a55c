package org.portbouncer.core.config;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Reads a file that holds one network a line, with {@code #} comments, straight from its bytes: a
 * hundred thousand lines take a fraction of a second. Runs in the mother and in commands.
 */
final class NetworkListFile {

  private static final int MOST_REPORTED = 20;

  private NetworkListFile() {}

  /**
   * Adds every network of the file; reports the first lines that hold something else.
   *
   * @param shown the file's name in messages
   * @throws InvalidValueException when the file cannot be read
   */
  static void read(Path file, String shown, NetworkSetBuilder into, Problems problems) {
    String unreadable = ConfigSource.unreadable(file);
    if (unreadable != null) {
      throw new InvalidValueException("the list " + shown + " cannot be read: " + unreadable);
    }
    byte[] bytes;
    try {
      bytes = Files.readAllBytes(file);
    } catch (IOException e) {
      throw new InvalidValueException("the list " + shown + " cannot be read: " + e.getMessage());
    }
    int wrong = 0;
    int line = 1;
    int start = 0;
    while (start < bytes.length) {
      int end = start;
      while (end < bytes.length && bytes[end] != '\n') {
        end++;
      }
      String problem = line(bytes, start, end, into);
      if (problem != null && ++wrong <= MOST_REPORTED) {
        problems.add(shown, line, problem, Problem.Severity.ERROR);
      }
      start = end + 1;
      line++;
    }
    if (wrong > MOST_REPORTED) {
      String more = "and " + (wrong - MOST_REPORTED) + " more lines that are not networks";
      problems.add(shown, 0, more, Problem.Severity.ERROR);
    }
  }

  /** Adds what one line holds; the problem with it, or null. */
  private static String line(byte[] bytes, int start, int end, NetworkSetBuilder into) {
    int from = start;
    int to = from;
    while (to < end && bytes[to] != '#') {
      to++;
    }
    while (from < to && isBlank(bytes[from])) {
      from++;
    }
    while (to > from && isBlank(bytes[to - 1])) {
      to--;
    }
    return from == to ? null : into.add(bytes, from, to);
  }

  private static boolean isBlank(byte b) {
    return b == ' ' || b == '\t' || b == '\r';
  }
}
