package org.portbouncer.core.config;

import java.nio.charset.StandardCharsets;

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
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c != '\\') {
        int point = text.codePointAt(i);
        for (byte b : Character.toString(point).getBytes(StandardCharsets.UTF_8)) {
          bytes.append((char) (b & 0xff));
        }
        i += Character.charCount(point) - 1;
        continue;
      }
      char next = i + 1 < text.length() ? text.charAt(i + 1) : 0;
      switch (next) {
        case 'r' -> bytes.append('\r');
        case 'n' -> bytes.append('\n');
        case 't' -> bytes.append('\t');
        case '\\' -> bytes.append('\\');
        case 'x' -> {
          String hex = text.substring(i + 2, Math.min(i + 4, text.length()));
          if (!hex.matches("[0-9A-Fa-f]{2}")) {
            throw new InvalidValueException(
                "'\\x" + hex + "' is not \\x and two hexadecimal digits");
          }
          bytes.append((char) Integer.parseInt(hex, 16));
          i += 2;
        }
        default ->
            throw new InvalidValueException(
                "'\\" + (next == 0 ? "" : next) + "' is none of \\r, \\n, \\t, \\\\ and \\xHH");
      }
      i++;
    }
    return bytes.toString();
  }
}
