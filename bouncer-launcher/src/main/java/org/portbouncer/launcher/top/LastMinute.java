package org.portbouncer.launcher.top;

import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.portbouncer.launcher.view.Answer;
import org.portbouncer.launcher.view.SessionText;

/**
 * Makes of one snapshot after the other what is shown: rates, and what the last minute was like.
 */
final class LastMinute {

  private static final double NANOS_PER_SECOND = 1e9;

  /** A listener that failed within it stands first, as on the status page. */
  private static final long LATELY_MS = 300_000;

  private final Map<String, Minute> listeners = new HashMap<>();
  private final Members members = new Members();
  private Minute all = new Minute();
  private Snapshot last;

  Model add(Snapshot now) {
    if (last != null && last.status().number("pid") != now.status().number("pid")) {
      // Another server: what the one before had counted says nothing of it.
      last = null;
      all = new Minute();
      listeners.clear();
      members.clear();
    }
    double seconds = last == null ? 0 : (now.nanos() - last.nanos()) / NANOS_PER_SECOND;
    Answer before = last == null ? now.status() : last.status();
    List<Model.ListenerRow> rows = listeners(now, before, seconds);
    Model model =
        new Model(
            server(now.status()),
            traffic(all),
            rows,
            members.add(now, seconds),
            workers(now.status(), before, seconds),
            classes(now.status(), before, seconds),
            now.heaviest().list("sessions").stream().map(LastMinute::session).toList(),
            now.heaviest().number("total"),
            now.heaviest().number("matching"));
    last = now;
    return model;
  }

  private static Model.Server server(Answer status) {
    Answer limits = status.object("limits");
    return new Model.Server(
        clean(status.text("version")),
        status.number("pid"),
        clean(status.text("state")),
        status.list("reasons").stream().map(LastMinute::reason).toList(),
        1000 * status.number("uptime_s"),
        status.number("epoch"),
        limits.number("active"),
        limits.number("max_sessions"));
  }

  private static String reason(Answer reason) {
    return clean(
        reason.text("what") + ": " + reason.text("detail") + ", since " + reason.text("since"));
  }

  private List<Model.ListenerRow> listeners(Snapshot now, Answer before, double seconds) {
    Answer here = now.status().object("listeners");
    Answer there = before.object("listeners");
    List<Model.ListenerRow> rows = new ArrayList<>();
    PerSecond sum = PerSecond.NONE;
    for (Object each : here.values().keySet()) {
      String name = String.valueOf(each);
      Answer listener = here.object(name);
      Answer then = there.values().containsKey(name) ? there.object(name) : listener;
      Minute minute = listeners.computeIfAbsent(name, n -> new Minute());
      if (seconds > 0) {
        PerSecond flow =
            new PerSecond(
                rate(listener, then, "accepted", seconds),
                rate(listener, then, "bytes_up", seconds),
                rate(listener, then, "bytes_down", seconds));
        minute.add(last.nanos(), now.nanos(), flow);
        sum = sum.plus(flow);
      }
      rows.add(
          new Model.ListenerRow(
              clean(name),
              listener.number("active"),
              listener.number("failed"),
              failedLately(listener, now.wallMs()),
              ofLastError(listener, "what"),
              ofLastError(listener, "last"),
              traffic(minute)));
    }
    if (seconds > 0) {
      all.add(last.nanos(), now.nanos(), sum);
    }
    rows.sort(
        Comparator.comparing(Model.ListenerRow::failing)
            .thenComparingDouble(row -> row.traffic().now().bytes())
            .thenComparingLong(Model.ListenerRow::active)
            .reversed());
    return rows;
  }

  private static boolean failedLately(Answer listener, long wallMs) {
    String last = ofLastError(listener, "last");
    try {
      return !last.isEmpty() && wallMs - Instant.parse(last).toEpochMilli() < LATELY_MS;
    } catch (DateTimeParseException e) { // of another version's server
      return false;
    }
  }

  private static String ofLastError(Answer listener, String key) {
    boolean none = listener.values().get("last_error") == null;
    return none ? "" : clean(listener.object("last_error").text(key));
  }

  private static Model.Traffic traffic(Minute minute) {
    return new Model.Traffic(
        minute.last(),
        minute.values(PerSecond::sessions),
        minute.values(PerSecond::up),
        minute.values(PerSecond::down));
  }

  private static List<Model.WorkerRow> workers(Answer status, Answer before, double seconds) {
    Map<String, Answer> then = new HashMap<>();
    before.list("workers").forEach(worker -> then.put(name(worker), worker));
    List<Model.WorkerRow> rows = new ArrayList<>();
    for (Answer worker : status.list("workers")) {
      Answer earlier = then.getOrDefault(name(worker), worker);
      rows.add(
          new Model.WorkerRow(
              name(worker),
              clean(worker.text("state")),
              worker.number("sessions"),
              rate(worker, earlier, "cpu_ms", seconds) / 1000,
              worker.number("rss_bytes")));
    }
    return rows;
  }

  private static String name(Answer worker) {
    return clean(worker.text("stage") + "/" + worker.text("index"));
  }

  private static List<Model.ClassRow> classes(Answer status, Answer before, double seconds) {
    Answer here = status.object("bandwidth");
    Answer there = before.object("bandwidth");
    List<Model.ClassRow> rows = new ArrayList<>();
    for (Object each : here.values().keySet()) {
      String name = String.valueOf(each);
      Answer one = here.object(name);
      Answer then = there.values().containsKey(name) ? there.object(name) : one;
      rows.add(
          new Model.ClassRow(
              clean(name),
              one.number("up"),
              one.number("down"),
              clean(one.text("shared_by")),
              one.number("sessions"),
              rate(one, then, "bytes_up", seconds),
              rate(one, then, "bytes_down", seconds),
              rate(one, then, "throttled_s", seconds)));
    }
    rows.sort(
        Comparator.comparingDouble(Model.ClassRow::waiting)
            .thenComparingLong(Model.ClassRow::sessions)
            .reversed());
    return rows;
  }

  private static Model.SessionRow session(Answer session) {
    return new Model.SessionRow(
        session.number("id"),
        clean(session.text("listener")),
        clean(session.text("client")),
        clean(SessionText.target(session)),
        clean(SessionText.rule(session)),
        clean(session.text("state")),
        session.number("age_ms"),
        session.number("idle_ms"),
        session.number("up_rate"),
        session.number("down_rate"),
        session.number("bytes_up"),
        session.number("bytes_down"));
  }

  /** Per second; 0 where no time has passed, or a counter has begun anew. */
  static double rate(Answer now, Answer before, String key, double seconds) {
    return seconds <= 0 ? 0 : Math.max(0, now.decimal(key) - before.decimal(key)) / seconds;
  }

  /** What the server sends goes to a terminal: nothing in it may be taken for a command there. */
  private static String clean(String text) {
    return text.replaceAll("\\p{Cntrl}", "?");
  }
}
