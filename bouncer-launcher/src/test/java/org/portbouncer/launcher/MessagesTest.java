package org.portbouncer.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Warnings, errors and the reasons why a start fails, as they stand in the sources of all modules:
 * an operator who looks one up in docs/operating.md, "When something is wrong" and elsewhere there,
 * finds it in the first column of a table.
 */
class MessagesTest {
  private static final Path ROOT = Path.of("..");

  /** A call that says something, up to the end of its statement. */
  private static final Pattern SAID =
      Pattern.compile(
          "(?:\\b(?:LOG|log(?:\\(\\))?)\\s*\\.\\s*(?:warn|error)|new StartException)\\("
              + "((?:\"(?:[^\"\\\\]|\\\\.)*\"|[^\";])*);");

  private static final Pattern TEXT = Pattern.compile("\"((?:[^\"\\\\]|\\\\.)*)\"");
  private static final Pattern QUOTED = Pattern.compile("`([^`]+)`");

  /** Where something is put in: in the sources, and in the documents. */
  private static final String PLACES = "\\{\\}|%\\w|…|\\bN\\b";

  /** A piece of a message that is shorter, or one word, could stand anywhere. */
  private static final int TELLING = 12;

  private record Message(String file, String text) {}

  private static List<Message> messages() throws IOException {
    List<Message> all = new ArrayList<>();
    try (Stream<Path> files = Files.walk(ROOT)) {
      for (Path file :
          files.filter(each -> each.toString().matches(".*/src/main/java/.*\\.java")).toList()) {
        SAID.matcher(Files.readString(file))
            .results()
            .map(said -> new Message(file.getFileName().toString(), joined(said.group(1))))
            .forEach(all::add);
      }
    }
    return all;
  }

  /** Its texts, with a place where something else stands between them. */
  private static String joined(String arguments) {
    StringBuilder all = new StringBuilder();
    int[] end = {0};
    TEXT.matcher(arguments)
        .results()
        .forEach(
            text -> {
              boolean goesOn = arguments.substring(end[0], text.start()).matches("\\s*\\+?\\s*");
              all.append(goesOn ? "" : "{}").append(text.group(1));
              end[0] = text.end();
            });
    return all.toString();
  }

  private static List<String> pieces(String text) {
    return Stream.of(text.split(PLACES, -1))
        .map(piece -> piece.replaceAll("^[ ;:,.()'\"]+|[ ;:,.()'\"]+$", ""))
        .filter(piece -> piece.length() >= TELLING && piece.contains(" "))
        .toList();
  }

  /** What stands in first columns. */
  private static List<String> documented() throws IOException {
    return Files.readAllLines(ROOT.resolve("docs/operating.md")).stream()
        .filter(line -> line.startsWith("| "))
        .map(line -> line.split(" \\| ", 2)[0])
        .flatMap(cell -> QUOTED.matcher(cell).results().map((MatchResult text) -> text.group(1)))
        .toList();
  }

  @Test
  void shouldBeExplainedInTheDocuments() throws IOException {
    List<String> documented = documented();
    List<String> known = documented.stream().flatMap(text -> pieces(text).stream()).toList();
    List<Message> messages = messages();
    assertThat(messages).as("in all modules").hasSizeGreaterThan(60);
    assertThat(messages)
        .filteredOn(message -> !pieces(message.text()).isEmpty())
        .filteredOn(message -> known.stream().noneMatch(message.text()::contains))
        .filteredOn(
            message ->
                pieces(message.text()).stream()
                    .noneMatch(piece -> documented.stream().anyMatch(text -> text.contains(piece))))
        .as("told and not explained in docs/operating.md")
        .isEmpty();
  }
}
