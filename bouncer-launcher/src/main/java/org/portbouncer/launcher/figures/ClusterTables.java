package org.portbouncer.launcher.figures;

/** How the cluster looks from this server. */
final class ClusterTables {

  private ClusterTables() {}

  static void cluster(Rows<ClusterView> rows) {
    rows.text("name", ClusterView::name);
    rows.text("redis", ClusterView::redis);
    rows.text("server", ClusterView::member);
    rows.text("state", ClusterView::state);
    rows.metric(c -> c.state().equals("away") || c.leaseAgeMs() < 0 ? 0 : 1)
        .gauge("bouncer_cluster_reached", "1 while Redis answers.");
    rows.moment("since", ClusterView::sinceMs);
    rows.text("last_trouble", ClusterView::why);
    rows.text("when_away", ClusterView::whenAway);
    rows.number("lease_age_ms", Unit.MILLISECONDS, ClusterView::leaseAgeMs)
        .absent(c -> c.leaseAgeMs() < 0)
        .gauge(
            "bouncer_cluster_lease_age_seconds",
            "Since the parts in use were asked for; no value before the first.");
    rows.number("call_ms", Unit.MILLISECONDS, ClusterView::callMs);
    rows.number("servers", ClusterView::members)
        .gauge("bouncer_cluster_servers", "Servers of the cluster, as last heard.");
    rows.list("members", ClusterView::named, FigureTables.CLUSTER_MEMBERS);
    rows.list("limits", ClusterView::limits, FigureTables.CLUSTER_LIMITS);
  }

  static void member(Rows<ClusterView.Member> rows) {
    rows.text("server", ClusterView.Member::name);
    rows.number("heard_ms", Unit.MILLISECONDS, ClusterView.Member::heardMs);
  }

  static void limit(Rows<ClusterView.Limit> rows) {
    rows.label("limit", ClusterView.Limit::of);
    rows.label("of", ClusterView.Limit::name);
    rows.text("limit", ClusterView.Limit::of);
    rows.text("of", ClusterView.Limit::name);
    rows.number("all", ClusterView.Limit::limit)
        .gauge("bouncer_cluster_limit", "What all servers together may have.");
    rows.number("part", ClusterView.Limit::part)
        .gauge("bouncer_cluster_held", "This server's part of it.");
    rows.number("used", ClusterView.Limit::used)
        .gauge("bouncer_cluster_used", "What this server uses of it.");
    rows.number("held_by_all", ClusterView.Limit::heldByAll);
    rows.number("used_by_all", ClusterView.Limit::usedByAll);
  }
}
