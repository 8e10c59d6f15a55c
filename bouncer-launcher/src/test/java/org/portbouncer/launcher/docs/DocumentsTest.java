package org.portbouncer.launcher.docs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What the documents say of each other. */
class DocumentsTest {

  private static final Pattern LINK = Pattern.compile("\\]\\(([^)\\s]+)\\)");
  private static final Pattern FENCE = Pattern.compile("(?ms)^```.*?^```");
  private static final Pattern CODE = Pattern.compile("`[^`\n]*`");

  private static Path root() {
    Path here = Path.of("").toAbsolutePath();
    return Files.exists(here.resolve("docs")) ? here : here.getParent();
  }

  @Test
  void shouldLeadToFilesAndHeadingsThatExistWhenDocumentsLink() throws IOException {
    List<String> broken = new ArrayList<>();
    List<Path> documents = documents();
    for (Path document : documents) {
      Matcher link = LINK.matcher(withoutCode(document));
      while (link.find()) {
        String problem = problem(document, link.group(1));
        if (problem != null) {
          broken.add(root().relativize(document) + ": " + problem);
        }
      }
    }
    assertThat(documents).hasSizeGreaterThan(20);
    assertThat(broken).isEmpty();
  }

  @Test
  void shouldNameEveryDecisionWhenIndexIsRead() throws IOException {
    Path folder = root().resolve("docs/decisions");
    String index = Files.readString(folder.resolve("README.md"));
    Set<String> numbers = new TreeSet<>();
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.sorted().toList()) {
        String name = file.getFileName().toString();
        if (!name.equals("README.md")) {
          assertThat(index).contains("](" + name + ")");
          assertThat(numbers.add(name.substring(0, 3))).as("number of %s", name).isTrue();
        }
      }
    }
    assertThat(numbers).isNotEmpty();
  }

  private static List<Path> documents() throws IOException {
    try (Stream<Path> files = Files.walk(root(), 3)) {
      return files
          .filter(file -> file.toString().endsWith(".md"))
          .filter(file -> !file.toString().contains("/target/"))
          .sorted()
          .toList();
    }
  }

  private static String withoutCode(Path document) throws IOException {
    String text = FENCE.matcher(Files.readString(document)).replaceAll("");
    return CODE.matcher(text).replaceAll("");
  }

  private static String problem(Path document, String target) throws IOException {
    if (target.contains("://") || target.startsWith("mailto:")) {
      return null;
    }
    int hash = target.indexOf('#');
    String path = hash < 0 ? target : target.substring(0, hash);
    Path file = path.isEmpty() ? document : document.getParent().resolve(path).normalize();
    if (!Files.exists(file)) {
      return target + " does not exist";
    }
    if (hash < 0 || !file.toString().endsWith(".md")) {
      return null;
    }
    String heading = target.substring(hash + 1);
    return headings(file).contains(heading) ? null : target + ": no such heading";
  }

  /** Headings as GitHub names them in links. */
  private static Set<String> headings(Path document) throws IOException {
    String text = FENCE.matcher(Files.readString(document)).replaceAll("");
    return text.lines()
        .filter(line -> line.startsWith("#"))
        .map(line -> line.replaceFirst("^#+ +", "").toLowerCase(Locale.ROOT))
        .map(line -> line.replaceAll("[^\\p{L}\\p{N} _-]", "").replace(' ', '-'))
        .collect(Collectors.toSet());
  }
}
