package org.portbouncer.launcher.figures;

import org.portbouncer.core.shared.TargetBoard;

/** What is known of members of groups of targets. */
final class TargetTables {

  private static final Metric CONNECTS =
      Metric.counter(
          "bouncer_target_connects",
          "Connections to the member for sessions, by what came of them.");

  private static final Metric CHECKS =
      Metric.counter("bouncer_target_checks", "Checks of the member, by what came of them.");

  private static final Metric AHEAD =
      Metric.counter(
          "bouncer_target_spares",
          "Connections opened to the member ahead of sessions, by what came of them.");

  private TargetTables() {}

  static void member(Rows<MemberView> rows) {
    rows.label("group", MemberView::group);
    rows.label("member", MemberView::name);
    rows.countsAnewWith(MemberView::address);
    rows.text("group", MemberView::group);
    rows.text("balance", MemberView::balance);
    rows.text("member", MemberView::name);
    rows.text("address", MemberView::address);
    rows.text("state", MemberView::state);
    rows.metric(m -> m.state().equals("up") ? 1 : 0)
        .gauge("bouncer_target_up", "1 while the member gets sessions.");
    rows.metric(m -> m.takenOut() ? 1 : 0)
        .gauge("bouncer_target_taken_out", "1 while the operator has taken the member out.");
    rows.moment("since", MemberView::sinceMs);
    rows.number("weight", MemberView::weight);
    rows.flag("backup", MemberView::backup);
    rows.number("max_sessions", MemberView::maxSessions);
    rows.number("sessions", MemberView::active)
        .gauge(
            "bouncer_target_sessions_active", "Sessions that are to the member, or on their way.");
    rows.object("connects", TargetTables::connects);
    rows.object("checks", TargetTables::checks);
    rows.object("spares", TargetTables::ahead);
    rows.written("last_check", (json, key, m) -> StandingJson.write(json, key, m.lastCheck()));
    rows.written("last_error", (json, key, m) -> StandingJson.write(json, key, m.lastError()));
  }

  private static void connects(Rows<MemberView> rows) {
    for (TargetBoard.Outcome outcome : TargetBoard.Outcome.values()) {
      Figure<MemberView> figure =
          rows.number(outcome.text(), m -> m.connects().of(outcome))
              .in(CONNECTS)
              .label("outcome", outcome.text());
      if (outcome == TargetBoard.Outcome.OK) {
        figure.rate("rate");
      }
    }
  }

  private static void checks(Rows<MemberView> rows) {
    rows.number("ok", MemberView::checksOk).in(CHECKS).label("outcome", "ok");
    rows.number("failed", MemberView::checksFailed).in(CHECKS).label("outcome", "failed");
  }

  private static void ahead(Rows<MemberView> rows) {
    for (TargetBoard.Ahead what : TargetBoard.Ahead.values()) {
      rows.number(what.text(), m -> m.ahead().of(what)).in(AHEAD).label("outcome", what.text());
    }
  }
}
