package org.portbouncer.launcher.figures;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import org.portbouncer.core.session.Result;
import org.portbouncer.core.shared.DatagramDrop;
import org.portbouncer.core.shared.ListenerCounters.Count;

/** What is counted of each listener. */
final class ListenerTables {

  private static final Metric ENDED =
      Metric.counter("bouncer_sessions", "Sessions that have ended, by how.");

  private static final Metric BYTES =
      Metric.counter(
          "bouncer_bytes",
          "Bytes forwarded, up to targets and down to clients; live sessions included.");

  private static final Metric DATAGRAMS =
      Metric.counter(
          "bouncer_datagrams",
          "Datagrams forwarded, up to targets and down to clients; live sessions included.");

  private static final Metric DROPPED =
      Metric.counter("bouncer_datagrams_dropped", "Datagrams that came and were not forwarded.");

  private ListenerTables() {}

  static void listener(Rows<Figures.Listener> rows) {
    rows.label("listener", Figures.Listener::name);
    rows.written("listen", ListenerTables::addresses);
    rows.text("target", Figures.Listener::target);
    rows.number("accepted", l -> l.count(Count.ACCEPTED))
        .counter("bouncer_accepted", "Clients taken from the listen queue.")
        .rate("accept_rate");
    rows.number("active", Figures.Listener::active)
        .gauge("bouncer_sessions_active", "Sessions between accept and end.");
    rows.number("passed", l -> l.count(Count.PASSED))
        .counter("bouncer_passed", "Sessions that the ACL let through.");
    rows.number("blocked", l -> l.ended(Result.BLOCKED));
    rows.number("limited", l -> l.ended(Result.LIMITED));
    rows.number("failed", l -> l.count(Count.FAILED));
    for (Result result : Result.values()) {
      rows.metric(l -> l.ended(result)).in(ENDED).label("result", result.text());
    }
    rows.number("bytes_up", Unit.BYTES, l -> l.count(Count.BYTES_UP))
        .in(BYTES)
        .label("direction", "up")
        .rate("up_rate");
    rows.number("bytes_down", Unit.BYTES, l -> l.count(Count.BYTES_DOWN))
        .in(BYTES)
        .label("direction", "down")
        .rate("down_rate");
    // 0 where there was none: a series that comes only then would be missed by who computes with
    // it.
    rows.written(
            "last_error",
            (json, key, l) -> StandingJson.write(json, key, l.lastError()),
            Unit.MILLISECONDS,
            l -> l.lastError() == null ? 0 : l.lastError().lastMs())
        .gauge(
            "bouncer_listener_last_error_timestamp_seconds",
            "When a session of the listener last failed; 0 for never.");
    rows.times("bouncer_setup_seconds", "From accept to forwarding.", Figures.Listener::setup)
        .quantiles();
    rows.times(
            "bouncer_connect_seconds",
            "From the connect stage to the target's answer, name look-up included.",
            Figures.Listener::connect)
        .label("group", Figures.Listener::group);
  }

  /** One as a text, several as an array. */
  private static void addresses(JsonGenerator json, String key, Figures.Listener listener)
      throws IOException {
    if (listener.listen().size() == 1) {
      json.writeStringField(key, listener.listen().getFirst());
      return;
    }
    json.writeArrayFieldStart(key);
    for (String address : listener.listen()) {
      json.writeString(address);
    }
    json.writeEndArray();
  }

  static void datagrams(Rows<Figures.Listener> rows) {
    rows.label("listener", Figures.Listener::name);
    rows.metric(l -> l.datagrams().up()).in(DATAGRAMS).label("direction", "up");
    rows.metric(l -> l.datagrams().down()).in(DATAGRAMS).label("direction", "down");
    for (DatagramDrop why : DatagramDrop.values()) {
      rows.metric(l -> l.datagrams().dropped().of(why)).in(DROPPED).label("reason", why.text());
    }
  }
}
