package org.portbouncer.launcher.figures;

import org.portbouncer.core.shared.WorkerBoard.Count;

/** What is known of stages, their workers, and the spares for them. */
final class WorkerTables {

  private WorkerTables() {}

  static void stage(Rows<Figures.Stage> rows) {
    rows.label("stage", s -> s.id().text());
    rows.text("stage", s -> s.id().text());
    rows.number("ready", Figures.Stage::ready).gauge("bouncer_workers", "Workers that serve.");
    rows.number("configured", Figures.Stage::configured)
        .gauge("bouncer_workers_configured", "Workers that there are to be.");
    rows.number("restarts", Figures.Stage::restarts)
        .counter("bouncer_worker_restarts", "How often a worker died and was started again.");
    rows.number("queued", Figures.Stage::queued)
        .gauge("bouncer_queued_sessions", "Sessions that wait in the inbox of the stage.");
    rows.number("received", s -> s.count(Count.RECEIVED))
        .counter("bouncer_received_sessions", "Sessions that came to the stage.");
    rows.number("refused", s -> s.count(Count.REFUSED))
        .counter(
            "bouncer_refused_messages", "Messages between stages that were not what they must be.");
    rows.number("descriptor_pauses", s -> s.count(Count.DESCRIPTOR_PAUSES))
        .counter(
            "bouncer_descriptor_pauses",
            "How often a worker of the stage stopped reading for want of descriptors.");
    rows.times("bouncer_hop_seconds", "From the stage before to this one.", Figures.Stage::hops)
        .rate("rate")
        .quantiles();
  }

  static void worker(Rows<Figures.Worker> rows) {
    rows.label("stage", w -> w.stage().text());
    rows.label("index", w -> Integer.toString(w.index()));
    rows.text("stage", w -> w.stage().text());
    rows.number("index", Figures.Worker::index);
    rows.number("pid", Figures.Worker::pid);
    rows.text("state", Figures.Worker::state);
    rows.number("restarts", Figures.Worker::restarts);
    rows.number("sessions", Figures.Worker::sessions)
        .gauge("bouncer_worker_sessions", "Sessions that the worker holds.");
    rows.number("rss_bytes", Unit.BYTES, Figures.Worker::rssBytes)
        .gauge("bouncer_worker_rss_bytes", "Resident memory of the worker.");
    rows.millis("cpu_ms", Figures.Worker::cpuNanos)
        .counter(
            "bouncer_worker_cpu_seconds",
            "User and system time of the worker, its predecessors' included.")
        .rate("cpu");
    rows.text("last_end", Figures.Worker::lastEnd).leftOut(w -> w.lastEnd() == null);
    rows.number("next_start_ms", Unit.MILLISECONDS, Figures.Worker::nextStartMs)
        .leftOut(w -> w.nextStartMs() < 0);
  }

  static void spares(Rows<Figures.Spares> rows) {
    rows.number("configured", Figures.Spares::configured)
        .gauge("bouncer_spares_configured", "Such processes that there are to be.");
    rows.number("ready", Figures.Spares::ready)
        .gauge("bouncer_spares", "Processes that wait to become a worker of any stage.");
    rows.number("taken", Figures.Spares::taken)
        .counter("bouncer_spares_taken", "How often one has become a worker.");
  }

  static void spare(Rows<Figures.Spare> rows) {
    rows.label("index", s -> Integer.toString(s.index()));
    rows.number("index", Figures.Spare::index);
    rows.number("pid", Figures.Spare::pid);
    rows.text("state", s -> s.ready() ? "waiting" : "starting");
    rows.number("rss_bytes", Unit.BYTES, Figures.Spare::rssBytes)
        .gauge("bouncer_spare_rss_bytes", "Resident memory of the spare process.");
  }
}
