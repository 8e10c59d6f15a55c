package org.portbouncer.launcher.figures;

/** What rules decided, what bandwidth classes do. */
final class PolicyTables {

  private static final Metric BYTES =
      Metric.counter(
          "bouncer_bandwidth_bytes",
          "Bytes that sessions of the bandwidth class have moved, live ones included.");

  private static final Metric ALLOWED =
      Metric.gauge(
          "bouncer_bandwidth_limit_bytes_per_second",
          "What the bandwidth class allows now; 0 for no limit.");

  private PolicyTables() {}

  static void decision(Rows<Figures.Decision> rows) {
    rows.label("acl", Figures.Decision::acl);
    rows.label("rule", Figures.Decision::rule);
    rows.label("action", Figures.Decision::action);
    rows.metric(Figures.Decision::count).counter("bouncer_acl_decisions", "What rules decided.");
  }

  static void bandwidth(Rows<Figures.BandwidthClass> rows) {
    rows.label("class", Figures.BandwidthClass::name);
    rows.allowed("up", Figures.BandwidthClass::up).in(ALLOWED).label("direction", "up");
    rows.allowed("down", Figures.BandwidthClass::down).in(ALLOWED).label("direction", "down");
    rows.number("burst", Unit.BYTES, Figures.BandwidthClass::burst);
    rows.text("shared_by", Figures.BandwidthClass::sharedBy);
    rows.number("sessions", Figures.BandwidthClass::sessions)
        .gauge("bouncer_bandwidth_sessions", "Live sessions of the bandwidth class.");
    rows.number("bytes_up", Unit.BYTES, Figures.BandwidthClass::bytesUp)
        .in(BYTES)
        .label("direction", "up")
        .rate("up_rate");
    rows.number("bytes_down", Unit.BYTES, Figures.BandwidthClass::bytesDown)
        .in(BYTES)
        .label("direction", "down")
        .rate("down_rate");
    rows.seconds("throttled_s", Figures.BandwidthClass::throttledNanos)
        .counter(
            "bouncer_bandwidth_throttled_seconds",
            "How long sessions waited for their bandwidth class, summed over them.")
        .rate("waiting");
  }
}
