package org.portbouncer.launcher.metrics;

import io.prometheus.metrics.model.registry.MultiCollector;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.util.List;
import java.util.function.Supplier;
import org.portbouncer.launcher.figures.Figure;
import org.portbouncer.launcher.figures.FigureTable;
import org.portbouncer.launcher.figures.FigureTables;
import org.portbouncer.launcher.figures.Figures;
import org.portbouncer.launcher.figures.Metric;

/**
 * The server's own metrics, one snapshot for each scrape. Their names and labels are public: they
 * stand in {@link FigureTables}, and docs/metrics.md lists them. In the mother, on the thread that
 * answers the scrape.
 */
final class FiguresCollector implements MultiCollector {

  private final Supplier<Figures> source;

  FiguresCollector(Supplier<Figures> source) {
    this.source = source;
  }

  @Override
  public MetricSnapshots collect() {
    Figures now = source.get();
    MetricFamilies families = new MetricFamilies();
    for (FigureTable<?> table : FigureTables.all()) {
      if (table.applies(now)) {
        add(table, now, families);
      }
    }
    return families.build();
  }

  private static <S> void add(FigureTable<S> table, Figures now, MetricFamilies families) {
    List<S> subjects = table.subjects(now);
    table.metrics().forEach((metric, figures) -> add(metric, figures, table, subjects, families));
  }

  private static <S> void add(
      Metric metric,
      List<Figure<S>> figures,
      FigureTable<S> table,
      List<S> subjects,
      MetricFamilies families) {
    switch (metric.kind()) {
      case COUNTER -> families.counter(metric, values -> points(figures, table, subjects, values));
      case GAUGE -> families.gauge(metric, values -> points(figures, table, subjects, values));
      case INFO -> families.info(metric, values -> points(figures, table, subjects, values));
      case HISTOGRAM -> families.histogram(metric, all -> times(figures, table, subjects, all));
    }
  }

  private static <S> void points(
      List<Figure<S>> figures,
      FigureTable<S> table,
      List<S> subjects,
      MetricFamilies.Values values) {
    for (S subject : subjects) {
      for (Figure<S> figure : figures) {
        if (figure.present(subject)) {
          values.add(figure.base(subject), table.labels(subject, figure));
        }
      }
    }
  }

  private static <S> void times(
      List<Figure<S>> figures,
      FigureTable<S> table,
      List<S> subjects,
      MetricFamilies.Histograms histograms) {
    for (S subject : subjects) {
      for (Figure<S> figure : figures) {
        histograms.add(figure.times(subject), table.labels(subject, figure));
      }
    }
  }
}
