package org.portbouncer.core.sys;

/**
 * Text that comes from outside, a path or what a peer or a worker says, on its way to where people
 * read: characters that are not seen, but move a cursor, begin a line, turn the direction of
 * writing or tell a terminal what to do, are written as what they are, such as {@code \n} and
 * {@code \u001b}. In every process.
 */
public final class Printable {

  private Printable() {}

  /** The text, with what cannot be seen made visible; the same object where there is nothing. */
  public static String of(String text) {
    for (int i = 0; i < text.length(); i += Character.charCount(text.codePointAt(i))) {
      if (hidden(text.codePointAt(i))) {
        return escaped(text);
      }
    }
    return text;
  }

  private static String escaped(String text) {
    StringBuilder visible = new StringBuilder(text.length() + 16);
    for (int i = 0; i < text.length(); i += Character.charCount(text.codePointAt(i))) {
      int c = text.codePointAt(i);
      if (hidden(c)) {
        visible.append(escape(c));
      } else {
        visible.appendCodePoint(c);
      }
    }
    return visible.toString();
  }

  /** Whether a character is not seen where it is written. */
  public static boolean hidden(int c) {
    if (c < 0x7f) {
      return c < ' ';
    }
    return switch (Character.getType(c)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR,
          Character.SURROGATE ->
          true;
      default -> false;
    };
  }

  private static String escape(int c) {
    return switch (c) {
      case '\n' -> "\\n";
      case '\r' -> "\\r";
      case '\t' -> "\\t";
      default -> code(c);
    };
  }

  /** A character by its number, as JSON and Java write it. */
  public static String code(int c) {
    StringBuilder units = new StringBuilder();
    for (char unit : Character.toChars(c)) {
      units.append(String.format("\\u%04x", (int) unit));
    }
    return units.toString();
  }
}
