package org.portbouncer.launcher.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.portbouncer.core.shared.ListenerCounters;
import org.portbouncer.core.shared.WorkerBoard;
import org.portbouncer.launcher.admin.Json;
import org.portbouncer.launcher.admin.SampleAnswers;
import org.portbouncer.launcher.figures.Figure;
import org.portbouncer.launcher.figures.FigureTable;
import org.portbouncer.launcher.figures.FigureTables;
import org.portbouncer.launcher.figures.Figures;
import org.portbouncer.launcher.figures.Metric;
import org.portbouncer.launcher.figures.SampleFigures;

/**
 * A figure that stands in a table stands everywhere: in JSON, in `/metrics`, in docs/metrics.md. It
 * needs no line here.
 */
class FigureTablesTest {

  private static final long ODD = 987_654;

  /** A row of a table of docs/metrics.md; some of its tables have no kinds and labels. */
  private static final Pattern ROW =
      Pattern.compile("\\| `([a-z_]+)` \\| (?:([a-z]+) \\| ([a-z, ]*)\\| )?.*");

  private final Figures figures =
      SampleFigures.with(
          List.of(SampleFigures.listener("web", 1000, 2000), SampleFigures.datagrams("dns")));

  static Stream<FigureTable<?>> tables() {
    return FigureTables.all().stream();
  }

  private static String scrape(Figures figures) throws IOException {
    Exposition exposition = new Exposition(() -> figures);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    exposition.write(exposition.form("text/plain"), out);
    return out.toString(StandardCharsets.UTF_8);
  }

  private static String page(Figures figures) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    History.Sample now = new History.Sample(0, figures);
    PageData.now(out, now, now);
    return out.toString(StandardCharsets.UTF_8);
  }

  private static List<String> json(Figures figures) throws IOException {
    List<String> all = new ArrayList<>(SampleAnswers.of(figures));
    all.add(page(figures));
    return all;
  }

  private static Map<String, String> byName(String[] labels) {
    Map<String, String> byName = new TreeMap<>();
    for (int i = 0; i < labels.length; i += 2) {
      byName.put(labels[i], labels[i + 1]);
    }
    return byName;
  }

  // In /metrics.

  @ParameterizedTest
  @MethodSource("tables")
  <S> void shouldStandInTheMetricsWithItsValueAndLabels(FigureTable<S> table) throws IOException {
    Map<String, Double> values = new HashMap<>();
    for (String line : scrape(figures).lines().filter(each -> !each.startsWith("#")).toList()) {
      int end = line.lastIndexOf(' ');
      values.put(line.substring(0, end), Double.valueOf(line.substring(end + 1)));
    }
    assertThat(table.subjects(figures)).as("the sample has some").isNotEmpty();
    for (S subject : table.subjects(figures)) {
      for (Figure<S> figure : table.figures()) {
        if (figure.metric() != null) {
          assertThat(values).containsEntry(series(table, figure, subject), value(figure, subject));
        }
      }
    }
  }

  private static <S> String series(FigureTable<S> table, Figure<S> figure, S subject) {
    List<String> labels = new ArrayList<>();
    byName(table.labels(subject, figure))
        .forEach((name, text) -> labels.add(name + "=\"" + text + '"'));
    return figure.metric().fullName()
        + (figure.times(subject) == null ? "" : "_count")
        + (labels.isEmpty() ? "" : "{" + String.join(",", labels) + "}");
  }

  private static <S> double value(Figure<S> figure, S subject) {
    return figure.times(subject) == null ? figure.base(subject) : figure.times(subject).count();
  }

  @Test
  void shouldHaveOneNameForOneMetricWhichSaysItsUnit() {
    Map<String, Metric> byName = new HashMap<>();
    for (FigureTable<?> table : FigureTables.all()) {
      for (Figure<?> figure : table.figures()) {
        if (figure.metric() != null) {
          String name = figure.metric().name();
          assertThat(byName.merge(name, figure.metric(), (first, _) -> first))
              .isEqualTo(figure.metric());
          String unit = figure.unit().base();
          assertThat(name).endsWith(unit.isEmpty() ? "" : "_" + unit);
          assertThat(unit.isEmpty() && name.matches(".*_(bytes|seconds)")).as(name).isFalse();
        }
      }
    }
    assertThat(byName).hasSizeGreaterThan(50);
  }

  // In docs/metrics.md.

  @ParameterizedTest
  @MethodSource("tables")
  <S> void shouldStandInTheDocumentsWithItsKindAndLabels(FigureTable<S> table) throws IOException {
    Map<String, String> documented = new HashMap<>();
    for (String line : Files.readAllLines(Path.of("../docs/metrics.md"))) {
      Matcher row = ROW.matcher(line);
      if (row.matches()) {
        documented.put(
            row.group(1),
            row.group(2) == null ? "" : row.group(2) + ' ' + sorted(row.group(3).split("[ ,]+")));
      }
    }
    assertThat(documented).hasSizeGreaterThan(50);
    S subject = table.subjects(figures).getFirst();
    for (Figure<S> figure : table.figures()) {
      if (figure.metric() != null && figure.metric().fullName().startsWith("bouncer_")) {
        String[] labels = byName(table.labels(subject, figure)).keySet().toArray(String[]::new);
        assertThat(documented)
            .containsEntry(
                figure.metric().fullName(), figure.metric().kind().text() + ' ' + sorted(labels));
      } else if (figure.metric() != null) {
        assertThat(documented).containsKey(figure.metric().fullName());
      }
    }
  }

  private static String sorted(String[] labels) {
    TreeSet<String> sorted = new TreeSet<>(List.of(labels));
    sorted.remove("");
    return String.join(" ", sorted);
  }

  // In JSON.

  @ParameterizedTest
  @MethodSource("tables")
  <S> void shouldStandInAnAnswerOrInWhatThePageAsksForWholeAndInOrder(FigureTable<S> table)
      throws Exception {
    List<Map<?, ?>> answered = new ArrayList<>();
    for (String text : json(figures)) {
      objects(Json.parse(text), answered);
    }
    for (S subject : table.subjects(figures)) {
      StringWriter text = new StringWriter();
      try (JsonGenerator json = Json.writing().createGenerator(text)) {
        table.object(json, subject);
      }
      Map<?, ?> whole = Json.parseObject(text.toString());
      List<Object> keys = new ArrayList<>();
      keys(whole, keys);
      assertThat(keys)
          .containsAll(
              table.figures().stream()
                  .filter(figure -> figure.inJson(subject))
                  .map(Figure::key)
                  .toList());
      assertThat(answered)
          .anyMatch(
              object ->
                  object.entrySet().containsAll(whole.entrySet())
                      && object.keySet().stream()
                          .filter(whole::containsKey)
                          .toList()
                          .equals(List.copyOf(whole.keySet())));
    }
  }

  private static void objects(Object value, List<Map<?, ?>> found) {
    if (value instanceof Map<?, ?> map) {
      found.add(map);
      map.values().forEach(each -> objects(each, found));
    } else if (value instanceof Collection<?> list) {
      list.forEach(each -> objects(each, found));
    }
  }

  private static void keys(Map<?, ?> object, List<Object> found) {
    found.addAll(object.keySet());
    for (Object value : object.values()) {
      if (value instanceof Map<?, ?> inner) {
        keys(inner, found);
      }
    }
  }

  // What is counted in shared memory stands in some table.

  @ParameterizedTest
  @EnumSource
  void shouldShowWhatIsCountedOfListeners(ListenerCounters.Count what) throws IOException {
    Figures.Listener web = SampleFigures.listener("web", 1, 2);
    assertShown(SampleFigures.with(List.of(SampleFigures.counting(web, what, ODD))));
  }

  @ParameterizedTest
  @EnumSource(
      mode = EnumSource.Mode.EXCLUDE,
      names = {"LOG_LOST", "SPILLED"})
  void shouldShowWhatWorkersCountUnlessTheMotherAddsHerOwn(WorkerBoard.Count what)
      throws IOException {
    assertShown(SampleFigures.counting(what, ODD));
  }

  private static void assertShown(Figures figures) throws IOException {
    List<String> all = new ArrayList<>(json(figures));
    all.add(scrape(figures));
    assertThat(all).anyMatch(text -> text.matches("(?s).*\\b" + ODD + "\\b.*"));
  }
}
