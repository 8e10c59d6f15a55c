package org.portbouncer.launcher.importer;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Takes haproxy.cfg apart: words with their quotes, lines, sections. */
final class HaproxySyntax {

  private static final Set<String> KINDS =
      Set.of(
          "global",
          "defaults",
          "listen",
          "frontend",
          "backend",
          "peers",
          "resolvers",
          "userlist",
          "mailers",
          "cache",
          "program",
          "ring",
          "http-errors",
          "fcgi-app",
          "crt-store",
          "log-profile",
          "log-forward",
          "acme",
          "traces");

  private final List<HaproxySection> sections = new ArrayList<>();

  private HaproxySyntax() {}

  static List<HaproxySection> read(Path path) throws UnreadableException {
    HaproxySyntax syntax = new HaproxySyntax();
    SourceFile file = SourceFile.read(path);
    List<String> lines = file.lines();
    for (int i = 0; i < lines.size(); i++) {
      Origin origin = file.origin(i + 1, lines.get(i));
      List<String> words = words(origin, lines.get(i));
      if (!words.isEmpty()) {
        syntax.line(origin, words);
      }
    }
    return syntax.sections;
  }

  private void line(Origin origin, List<String> words) throws UnreadableException {
    String first = words.getFirst();
    if (first.startsWith(".")) {
      throw new UnreadableException(
          origin, "is decided when HAProxy starts: write out what holds, and import that");
    }
    if (KINDS.contains(first)) {
      String name = words.size() > 1 ? words.get(1) : "";
      sections.add(new HaproxySection(origin, first, name, defaults(origin, words)));
    } else if (sections.isEmpty()) {
      throw new UnreadableException(origin, "stands in no section; is this haproxy.cfg?");
    } else {
      sections.getLast().lines.add(new HaproxySection.Line(origin, words));
    }
  }

  /** The last defaults before a section, or those it names. */
  private HaproxySection defaults(Origin origin, List<String> words) throws UnreadableException {
    String kind = words.getFirst();
    int from = words.indexOf("from");
    String wanted = from > 0 && from + 1 < words.size() ? words.get(from + 1) : null;
    if (kind.equals("defaults") && wanted == null || kind.equals("global")) {
      return null;
    }
    for (HaproxySection section : sections.reversed()) {
      if (section.kind.equals("defaults") && (wanted == null || section.name.equals(wanted))) {
        return section;
      }
    }
    if (wanted != null) {
      throw new UnreadableException(origin, "there are no defaults '" + wanted + "' above");
    }
    return null;
  }

  /** Words of a line: quotes hold them together, a backslash takes the next sign as it is. */
  static List<String> words(Origin origin, String text) throws UnreadableException {
    List<String> words = new ArrayList<>();
    StringBuilder word = null;
    char quote = 0;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (quote != 0 && c == quote) {
        quote = 0;
      } else if (quote == 0 && c == '#') {
        break;
      } else if (quote == 0 && Character.isWhitespace(c)) {
        if (word != null) {
          words.add(word.toString());
        }
        word = null;
      } else {
        word = word == null ? new StringBuilder() : word;
        if (quote == 0 && (c == '"' || c == '\'')) {
          quote = c;
        } else if (c == '\\' && quote != '\'' && i + 1 < text.length()) {
          char next = text.charAt(++i);
          word.append(
              switch (next) {
                case 'r' -> '\r';
                case 'n' -> '\n';
                case 't' -> '\t';
                default -> next;
              });
        } else {
          word.append(c);
        }
      }
    }
    if (quote != 0) {
      throw new UnreadableException(origin, "the closing " + quote + " is missing");
    }
    if (word != null) {
      words.add(word.toString());
    }
    return words;
  }
}
