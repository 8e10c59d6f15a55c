package org.portbouncer.launcher.importer;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * Takes barefootd.conf apart, whose grammar is Dante's: settings of one line, and rules with braces
 * in which a word with a colon at its end begins the next part.
 */
final class BarefootSyntax {

  private static final Pattern KEY = Pattern.compile("[A-Za-z][A-Za-z0-9_.-]*:");

  /** A setting, or a part of a rule: its key without the colon, and the words behind it. */
  record Part(Origin origin, String key, List<String> words) {

    String word(int number) {
      return number < words.size() ? words.get(number) : "";
    }
  }

  /** A rule; its kind is what stands before the brace, as in "client pass". */
  record Block(Origin origin, String kind, List<Part> parts) {

    /** The last part with that key; null where there is none. */
    Part last(String key) {
      return parts.reversed().stream()
          .filter(part -> part.key().equals(key))
          .findFirst()
          .orElse(null);
    }
  }

  private record Word(Origin origin, String text) {}

  final List<Part> settings = new ArrayList<>();
  final List<Block> rules = new ArrayList<>();
  private final List<Word> words = new ArrayList<>();
  private int at;

  private BarefootSyntax() {}

  static BarefootSyntax read(Path path) throws UnreadableException {
    SourceFile file = SourceFile.read(path);
    BarefootSyntax syntax = new BarefootSyntax();
    List<String> lines = file.lines();
    for (int i = 0; i < lines.size(); i++) {
      String text = lines.get(i).replaceFirst("#.*", "");
      Origin origin = file.origin(i + 1, text);
      String apart = text.replaceAll("([{}=])", " $1 ").replaceAll("([<>!]) *= ", " $1= ").strip();
      for (String word : apart.split("\\s+", -1)) {
        if (!word.isEmpty()) {
          syntax.words.add(new Word(origin, word));
        }
      }
    }
    syntax.all();
    return syntax;
  }

  private void all() throws UnreadableException {
    while (at < words.size()) {
      Word first = words.get(at);
      if (KEY.matcher(first.text()).matches()) {
        settings.add(setting());
      } else {
        rules.add(block(first));
      }
    }
  }

  /** Up to the end of its line. */
  private Part setting() {
    Word key = words.get(at++);
    List<String> values = new ArrayList<>();
    while (at < words.size() && words.get(at).origin().line() == key.origin().line()) {
      values.add(words.get(at++).text());
    }
    return new Part(key.origin(), bare(key), List.copyOf(values));
  }

  private static String bare(Word key) {
    return key.text().substring(0, key.text().length() - 1);
  }

  private Block block(Word first) throws UnreadableException {
    StringBuilder kind = new StringBuilder(first.text());
    at++;
    while (at < words.size() && !words.get(at).text().equals("{")) {
      kind.append(' ').append(words.get(at++).text());
      if (kind.length() > 40) {
        break;
      }
    }
    if (at >= words.size() || !words.get(at).text().equals("{")) {
      throw new UnreadableException(
          first.origin(), "a setting with ':' or a rule with '{' is expected");
    }
    at++;
    List<Part> parts = new ArrayList<>();
    while (at < words.size() && !words.get(at).text().equals("}")) {
      parts.add(part());
    }
    if (at++ >= words.size()) {
      throw new UnreadableException(first.origin(), "its '}' is missing");
    }
    return new Block(first.origin(), kind.toString(), parts);
  }

  /** Up to the next key, or the brace. */
  private Part part() throws UnreadableException {
    Word key = words.get(at++);
    String name = key.text();
    if (name.equals("bounce") && at < words.size() && words.get(at).text().equals("to:")) {
      name = "bounce to:";
      at++;
    }
    if (!name.endsWith(":")) {
      throw new UnreadableException(
          key.origin(), "'" + name + "' stands where a word with ':' is expected");
    }
    List<String> values = new ArrayList<>();
    while (at < words.size() && !ends(at)) {
      values.add(words.get(at++).text());
    }
    return new Part(key.origin(), name.substring(0, name.length() - 1), List.copyOf(values));
  }

  private boolean ends(int place) {
    String text = words.get(place).text();
    boolean bounce =
        text.equals("bounce")
            && place + 1 < words.size()
            && words.get(place + 1).text().equals("to:");
    return text.equals("}") || bounce || KEY.matcher(text).matches();
  }
}
