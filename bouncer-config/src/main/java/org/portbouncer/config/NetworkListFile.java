package org.portbouncer.config;

import java.nio.file.Path;
import java.util.Arrays;
import org.portbouncer.core.config.InvalidValueException;
import org.portbouncer.core.config.NetworkSetBuilder;
import org.portbouncer.core.config.RuleMemory;

/**
 * Reads a file that holds one network a line, with {@code #} comments, block by block and straight
 * from its bytes: a million lines take a fraction of a second and no heap. How many networks there
 * may be is bounded by where they go, see {@link RuleMemory}. Runs in the mother, beside her loop,
 * and in commands.
 */
final class NetworkListFile {

  private static final int MOST_REPORTED = 20;

  /** A file with so many wrong lines is something else. */
  private static final int MOST_WRONG = 10_000;

  /** 64 bytes a line for as many networks as there may be. */
  private static final long MOST_BYTES = 64L * RuleMemory.MOST_NETWORKS;

  private static final byte[] MARK = {(byte) 0xef, (byte) 0xbb, (byte) 0xbf};

  private static final int LONGEST_LINE = 4096;

  private final String shown;
  private final NetworkSetBuilder into;
  private final Problems problems;
  private final byte[] buffer = new byte[LONGEST_LINE + RegularFile.BLOCK];
  private int line = 1;
  private int wrong;

  private NetworkListFile(String shown, NetworkSetBuilder into, Problems problems) {
    this.shown = shown;
    this.into = into;
    this.problems = problems;
  }

  /**
   * Adds every network of the file; reports the first lines that hold something else.
   *
   * @param shown the file's name in messages
   * @throws InvalidValueException when the file cannot be read, or is too large
   */
  static void read(Path file, String shown, NetworkSetBuilder into, Problems problems) {
    try (RegularFile open = RegularFile.open(file)) {
      new NetworkListFile(shown, into, problems).read(open);
    } catch (InvalidValueException e) {
      throw new InvalidValueException("the list " + shown + " cannot be read: " + e.getMessage());
    }
  }

  private void read(RegularFile open) {
    int held = 0;
    long total = 0;
    int read;
    while ((read = open.read(buffer, held)) >= 0) {
      total += read;
      if (total > MOST_BYTES) {
        throw new InvalidValueException("is larger than " + (MOST_BYTES >> 20) + " MiB");
      }
      held = lines(held + read);
      if (wrong > MOST_WRONG) {
        break;
      }
    }
    take(0, held);
    if (wrong > MOST_REPORTED) {
      int count = wrong - MOST_REPORTED;
      String more =
          "and "
              + (wrong > MOST_WRONG ? "more than " : "")
              + count
              + " more lines that are not networks";
      problems.add(shown, 0, more, Problem.Severity.ERROR);
    }
  }

  /** Takes the whole lines of the buffer; what is left of it stands at its beginning then. */
  private int lines(int end) {
    int start = 0;
    for (int at = 0; at < end; at++) {
      if (buffer[at] == '\n') {
        take(start, at);
        line++;
        start = at + 1;
      }
    }
    if (end - start > LONGEST_LINE) {
      throw new InvalidValueException("line " + line + " is longer than 4096 bytes");
    }
    System.arraycopy(buffer, start, buffer, 0, end - start);
    return end - start;
  }

  private void take(int start, int end) {
    String problem;
    try {
      problem = network(start, end);
    } catch (InvalidValueException e) {
      throw new InvalidValueException("line " + line + ": " + e.getMessage());
    }
    if (problem != null && ++wrong <= MOST_REPORTED) {
      problems.add(shown, line, problem, Problem.Severity.ERROR);
    }
  }

  /** Editors of other systems begin a text with a byte order mark. */
  private boolean hasMark(int start, int end) {
    int mark = start + MARK.length;
    return mark <= end && Arrays.equals(buffer, start, mark, MARK, 0, MARK.length);
  }

  /** Adds what one line holds; the problem with it, or null. */
  private String network(int start, int end) {
    int from = line == 1 && hasMark(start, end) ? start + MARK.length : start;
    int to = from;
    while (to < end && buffer[to] != '#') {
      to++;
    }
    while (from < to && isBlank(buffer[from])) {
      from++;
    }
    while (to > from && isBlank(buffer[to - 1])) {
      to--;
    }
    return from == to ? null : into.add(buffer, from, to);
  }

  private static boolean isBlank(byte b) {
    return b == ' ' || b == '\t' || b == '\r';
  }
}
