package org.portbouncer.launcher.importer;

import java.util.List;
import java.util.stream.Collectors;

/** Values as bouncer.conf has them. */
final class Hocon {

  private Hocon() {}

  static String text(String text) {
    StringBuilder quoted = new StringBuilder("\"");
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '"' || c == '\\') {
        quoted.append('\\').append(c);
      } else if (c < ' ') {
        quoted.append(String.format("\\u%04x", (int) c));
      } else {
        quoted.append(c);
      }
    }
    return quoted.append('"').toString();
  }

  /** One text, or a list of several. */
  static String texts(List<String> texts) {
    return texts.size() == 1
        ? text(texts.getFirst())
        : texts.stream().map(Hocon::text).collect(Collectors.joining(", ", "[", "]"));
  }

  /** Milliseconds in the largest unit that holds them whole. */
  static String duration(long millis) {
    if (millis % 1000 != 0) {
      return millis + "ms";
    }
    long seconds = millis / 1000;
    if (seconds == 0 || seconds % 60 != 0) {
      return seconds + "s";
    }
    return seconds % 3600 == 0 ? seconds / 3600 + "h" : seconds / 60 + "m";
  }
}
