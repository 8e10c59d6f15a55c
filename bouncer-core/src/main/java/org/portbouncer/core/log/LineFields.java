package org.portbouncer.core.log;

import org.portbouncer.core.sys.Printable;

/**
 * The fields of the lines of an {@link AccessLog}, in logfmt or as JSON, straight into its buffer.
 * On the thread that writes the log.
 */
final class LineFields {

  private final LineBuffer line;
  private boolean json;
  private boolean first;

  LineFields(LineBuffer line) {
    this.line = line;
  }

  /** Begins a line's fields. */
  void begin(boolean json) {
    this.json = json;
    first = true;
    if (json) {
      line.put((byte) '{');
    }
  }

  /** Ends them. */
  void end() {
    if (json) {
      line.put((byte) '}');
    }
  }

  /** What comes next is its value. */
  void key(String name) {
    if (json) {
      line.put(first ? "\"" : ",\"");
      line.put(name);
      line.put("\":");
    } else {
      if (!first) {
        line.put((byte) ' ');
      }
      line.put(name);
      line.put((byte) '=');
    }
    first = false;
  }

  /** Begins or ends a value that has quotes in JSON alone. */
  void quote() {
    if (json) {
      line.put((byte) '"');
    }
  }

  /** A number; one below 0 is 0. */
  void number(String name, long value) {
    key(name);
    line.put(Math.max(0, value));
  }

  /** A text; an empty one is `-` in logfmt and null in JSON. */
  void text(String name, String value) {
    key(name);
    if (value.isEmpty()) {
      line.put(json ? "null" : "-");
    } else if (json || needsQuotes(value)) {
      quoted(value);
    } else {
      line.put(value);
    }
  }

  private static boolean needsQuotes(String value) {
    for (int i = 0; i < value.length(); i++) {
      char c = value.charAt(i);
      if (c <= ' ' || c == '"' || c == '=' || c == '\\' || Printable.hidden(c)) {
        return true;
      }
    }
    return false;
  }

  /** A text in quotes, whatever it is. */
  void quoted(String value) {
    line.put((byte) '"');
    for (int i = 0; i < value.length(); i += Character.charCount(value.codePointAt(i))) {
      int c = value.codePointAt(i);
      if (c == '"' || c == '\\') {
        line.put((byte) '\\');
      }
      if (Printable.hidden(c)) {
        line.put(Printable.code(c));
      } else {
        line.putCodePoint(c);
      }
    }
    line.put((byte) '"');
  }
}
