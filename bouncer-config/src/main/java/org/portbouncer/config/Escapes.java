package org.portbouncer.config;

import java.nio.charset.StandardCharsets;
import org.portbouncer.core.config.InvalidValueException;

/** Texts that stand for bytes. Runs in the mother and in commands. */
final class Escapes {

  private Escapes() {}

  /**
   * The bytes that a text stands for, each as a char: {@code \r}, {@code \n}, {@code \t}, {@code
   * \\} and {@code \xHH} are one byte, anything else is UTF-8. What the configuration's own quotes
   * have made of an escape already is as good.
   */
  static String bytes(String text) {
    StringBuilder bytes = new StringBuilder();
    int at = 0;
    while (at < text.length()) {
      at += text.charAt(at) == '\\' ? escape(text, at + 1, bytes) : plain(text, at, bytes);
    }
    return bytes.toString();
  }

  /** Appends the bytes of one character; returns how many chars of the text it has. */
  private static int plain(String text, int at, StringBuilder bytes) {
    int point = text.codePointAt(at);
    for (byte b : Character.toString(point).getBytes(StandardCharsets.UTF_8)) {
      bytes.append((char) (b & 0xff));
    }
    return Character.charCount(point);
  }

  /** Appends what the letter behind a backslash stands for; returns how many chars both have. */
  private static int escape(String text, int at, StringBuilder bytes) {
    char letter = at < text.length() ? text.charAt(at) : 0;
    switch (letter) {
      case 'r' -> bytes.append('\r');
      case 'n' -> bytes.append('\n');
      case 't' -> bytes.append('\t');
      case '\\' -> bytes.append('\\');
      case 'x' -> {
        String hex = text.substring(at + 1, Math.min(at + 3, text.length()));
        if (!hex.matches("[0-9A-Fa-f]{2}")) {
          throw new InvalidValueException("'\\x" + hex + "' is not \\x and two hexadecimal digits");
        }
        bytes.append((char) Integer.parseInt(hex, 16));
        return 4;
      }
      default ->
          throw new InvalidValueException(
              "'\\" + (letter == 0 ? "" : letter) + "' is none of \\r, \\n, \\t, \\\\ and \\xHH");
    }
    return 2;
  }
}
