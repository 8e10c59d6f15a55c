package org.portbouncer.launcher.figures;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.ToLongFunction;
import org.portbouncer.core.shared.TimeHistogram;

/**
 * Takes the rows of a {@link FigureTable}, in the order in which JSON has them. Each method adds
 * one, in the form that its name says.
 *
 * @param <S> what the figures are read from
 */
final class Rows<S> {

  private static final long NANOS_PER_MS = 1_000_000;

  /** What writes one or more keys into the object that is open. */
  @FunctionalInterface
  interface Part<S> {
    void json(JsonGenerator json, S subject) throws IOException;
  }

  private final List<Label<S>> labels;
  private final List<Function<S, String>> identity;
  private final List<Figure<S>> figures;
  private final List<Part<S>> parts = new ArrayList<>();

  Rows() {
    labels = new ArrayList<>();
    identity = new ArrayList<>();
    figures = new ArrayList<>();
  }

  /** Of an object within. */
  private Rows(Rows<S> outer) {
    labels = outer.labels;
    identity = outer.identity;
    figures = outer.figures;
  }

  List<Label<S>> labels() {
    return labels;
  }

  List<Function<S, String>> identity() {
    return identity;
  }

  List<Figure<S>> figures() {
    return figures;
  }

  List<Part<S>> parts() {
    return parts;
  }

  /** No figure, but what tells one of them from another: a label of every metric of the table. */
  void label(String name, Function<S, String> text) {
    labels.add(new Label<>(name, text));
    identity.add(text);
  }

  /** Likewise what no label says: it counts anew where this is another. */
  void countsAnewWith(Function<S, String> text) {
    identity.add(text);
  }

  private Figure<S> add(Figure<S> figure) {
    figures.add(figure);
    parts.add(figure::json);
    return figure;
  }

  Figure<S> number(String key, ToLongFunction<S> value) {
    return number(key, Unit.COUNT, value);
  }

  Figure<S> number(String key, Unit unit, ToLongFunction<S> value) {
    return add(
        new Figure<>(
            key,
            (json, as, s) -> json.writeNumberField(as, value.applyAsLong(s)),
            unit,
            value,
            null));
  }

  /** Bytes per second that are allowed: null for 0, as no limit is no number. */
  Figure<S> allowed(String key, ToLongFunction<S> rate) {
    return add(
        new Figure<>(
            key,
            (json, as, s) -> {
              if (rate.applyAsLong(s) == 0) {
                json.writeNullField(as);
              } else {
                json.writeNumberField(as, rate.applyAsLong(s));
              }
            },
            Unit.BYTES_PER_SECOND,
            rate,
            null));
  }

  /** Nanoseconds, in JSON whole milliseconds. */
  Figure<S> millis(String key, ToLongFunction<S> nanos) {
    return add(
        new Figure<>(
            key,
            (json, as, s) -> json.writeNumberField(as, nanos.applyAsLong(s) / NANOS_PER_MS),
            Unit.NANOSECONDS,
            nanos,
            null));
  }

  /** Nanoseconds, in JSON seconds with their fraction. */
  Figure<S> seconds(String key, ToLongFunction<S> nanos) {
    double perBase = Unit.NANOSECONDS.perBase();
    return add(
        new Figure<>(
            key,
            (json, as, s) -> json.writeNumberField(as, nanos.applyAsLong(s) / perBase),
            Unit.NANOSECONDS,
            nanos,
            null));
  }

  /** A moment of the wall clock in milliseconds, in JSON UTC, ISO 8601. */
  Figure<S> moment(String key, ToLongFunction<S> ms) {
    return add(
        new Figure<>(
            key,
            (json, as, s) ->
                json.writeStringField(as, Instant.ofEpochMilli(ms.applyAsLong(s)).toString()),
            Unit.MILLISECONDS,
            ms,
            null));
  }

  Figure<S> flag(String key, Predicate<S> value) {
    return add(
        new Figure<>(
            key,
            (json, as, s) -> json.writeBooleanField(as, value.test(s)),
            Unit.COUNT,
            s -> value.test(s) ? 1 : 0,
            null));
  }

  /** A text; null in JSON where it is null. */
  Figure<S> text(String key, Function<S, String> value) {
    return written(key, (json, as, s) -> json.writeStringField(as, value.apply(s)));
  }

  /** What has a form of its own in JSON, and is no number. */
  Figure<S> written(String key, Figure.Form<S> form) {
    return written(key, form, Unit.COUNT, null);
  }

  /** What has a form of its own in JSON, and a number for the metrics. */
  Figure<S> written(String key, Figure.Form<S> form, Unit unit, ToLongFunction<S> value) {
    return add(new Figure<>(key, form, unit, value, null));
  }

  /** What stands in the metrics alone. */
  Figure<S> metric(Unit unit, ToLongFunction<S> value) {
    Figure<S> figure = new Figure<>("", null, unit, value, null);
    figures.add(figure);
    return figure;
  }

  /** Likewise, of things. */
  Figure<S> metric(ToLongFunction<S> value) {
    return metric(Unit.COUNT, value);
  }

  /** A histogram of times: in the metrics as it is, on the status page as it was lately. */
  Figure<S> times(String name, String help, Function<S, TimeHistogram> times) {
    Figure<S> figure = new Figure<>("", null, Unit.SECONDS, null, times);
    figures.add(figure);
    return figure.in(new Metric(Metric.Kind.HISTOGRAM, name, help));
  }

  /** Rows that JSON has in an object of their own. */
  void object(String key, Consumer<Rows<S>> inner) {
    Rows<S> rows = new Rows<>(this);
    inner.accept(rows);
    parts.add(
        (json, s) -> {
          json.writeObjectFieldStart(key);
          for (Part<S> part : rows.parts) {
            part.json(json, s);
          }
          json.writeEndObject();
        });
  }

  /** A list of others, which have a table of their own. */
  <T> void list(String key, Function<S, List<T>> of, FigureTable<T> table) {
    parts.add(
        (json, s) -> {
          json.writeArrayFieldStart(key);
          for (T each : of.apply(s)) {
            table.object(json, each);
          }
          json.writeEndArray();
        });
  }
}
