package org.portbouncer.launcher.docs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.portbouncer.core.session.Cause;

/**
 * Whatever keeps a server from starting, refuses a command, ends a session, is wrong with a
 * configuration or is told at level INFO stands in the documents; MessagesTest has warnings and
 * errors of the log. Looked for is the longest part of each message that does not differ from time
 * to time.
 */
class FailuresTest {

  /** Where a message begins: what follows the bracket are its arguments. */
  private static final Pattern SAID =
      Pattern.compile(
          "new (?:Start|(?:Sockets)?Refused|InvalidValue|BadRequest|Command|Parameter|NoServer"
              + "|TypeConversion|NoTerminal|Unreadable|Shortage|TooLong|TimedOut|Malformed)"
              + "Exception\\(|\\b(?:LOG|log)\\s*\\.\\s*info\\(");

  /** What is wrong with a configuration, in its own package. */
  private static final Pattern FOUND = Pattern.compile("\\.\\s*(?:error|warn)\\(");

  private static final Pattern LITERAL = Pattern.compile("\"((?:[^\"\\\\]|\\\\.)*)\"");

  /** Parts that are no words: names of a place in the code. */
  private static final int SHORTEST = 6;

  private static Path root() {
    Path here = Path.of("").toAbsolutePath();
    return Files.exists(here.resolve("docs")) ? here : here.getParent();
  }

  private static String documents() throws IOException {
    String all =
        Files.readString(root().resolve("docs/operating.md"))
            + Files.readString(root().resolve("docs/messages.md"));
    return all.replaceAll("\\s+", " ");
  }

  @Test
  void shouldExplainEveryRefusal() throws IOException {
    Map<String, String> said = new LinkedHashMap<>();
    for (Path file : sources()) {
      String source = Files.readString(file);
      boolean ofConfiguration =
          file.getParent().endsWith("core/config")
              || file.getParent().endsWith("portbouncer/config");
      for (Pattern pattern : ofConfiguration ? List.of(SAID, FOUND) : List.of(SAID)) {
        for (String message : messages(source, pattern)) {
          said.put(message, file.getFileName().toString());
        }
      }
    }
    assertThat(said)
        .as("what is looked for is found")
        .hasSizeGreaterThan(250)
        .containsKey("there is no backend '")
        .containsKey("reached again after")
        .containsKey("is not a day; Mon, Tue, Wed, Thu, Fri, Sat and Sun are")
        .containsKey("is none of \\r, \\n, \\t, \\\\ and \\xHH")
        .containsKey("there is no block bouncer { … }; everything belongs in it")
        .containsKey("bouncer.lib is not set: start the server through bin/bouncer");
    String documents = documents();
    said.keySet().removeIf(documents::contains);
    assertThat(said).as("neither in docs/operating.md nor in docs/messages.md").isEmpty();
  }

  @Test
  void shouldExplainEveryReason() throws IOException {
    String documents = documents();
    // Those that say what the system answered have no words of their own.
    Set<Cause> system =
        EnumSet.of(Cause.UNSAID, Cause.SYSTEM, Cause.CONNECT, Cause.CONNECT_UNIX, Cause.WATCHES);
    assertThat(EnumSet.complementOf(EnumSet.copyOf(system)).stream().map(cause -> cause.text(0)))
        .hasSizeGreaterThan(40)
        .allSatisfy(
            words ->
                assertThat(documents)
                    .contains(words.replaceFirst("^(refused over \\w+): .*", "$1")));
  }

  private static List<Path> sources() throws IOException {
    List<Path> all = new ArrayList<>();
    for (String module : List.of("core", "config", "acl", "negotiator", "io", "launcher")) {
      try (Stream<Path> files = Files.walk(root().resolve("bouncer-" + module + "/src/main"))) {
        files.filter(file -> file.toString().endsWith(".java")).forEach(all::add);
      }
    }
    return all;
  }

  private static List<String> messages(String source, Pattern said) {
    List<String> all = new ArrayList<>();
    for (MatchResult match : said.matcher(source).results().toList()) {
      String arguments = arguments(source, match.end());
      // What is one text in several lines, as one.
      String joined = arguments.replaceAll("\"\\s*\\+\\s*\"", "");
      Matcher literal = LITERAL.matcher(joined);
      literal
          .results()
          .flatMap(each -> Stream.of(each.group(1).split("\\{}", -1)))
          .map(part -> part.replaceAll("^[ :;,()']+|[ :;,(]+$", ""))
          .filter(part -> part.length() >= SHORTEST)
          .max(Comparator.comparingInt(String::length))
          .map(part -> part.replaceAll("\\\\(.)", "$1"))
          .ifPresent(all::add);
    }
    return all;
  }

  /** Up to the bracket that closes them. */
  private static String arguments(String source, int from) {
    int depth = 1;
    int at = from;
    for (; depth > 0; at++) {
      char c = source.charAt(at);
      if (c == '"' || c == '\'') {
        at = endOf(source, at);
      } else {
        depth += c == '(' ? 1 : c == ')' ? -1 : 0;
      }
    }
    return source.substring(from, at - 1);
  }

  /** Where the text, or the sign, ends that begins there. */
  private static int endOf(String source, int from) {
    int at = from + 1;
    while (source.charAt(at) != source.charAt(from)) {
      at += source.charAt(at) == '\\' ? 2 : 1;
    }
    return at;
  }
}
