package org.portbouncer.config;

import java.util.ArrayList;
import java.util.List;

/**
 * Which keys a HOCON text writes where. The parser merges blocks of one name and forgets that there
 * were two; and of a block that is not closed it knows the end of the file alone. Reads any text to
 * its end, and makes the best of one that is no HOCON. In the mother and in commands.
 */
final class Outline {

  /**
   * A key and its line.
   *
   * @param path with the keys of the blocks around it
   * @param plain whether it is given a value of its own: not added to, not from the environment
   */
  record Key(List<String> path, int line, boolean plain) {}

  /**
   * An include.
   *
   * @param path of the block around it
   * @param what the text in quotes
   */
  record Include(List<String> path, String what) {}

  private static final int DEEPEST = 100;

  /** What stands in a path for an element of a list. */
  private static final String ELEMENT = "[]";

  private final String text;
  private final List<Key> keys = new ArrayList<>();
  private final List<Include> includes = new ArrayList<>();
  private final List<Integer> open = new ArrayList<>();
  private final List<Integer> merged = new ArrayList<>();
  private int at;
  private int line = 1;

  private Outline(String text) {
    this.text = text;
  }

  /** The outline of a text. */
  static Outline of(String text) {
    Outline outline = new Outline(text);
    outline.skip(true);
    if (outline.peek() == '{') {
      outline.at++;
    }
    while (outline.at < text.length()) {
      outline.block(List.of());
      outline.next();
    }
    return outline;
  }

  List<Key> keys() {
    return keys;
  }

  List<Include> includes() {
    return includes;
  }

  /** The lines where in a list a block follows another without a comma: HOCON makes them one. */
  List<Integer> merged() {
    return merged;
  }

  /** The line of the block that was opened last of those that are not closed; 0 for none. */
  int unclosed() {
    return open.isEmpty() ? 0 : open.getLast();
  }

  private char peek() {
    return at < text.length() ? text.charAt(at) : 0;
  }

  private boolean ahead(String word) {
    return text.startsWith(word, at);
  }

  private void next() {
    if (peek() == '\n') {
      line++;
    }
    at++;
  }

  /** Passes over blanks and comments, and what separates keys where that is wanted. */
  private void skip(boolean separators) {
    while (at < text.length()) {
      char c = peek();
      if (c == '#' || ahead("//")) {
        while (at < text.length() && peek() != '\n') {
          at++;
        }
      } else if (c == '\n' || c == ',' ? separators : Character.isWhitespace(c) || c == '\uFEFF') {
        next();
      } else {
        return;
      }
    }
  }

  /** The keys up to the brace that closes the block, or the end. */
  private void block(List<String> path) {
    while (at < text.length()) {
      skip(true);
      int before = at;
      if (at >= text.length() || peek() == '}') {
        return;
      }
      if (ahead("include") && text.substring(at).matches("(?s)include[ (\"].*")) {
        include(path);
      } else {
        key(path);
      }
      if (at == before) {
        next();
      }
    }
  }

  private void include(List<String> path) {
    while (at < text.length() && peek() != '"' && peek() != '\n') {
      at++;
    }
    if (peek() == '"') {
      includes.add(new Include(path, quoted()));
    }
    while (peek() == ')') {
      at++;
    }
  }

  private void key(List<String> around) {
    int began = line;
    List<String> path = new ArrayList<>(around);
    StringBuilder element = new StringBuilder();
    while (at < text.length() && "=:{}[]+,\n#".indexOf(peek()) < 0) {
      if (peek() == '"') {
        element.append(quoted());
      } else if (peek() == '.') {
        path.add(element.toString().strip());
        element.setLength(0);
        at++;
      } else {
        element.append(peek());
        at++;
      }
    }
    path.add(element.toString().strip());
    boolean adds = peek() == '+';
    if (adds) {
      at++;
    }
    if (peek() == '=' || peek() == ':') {
      at++;
      skip(false);
      while (peek() == '\n') {
        skip(true);
      }
    } else if (peek() != '{') {
      return;
    }
    boolean substituted = ahead("${?");
    int index = keys.size();
    keys.add(new Key(path, began, !adds && !substituted));
    if (!value(path) && substituted) {
      keys.set(index, new Key(path, began, false));
    }
  }

  /**
   * Passes over a value.
   *
   * @return whether there is a block in it
   */
  private boolean value(List<String> path) {
    boolean block = false;
    while (at < text.length()) {
      skip(false);
      char c = peek();
      if (c == '\n' || c == ',' || c == '}' || c == ']') {
        return block;
      }
      if (ahead("${")) {
        while (at < text.length() && peek() != '}') {
          next();
        }
        at++;
      } else if (c == '{') {
        if (block && path.getLast().equals(ELEMENT)) {
          merged.add(line);
        }
        braces(path);
        block = true;
      } else if (c == '[') {
        at++;
        list(path);
      } else if (c == '"') {
        quoted();
      } else {
        next();
      }
    }
    return block;
  }

  private void braces(List<String> path) {
    open.add(line);
    at++;
    if (path.size() < DEEPEST) {
      block(path);
    }
    if (peek() == '}') {
      open.removeLast();
      at++;
    }
  }

  private void list(List<String> path) {
    List<String> inside = new ArrayList<>(path);
    inside.add(ELEMENT);
    while (at < text.length()) {
      skip(true);
      if (peek() == ']' || peek() == '}') {
        at += peek() == ']' ? 1 : 0;
        return;
      }
      int before = at;
      value(inside);
      if (at == before) {
        next();
      }
    }
  }

  /** A text in quotes, one or three. */
  private String quoted() {
    String mark = ahead("\"\"\"") ? "\"\"\"" : "\"";
    at += mark.length();
    int from = at;
    while (at < text.length() && !ahead(mark) && (mark.length() > 1 || peek() != '\n')) {
      if (peek() == '\\' && mark.length() == 1) {
        at++;
      }
      next();
    }
    String inside = text.substring(Math.min(from, text.length()), Math.min(at, text.length()));
    if (ahead(mark)) {
      at += mark.length();
    }
    return inside;
  }
}
