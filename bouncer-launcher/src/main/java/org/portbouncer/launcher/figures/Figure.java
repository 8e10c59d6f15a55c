package org.portbouncer.launcher.figures;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.ToLongFunction;
import org.portbouncer.core.shared.TimeHistogram;

/**
 * One row of a {@link FigureTable}: what a figure is called in JSON and in the metrics, in which
 * unit it is, what it means and where it is read. Made with its table, and not changed after.
 *
 * @param <S> what it is read from
 */
public final class Figure<S> {

  /** Writes a value into the JSON object that is open. */
  @FunctionalInterface
  interface Form<S> {
    void write(JsonGenerator json, String key, S subject) throws IOException;
  }

  private final String key;
  private final Form<S> form;
  private final Unit unit;
  private final ToLongFunction<S> value;
  private final Function<S, TimeHistogram> times;
  private final List<Label<S>> labels = new ArrayList<>();
  private Metric metric;
  private String rate = "";
  private boolean quantiles;
  private Predicate<S> absent = _ -> false;
  private Predicate<S> leftOut = _ -> false;

  /**
   * @param key in JSON; empty where it stands in none
   * @param value null where it is no number
   * @param times null where it is no histogram
   */
  Figure(
      String key,
      Form<S> form,
      Unit unit,
      ToLongFunction<S> value,
      Function<S, TimeHistogram> times) {
    this.key = key;
    this.form = form;
    this.unit = unit;
    this.value = value;
    this.times = times;
  }

  // What a table says of it.

  /** Is a counter of the metrics; its name without {@code _total}. */
  Figure<S> counter(String name, String help) {
    return in(Metric.counter(name, help));
  }

  /** Is a gauge of the metrics. */
  Figure<S> gauge(String name, String help) {
    return in(Metric.gauge(name, help));
  }

  /** Is one value of a metric that has several. */
  Figure<S> in(Metric one) {
    metric = one;
    return this;
  }

  /** Has a label of its own in the metrics. */
  Figure<S> label(String name, Function<S, String> text) {
    labels.add(new Label<>(name, text));
    return this;
  }

  /** Has a label that tells it from others in the same metric. */
  Figure<S> label(String name, String text) {
    return label(name, _ -> text);
  }

  /** The status page has how fast it grows, in the base unit, under this key. */
  Figure<S> rate(String as) {
    rate = as;
    return this;
  }

  /** The status page has how long it took lately; of a histogram. */
  Figure<S> quantiles() {
    quantiles = true;
    return this;
  }

  /** Where there is no value: null in JSON, none in the metrics. */
  Figure<S> absent(Predicate<S> where) {
    absent = where;
    return this;
  }

  /** Where JSON does not even have the key. */
  Figure<S> leftOut(Predicate<S> where) {
    leftOut = where;
    return this;
  }

  // What is read of it.

  /** The key in JSON; empty where it stands in none. */
  public String key() {
    return key;
  }

  /** In which unit its value is. */
  public Unit unit() {
    return unit;
  }

  /** The metric that it is, or one value of; null for none. */
  public Metric metric() {
    return metric;
  }

  /** The labels that it has besides those of its table. */
  List<Label<S>> labels() {
    return labels;
  }

  /** Whether there is a value of it. */
  public boolean present(S subject) {
    return !absent.test(subject);
  }

  /** Whether it stands in the JSON of one of them. */
  public boolean inJson(S subject) {
    return !key.isEmpty() && !leftOut.test(subject);
  }

  /** The value, in the base unit of its own; 1 for what is said by labels alone. */
  public double base(S subject) {
    return value == null ? 1 : value.applyAsLong(subject) / unit.perBase();
  }

  /** The histogram; null where it is none. */
  public TimeHistogram times(S subject) {
    return times == null ? null : times.apply(subject);
  }

  /** Writes it into the object that is open. */
  void json(JsonGenerator json, S subject) throws IOException {
    if (!inJson(subject)) {
      return;
    }
    if (absent.test(subject)) {
      json.writeNullField(key);
    } else {
      form.write(json, key, subject);
    }
  }

  /** Writes what became of it since then into the object that is open; nothing if nobody asks. */
  void rates(JsonGenerator json, S subject, S before, double seconds) throws IOException {
    if (quantiles) {
      TimeHistogram lately = times.apply(subject).since(times.apply(before));
      rate(json, lately.count(), seconds);
      micros(json, "p50_us", lately.quantile(0.5));
      micros(json, "p99_us", lately.quantile(0.99));
    } else if (!rate.isEmpty()) {
      rate(json, value.applyAsLong(subject) - value.applyAsLong(before), seconds);
    }
  }

  private void rate(JsonGenerator json, long grown, double seconds) throws IOException {
    if (!rate.isEmpty()) {
      // What began anew has not fallen.
      double perSecond = seconds <= 0 ? 0 : Math.max(0, grown) / seconds;
      json.writeNumberField(rate, perSecond / unit.perBase());
    }
  }

  /** Null where nothing was counted. */
  private static void micros(JsonGenerator json, String as, double seconds) throws IOException {
    if (Double.isNaN(seconds)) {
      json.writeNullField(as);
    } else {
      json.writeNumberField(as, Math.round(seconds * 1e6));
    }
  }
}
