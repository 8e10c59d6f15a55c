package org.portbouncer.launcher.metrics;

import io.prometheus.metrics.model.snapshots.ClassicHistogramBuckets;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import io.prometheus.metrics.model.snapshots.InfoSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.portbouncer.core.shared.TimeBuckets;
import org.portbouncer.core.shared.TimeHistogram;
import org.portbouncer.launcher.figures.Metric;

/** Gathers metrics of one scrape, family by family. In the mother, on the thread that answers. */
final class MetricFamilies {

  private final MetricSnapshots.Builder all = MetricSnapshots.builder();

  /** Takes the values of one family, each with its labels: name, value, name, value. */
  @FunctionalInterface
  interface Values {
    void add(double value, String... labels);
  }

  /** Takes the histograms of one family, each with its labels. */
  @FunctionalInterface
  interface Histograms {
    void add(TimeHistogram histogram, String... labels);
  }

  /** Adds counters; "_total" is added to the name. */
  void counter(Metric metric, Consumer<Values> points) {
    CounterSnapshot.Builder family =
        CounterSnapshot.builder().name(metric.name()).help(metric.help());
    points.accept(
        (value, labels) ->
            family.dataPoint(
                CounterSnapshot.CounterDataPointSnapshot.builder()
                    .labels(Labels.of(labels))
                    .value(value)
                    .build()));
    all.metricSnapshot(family.build());
  }

  /** Adds gauges. */
  void gauge(Metric metric, Consumer<Values> points) {
    GaugeSnapshot.Builder family = GaugeSnapshot.builder().name(metric.name()).help(metric.help());
    points.accept(
        (value, labels) ->
            family.dataPoint(
                GaugeSnapshot.GaugeDataPointSnapshot.builder()
                    .labels(Labels.of(labels))
                    .value(value)
                    .build()));
    all.metricSnapshot(family.build());
  }

  /** Adds what is said by labels alone; "_info" is added to the name. */
  void info(Metric metric, Consumer<Values> points) {
    InfoSnapshot.Builder family = InfoSnapshot.builder().name(metric.name()).help(metric.help());
    points.accept(
        (_, labels) ->
            family.dataPoint(
                InfoSnapshot.InfoDataPointSnapshot.builder().labels(Labels.of(labels)).build()));
    all.metricSnapshot(family.build());
  }

  /** Adds histograms of times in seconds. */
  void histogram(Metric metric, Consumer<Histograms> points) {
    HistogramSnapshot.Builder family =
        HistogramSnapshot.builder().name(metric.name()).help(metric.help());
    points.accept(
        (histogram, labels) ->
            family.dataPoint(
                HistogramSnapshot.HistogramDataPointSnapshot.builder()
                    .labels(Labels.of(labels))
                    .classicHistogramBuckets(
                        ClassicHistogramBuckets.of(bounds(histogram.buckets()), histogram.counts()))
                    .sum(histogram.sumNanos() / 1e9)
                    .build()));
    all.metricSnapshot(family.build());
  }

  private static double[] bounds(TimeBuckets buckets) {
    int last = TimeBuckets.COUNT - 1;
    return IntStream.range(0, TimeBuckets.COUNT)
        .mapToDouble(i -> i == last ? Double.POSITIVE_INFINITY : buckets.upperSeconds(i))
        .toArray();
  }

  MetricSnapshots build() {
    return all.build();
  }
}
