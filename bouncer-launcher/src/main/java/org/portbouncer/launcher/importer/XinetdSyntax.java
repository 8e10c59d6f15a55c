package org.portbouncer.launcher.importer;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Takes xinetd's files apart, line by line, with those they include. */
final class XinetdSyntax {

  private static final int DEEPEST = 16;
  private static final Pattern HEAD =
      Pattern.compile("(service|include|includedir)\\s+(\\S+).*|(defaults)");
  private static final Pattern ATTRIBUTE = Pattern.compile("(\\w+)\\s*([+-]?=)\\s*(.*)");

  private final List<XinetdEntry> entries = new ArrayList<>();

  private XinetdSyntax() {}

  /** All entries in the order in which xinetd comes to them. */
  static List<XinetdEntry> read(Path file) throws UnreadableException {
    XinetdSyntax syntax = new XinetdSyntax();
    syntax.file(file, 0);
    return syntax.entries;
  }

  private void file(Path path, int depth) throws UnreadableException {
    SourceFile file = SourceFile.read(path);
    if (depth == DEEPEST) {
      throw new UnreadableException(path + ": files include each other");
    }
    List<Origin> lines = new ArrayList<>();
    List<String> texts = file.lines();
    for (int i = 0; i < texts.size(); i++) {
      String text = texts.get(i).strip();
      if (!text.isEmpty() && !text.startsWith("#")) {
        lines.add(file.origin(i + 1, text));
      }
    }
    for (int at = 0; at < lines.size(); at++) {
      Matcher head = HEAD.matcher(lines.get(at).text());
      if (!head.matches()) {
        throw new UnreadableException(
            lines.get(at), "'service', 'defaults', 'include' or 'includedir' is expected");
      }
      String word = head.group(1) == null ? "defaults" : head.group(1);
      if (word.equals("include")) {
        file(Path.of(head.group(2)), depth + 1);
      } else if (word.equals("includedir")) {
        for (Path one : folder(Path.of(head.group(2)))) {
          file(one, depth + 1);
        }
      } else {
        at = entry(lines, at, head.group(2) == null ? "" : head.group(2));
      }
    }
  }

  /** Files whose name has a dot, or ends with ~, are left alone. */
  private static List<Path> folder(Path folder) {
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .filter(Files::isRegularFile)
          .filter(file -> !file.getFileName().toString().matches(".*[.].*|.*~"))
          .sorted()
          .toList();
    } catch (IOException none) {
      return List.of();
    }
  }

  /** Reads an entry from its head on; returns where its last line is. */
  private int entry(List<Origin> lines, int head, String service) throws UnreadableException {
    Origin origin = lines.get(head);
    if (head + 1 >= lines.size() || !lines.get(head + 1).text().equals("{")) {
      throw new UnreadableException(origin, "a line with '{' alone is expected behind it");
    }
    List<XinetdEntry.Attribute> attributes = new ArrayList<>();
    for (int at = head + 2; at < lines.size(); at++) {
      Origin line = lines.get(at);
      if (line.text().equals("}")) {
        entries.add(new XinetdEntry(origin, service, attributes));
        return at;
      }
      Matcher words = ATTRIBUTE.matcher(line.text());
      if (!words.matches()) {
        throw new UnreadableException(line, "'NAME = VALUE' is expected");
      }
      String values = words.group(3).strip();
      attributes.add(
          new XinetdEntry.Attribute(
              line,
              words.group(1),
              words.group(2),
              values.isEmpty() ? List.of() : List.of(values.split("\\s+", -1))));
    }
    throw new UnreadableException(origin, "its '}' is missing");
  }
}
