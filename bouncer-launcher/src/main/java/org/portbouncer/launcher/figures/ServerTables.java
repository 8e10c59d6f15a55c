package org.portbouncer.launcher.figures;

import org.portbouncer.core.config.Configuration.StateTransfer;
import org.portbouncer.core.shared.WorkerBoard.Count;
import org.portbouncer.launcher.state.ServerState;

/** What is known of the server as a whole. */
final class ServerTables {

  private static final Metric STATE =
      Metric.gauge("bouncer_state", "1 for the state that the server is in, 0 for the others.");

  private static final Metric STATE_BYTES =
      Metric.counter(
          "bouncer_state_bytes",
          "State of sessions that were set up, by how it came to the last stage.");

  private static final Metric PAUSES =
      Metric.counter("bouncer_accept_pauses", "How often accepting paused, and for want of what.");

  private ServerTables() {}

  static void server(Rows<Figures.Server> rows) {
    rows.text("version", Figures.Server::version)
        .in(new Metric(Metric.Kind.INFO, "bouncer_build", "Always 1; the version."))
        .label("version", Figures.Server::version);
    rows.number("pid", Figures.Server::pid);
    rows.number("uptime_s", Unit.SECONDS, Figures.Server::uptimeS);
    rows.number("epoch", Figures.Server::epoch)
        .gauge("bouncer_config_epoch", "Number of the configuration in force.");
    rows.flag("ready", s -> s.standing().ready())
        .gauge("bouncer_ready", "1 while the state is ready.");
    rows.text("state", s -> s.standing().state().text());
    for (ServerState state : ServerState.values()) {
      rows.metric(s -> s.standing().state() == state ? 1 : 0)
          .in(STATE)
          .label("state", state.text());
    }
    rows.written("reasons", (json, key, s) -> StandingJson.write(json, key, s.standing()));
    // It leaves its places to the next server.
    rows.flag("stopping", s -> s.standing().state() == ServerState.STOPPING)
        .leftOut(s -> s.standing().state() != ServerState.STOPPING);
    rows.metric(Unit.BYTES, Figures.Server::rssBytes)
        .gauge("process_resident_memory_bytes", "Resident memory of the mother.");
  }

  static void sessions(Rows<Figures.Sessions> rows) {
    rows.number("max_sessions", Figures.Sessions::limit)
        .gauge("bouncer_sessions_limit", "The most sessions at once, limits.max-sessions.");
    rows.number("active", Figures.Sessions::active);
  }

  static void transfer(Rows<Figures.Transfer> rows) {
    rows.text("mode", t -> t.mode().text());
    rows.number("spilled", Figures.Transfer::spilled)
        .counter("bouncer_state_spills", "Hops whose state went another way than configured.");
    rows.number("slots_total", Figures.Transfer::slots)
        .gauge("bouncer_state_slots", "Slots for session state.");
    rows.number("slots_used", Figures.Transfer::slotsUsed)
        .gauge("bouncer_state_slots_used", "Slots for session state that are taken.");
  }

  static void accessLog(Rows<Figures.AccessLog> rows) {
    rows.text("to", Figures.AccessLog::to);
    rows.number("lines_left_out", Figures.AccessLog::linesLeftOut)
        .counter(
            "bouncer_log_lines_lost",
            "Access log lines left out because nobody took them in time.");
    rows.text("trouble", log -> log.trouble().isEmpty() ? null : log.trouble());
  }

  static void serverLog(Rows<Figures.ServerLog> rows) {
    rows.number("lines_left_out", Figures.ServerLog::linesLeftOut)
        .counter(
            "bouncer_server_log_lines_lost",
            "Lines of the server's log left out because nobody took them in time.");
  }

  static void pauses(Rows<Counts<PauseReason>> rows) {
    for (PauseReason reason : PauseReason.values()) {
      rows.number(reason.text(), counts -> counts.of(reason))
          .in(PAUSES)
          .label("reason", reason.text());
    }
  }

  /** What workers count, all of them together. */
  static void workers(Rows<Counts<Count>> rows) {
    rows.number("resumed", counts -> counts.of(Count.RESUMED))
        .counter(
            "bouncer_sessions_resumed",
            "How often a live session went on in another io worker, after its own had ended.");
    rows.number("limit_table_full", counts -> counts.of(Count.LIMIT_TABLE_FULL))
        .counter(
            "bouncer_limit_table_full",
            "Sessions refused because one more source could not be counted.");
    rows.number("bucket_table_full", counts -> counts.of(Count.BUCKET_TABLE_FULL))
        .counter(
            "bouncer_bucket_table_full",
            "Sessions with a rate of their own because one more shared bucket could not be kept.");
    for (StateTransfer.Mode mode : StateTransfer.Mode.values()) {
      rows.metric(Unit.BYTES, counts -> counts.of(Count.stateBytes(mode)))
          .in(STATE_BYTES)
          .label("mode", mode.text());
    }
  }
}
