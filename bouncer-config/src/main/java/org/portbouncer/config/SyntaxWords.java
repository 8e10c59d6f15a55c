package org.portbouncer.config;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What the parser says of a text that is no HOCON, in words for whoever wrote it. In the mother and
 * in commands.
 */
final class SyntaxWords {

  private static final String QUOTES =
      "a text with ':', '=', ',', '[' or '#' in it needs quotes, as in \"127.0.0.1:8080\"";

  /** The character that was not expected. */
  private static final Pattern GOT = Pattern.compile("(?:got|token:) '(.)'");

  private SyntaxWords() {}

  /**
   * @param message the parser's
   * @param text the file's
   */
  static String of(String message, String text) {
    int unclosed = message.contains("not: end of file") ? Outline.of(text).unclosed() : 0;
    if (unclosed > 0) {
      return "the file ends, and a '}' is missing: the block of line " + unclosed + " is open";
    }
    Matcher got = GOT.matcher(message);
    if (!got.find() || message.startsWith("unbalanced")) {
      return message.replaceFirst(" \\(if you intended.*", "");
    }
    String what = got.group(1);
    if (message.startsWith("List should have ] or a first element")) {
      return "'[' begins a list, and '" + what + "' cannot be its first element; " + QUOTES;
    }
    if (message.startsWith("List should have ended")) {
      return "a list is not closed by ']' before '" + what + "'; " + QUOTES;
    }
    return "'" + what + "' is out of place: " + QUOTES + "; else a ',' or a '\"' is missing before";
  }
}
