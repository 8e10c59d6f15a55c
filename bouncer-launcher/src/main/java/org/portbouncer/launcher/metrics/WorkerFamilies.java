package org.portbouncer.launcher.metrics;

/** The metrics of stages, workers and spares. In the mother, as {@link FiguresCollector}. */
final class WorkerFamilies {

  static final String STAGE = "stage";

  private WorkerFamilies() {}

  static void add(Figures figures, MetricFamilies families) {
    stages(figures, families);
    workers(figures, families);
    spares(figures.spares(), families);
  }

  private static void stages(Figures figures, MetricFamilies families) {
    families.gauge(
        "bouncer_workers",
        "Workers that serve.",
        v -> figures.stages().forEach(s -> v.add(s.ready(), STAGE, s.id().text())));
    families.gauge(
        "bouncer_workers_configured",
        "Workers that there are to be.",
        v -> figures.stages().forEach(s -> v.add(s.configured(), STAGE, s.id().text())));
    families.counter(
        "bouncer_worker_restarts",
        "How often a worker died and was started again.",
        v -> figures.stages().forEach(s -> v.add(s.restarts(), STAGE, s.id().text())));
    families.gauge(
        "bouncer_queued_sessions",
        "Sessions that wait in the inbox of the stage.",
        v -> figures.stages().forEach(s -> v.add(s.queued(), STAGE, s.id().text())));
    families.counter(
        "bouncer_received_sessions",
        "Sessions that came to the stage.",
        v -> figures.stages().forEach(s -> v.add(s.received(), STAGE, s.id().text())));
    families.counter(
        "bouncer_refused_messages",
        "Messages between stages that were not what they must be.",
        v -> figures.stages().forEach(s -> v.add(s.refused(), STAGE, s.id().text())));
    families.counter(
        "bouncer_descriptor_pauses",
        "How often a worker of the stage stopped reading for want of descriptors.",
        v -> figures.stages().forEach(s -> v.add(s.descriptorPauses(), STAGE, s.id().text())));
  }

  private static void workers(Figures figures, MetricFamilies families) {
    families.gauge(
        "bouncer_worker_rss_bytes",
        "Resident memory of the worker.",
        v -> figures.workers().forEach(w -> v.add(w.rssBytes(), labels(w))));
    families.counter(
        "bouncer_worker_cpu_seconds",
        "User and system time of the worker, its predecessors' included.",
        v -> figures.workers().forEach(w -> v.add(w.cpuNanos() / 1e9, labels(w))));
    families.gauge(
        "bouncer_worker_sessions",
        "Sessions that the worker holds.",
        v -> figures.workers().forEach(w -> v.add(w.sessions(), labels(w))));
  }

  private static void spares(Figures.Spares spares, MetricFamilies families) {
    families.gauge(
        "bouncer_spares",
        "Processes that wait to become a worker of any stage.",
        v -> v.add(spares.ready()));
    families.gauge(
        "bouncer_spares_configured",
        "Such processes that there are to be.",
        v -> v.add(spares.configured()));
    families.counter(
        "bouncer_spares_taken", "How often one has become a worker.", v -> v.add(spares.taken()));
    families.gauge(
        "bouncer_spare_rss_bytes",
        "Resident memory of the spare process.",
        v -> spares.all().forEach(s -> v.add(s.rssBytes(), "index", Integer.toString(s.index()))));
  }

  private static String[] labels(Figures.Worker worker) {
    return new String[] {STAGE, worker.stage().text(), "index", Integer.toString(worker.index())};
  }
}
