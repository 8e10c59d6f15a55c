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

/** Gathers metrics of one scrape, family by family. In the mother, on the thread that answers. */
final class MetricFamilies {

  private final MetricSnapshots.Builder all = MetricSnapshots.builder();

  /** Takes the values of one family, each with its labels: name, value, name, value. */
  @FunctionalInterface
  interface Values {
    void add(Number value, String... labels);
  }

  /** Takes the histograms of one family, each with its labels. */
  @FunctionalInterface
  interface Histograms {
    void add(TimeHistogram histogram, String... labels);
  }

  /**
   * Adds counters.
   *
   * @param name without "_total", which is added
   */
  void counter(String name, String help, Consumer<Values> points) {
    CounterSnapshot.Builder family = CounterSnapshot.builder().name(name).help(help);
    points.accept(
        (value, labels) ->
            family.dataPoint(
                CounterSnapshot.CounterDataPointSnapshot.builder()
                    .labels(Labels.of(labels))
                    .value(value.doubleValue())
                    .build()));
    all.metricSnapshot(family.build());
  }

  /** Adds gauges. */
  void gauge(String name, String help, Consumer<Values> points) {
    GaugeSnapshot.Builder family = GaugeSnapshot.builder().name(name).help(help);
    points.accept(
        (value, labels) ->
            family.dataPoint(
                GaugeSnapshot.GaugeDataPointSnapshot.builder()
                    .labels(Labels.of(labels))
                    .value(value.doubleValue())
                    .build()));
    all.metricSnapshot(family.build());
  }

  /**
   * Adds what does not change.
   *
   * @param name without "_info", which is added
   */
  void info(String name, String help, String... labels) {
    all.metricSnapshot(
        InfoSnapshot.builder()
            .name(name)
            .help(help)
            .dataPoint(
                InfoSnapshot.InfoDataPointSnapshot.builder().labels(Labels.of(labels)).build())
            .build());
  }

  /** Adds histograms of times in seconds. */
  void histogram(String name, String help, Consumer<Histograms> points) {
    HistogramSnapshot.Builder family = HistogramSnapshot.builder().name(name).help(help);
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
