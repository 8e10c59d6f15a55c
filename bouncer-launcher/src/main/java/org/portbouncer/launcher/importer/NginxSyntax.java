package org.portbouncer.launcher.importer;

import java.io.IOException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** Takes nginx's files apart, and puts what they include in its place. One reads one file. */
final class NginxSyntax {

  private static final int DEEPEST = 16;

  private final Path main;
  private final SourceFile file;
  private final int depth;
  private final String text;
  private int at;
  private int line = 1;

  private NginxSyntax(Path main, Path file, int depth) throws UnreadableException {
    this.main = main;
    this.file = SourceFile.read(file);
    this.depth = depth;
    text = this.file.text();
  }

  static List<NginxDirective> read(Path main) throws UnreadableException {
    return new NginxSyntax(main, main, 0).all();
  }

  private List<NginxDirective> all() throws UnreadableException {
    List<NginxDirective> directives = block();
    if (at < text.length()) {
      throw new UnreadableException(file.origin(line, "}"), "a '}' too many");
    }
    return directives;
  }

  /** Directives up to a closing brace, which is not taken, or the end. */
  private List<NginxDirective> block() throws UnreadableException {
    List<NginxDirective> directives = new ArrayList<>();
    while (true) {
      skip();
      if (at >= text.length() || text.charAt(at) == '}') {
        return directives;
      }
      directive(directives);
    }
  }

  private void directive(List<NginxDirective> into) throws UnreadableException {
    int first = line;
    List<String> words = new ArrayList<>();
    while (true) {
      skip();
      if (at >= text.length()) {
        throw new UnreadableException(
            file.origin(first, String.join(" ", words)), "a ';' or '}' is missing at the end");
      }
      char c = text.charAt(at);
      if (c == ';' || c == '{' || c == '}') {
        break;
      }
      words.add(word());
    }
    Origin origin = file.origin(first, String.join(" ", words));
    char end = text.charAt(at);
    if (words.isEmpty() || end == '}') {
      throw new UnreadableException(origin, "'" + end + "' is out of place");
    }
    at++;
    String name = words.removeFirst();
    List<NginxDirective> block = null;
    if (end == '{') {
      block = block();
      if (at >= text.length()) {
        throw new UnreadableException(origin, "its '}' is missing");
      }
      at++;
    }
    if (name.equals("include") && words.size() == 1 && block == null) {
      include(origin, words.getFirst(), into);
    } else {
      into.add(new NginxDirective(origin, name, List.copyOf(words), block));
    }
  }

  private void include(Origin origin, String pattern, List<NginxDirective> into)
      throws UnreadableException {
    if (depth == DEEPEST) {
      throw new UnreadableException(origin, "files include each other");
    }
    Path folder = main.toAbsolutePath().getParent();
    Path path = folder.resolve(pattern).normalize();
    boolean wild = pattern.matches(".*[*?\\[].*");
    for (Path one : wild ? matching(path) : List.of(path)) {
      into.addAll(new NginxSyntax(main, one, depth + 1).all());
    }
  }

  private static List<Path> matching(Path pattern) {
    PathMatcher matcher = FileSystems.getDefault().getPathMatcher("glob:" + pattern);
    try (Stream<Path> files = Files.list(pattern.getParent())) {
      return files.filter(matcher::matches).sorted().toList();
    } catch (IOException none) {
      return List.of();
    }
  }

  private void skip() {
    while (at < text.length()) {
      char c = text.charAt(at);
      if (c == '#') {
        while (at < text.length() && text.charAt(at) != '\n') {
          at++;
        }
      } else if (Character.isWhitespace(c)) {
        step();
      } else {
        return;
      }
    }
  }

  private void step() {
    if (text.charAt(at++) == '\n') {
      line++;
    }
  }

  private String word() throws UnreadableException {
    char quote = text.charAt(at);
    boolean quoted = quote == '"' || quote == '\'';
    int first = line;
    StringBuilder word = new StringBuilder();
    if (quoted) {
      at++;
    }
    while (at < text.length()) {
      char c = text.charAt(at);
      if (quoted && c == quote) {
        at++;
        return word.toString();
      }
      if (!quoted && (Character.isWhitespace(c) || c == ';' || c == '{' && !isVariable())) {
        return word.toString();
      }
      if (c == '\\' && at + 1 < text.length()) {
        at++;
      }
      word.append(text.charAt(at));
      step();
    }
    if (quoted) {
      throw new UnreadableException(
          file.origin(first, word.toString()), "the closing " + quote + " is missing");
    }
    return word.toString();
  }

  private boolean isVariable() {
    return at > 0 && text.charAt(at - 1) == '$';
  }
}
