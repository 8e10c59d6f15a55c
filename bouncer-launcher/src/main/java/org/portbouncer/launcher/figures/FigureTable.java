package org.portbouncer.launcher.figures;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * All figures of one kind of thing, the listeners say: what `status` and the other answers in JSON,
 * the status page and the metrics are written from, so that a figure is described once. In the
 * mother, on the threads of who asks; loaded when somebody does.
 *
 * @param <S> one of them
 */
public final class FigureTable<S> {

  private final Predicate<Figures> where;
  private final Function<Figures, List<S>> subjects;
  private final List<Label<S>> labels;
  private final List<Function<S, String>> identity;
  private final List<Figure<S>> figures;
  private final List<Rows.Part<S>> parts;

  private FigureTable(
      Predicate<Figures> where, Function<Figures, List<S>> subjects, Consumer<Rows<S>> rows) {
    this.where = where;
    this.subjects = subjects;
    Rows<S> all = new Rows<>();
    rows.accept(all);
    this.labels = List.copyOf(all.labels());
    this.identity = List.copyOf(all.identity());
    this.figures = List.copyOf(all.figures());
    this.parts = List.copyOf(all.parts());
  }

  /**
   * Makes one.
   *
   * @param subjects those that the figures are of
   */
  static <S> FigureTable<S> of(Function<Figures, List<S>> subjects, Consumer<Rows<S>> rows) {
    return new FigureTable<>(_ -> true, subjects, rows);
  }

  /** Makes one of what not every server has: without it, metrics do not even name the figures. */
  static <S> FigureTable<S> where(
      Predicate<Figures> where, Function<Figures, List<S>> subjects, Consumer<Rows<S>> rows) {
    return new FigureTable<>(where, subjects, rows);
  }

  /** Whether the server has what these are figures of. */
  public boolean applies(Figures all) {
    return where.test(all);
  }

  /** Those that the figures are of. */
  public List<S> subjects(Figures all) {
    return subjects.apply(all);
  }

  /** Every figure. */
  public List<Figure<S>> figures() {
    return figures;
  }

  /** The figures of each metric, in the order of the table. */
  public Map<Metric, List<Figure<S>>> metrics() {
    Map<Metric, List<Figure<S>>> metrics = new LinkedHashMap<>();
    for (Figure<S> figure : figures) {
      if (figure.metric() != null) {
        metrics.computeIfAbsent(figure.metric(), _ -> new ArrayList<>()).add(figure);
      }
    }
    return metrics;
  }

  /** The labels that a figure of one of them has in the metrics: name, value, name, value. */
  public String[] labels(S subject, Figure<S> figure) {
    List<String> texts = new ArrayList<>();
    for (List<Label<S>> some : List.of(labels, figure.labels())) {
      for (Label<S> label : some) {
        texts.add(label.name());
        texts.add(label.text().apply(subject));
      }
    }
    return texts.toArray(String[]::new);
  }

  /** What tells one of them from the others, the same for as long as it counts on. */
  public List<String> identity(S subject) {
    return identity.stream().map(text -> text.apply(subject)).toList();
  }

  /** What people call one of them: what its labels say, with slashes between. */
  public String name(S subject) {
    return String.join("/", labels.stream().map(label -> label.text().apply(subject)).toList());
  }

  /** Writes the figures of one of them into the JSON object that is open. */
  public void fields(JsonGenerator json, S subject) throws IOException {
    for (Rows.Part<S> part : parts) {
      part.json(json, subject);
    }
  }

  /** Writes the figures of one of them as a JSON object. */
  public void object(JsonGenerator json, S subject) throws IOException {
    json.writeStartObject();
    fields(json, subject);
    json.writeEndObject();
  }

  /**
   * Writes how fast they grow into the JSON object that is open, and what times were like since.
   *
   * @param before how it was
   * @param seconds how long ago; rates are 0 where that is no time
   */
  public void rates(JsonGenerator json, S subject, S before, double seconds) throws IOException {
    for (Figure<S> figure : figures) {
      figure.rates(json, subject, before, seconds);
    }
  }
}
