package org.portbouncer.launcher.metrics;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.portbouncer.core.session.Result;
import org.portbouncer.core.shared.TargetBoard;
import org.portbouncer.core.shared.TimeHistogram;
import org.portbouncer.core.sys.Printable;
import org.portbouncer.launcher.admin.ClusterJson;
import org.portbouncer.launcher.admin.HeaviestView;
import org.portbouncer.launcher.admin.Json;
import org.portbouncer.launcher.admin.MemberJson;
import org.portbouncer.launcher.admin.MemberView;
import org.portbouncer.launcher.admin.SessionView;
import org.portbouncer.launcher.admin.StandingJson;

/**
 * Writes what the status page asks for, as JSON. The page and this class change together: it is no
 * interface for others, who have `status --json` and `/metrics`. In the mother, on the threads that
 * answer.
 */
final class PageData {

  private static final JsonFactory JSON = Json.writing();

  /** Listeners that the page draws a graph for. */
  private static final int GRAPHS = 24;

  private static final Path HOST_NAME = Path.of("/proc/sys/kernel/hostname");

  private static final long NANOS_PER_MS = 1_000_000;

  private PageData() {}

  /** The server now; rates are those since {@code before}. */
  static void now(OutputStream out, History.Sample now, History.Sample before) throws IOException {
    Rates rates = new Rates(now, before);
    Figures figures = now.figures();
    try (JsonGenerator json = JSON.createGenerator(out)) {
      json.writeStartObject();
      json.writeNumberField("time_ms", System.currentTimeMillis());
      json.writeStringField("host", hostName());
      json.writeStringField("version", figures.server().version());
      json.writeNumberField("pid", figures.server().pid());
      json.writeNumberField("uptime_s", figures.server().uptimeS());
      json.writeNumberField("epoch", figures.server().epoch());
      StandingJson.write(json, figures.server().standing());
      json.writeNumberField("active", figures.sessions().active());
      json.writeNumberField("limit", figures.sessions().limit());
      json.writeStringField("transfer", figures.transfer().mode().text());
      json.writeNumberField("spilled", figures.transfer().spilled());
      stages(json, figures, rates);
      listeners(json, figures, rates);
      members(json, figures, rates);
      workers(json, figures, rates);
      spares(json, figures.spares());
      classes(json, figures, rates);
      trouble(json, figures);
      if (figures.cluster() != null) {
        json.writeFieldName("cluster");
        ClusterJson.write(json, figures.cluster());
      }
      json.writeEndObject();
    }
  }

  /** The machine's, as it is now; empty where it cannot be read, and the page knows its address. */
  private static String hostName() {
    try {
      return Printable.of(Files.readString(HOST_NAME).strip());
    } catch (IOException e) {
      return "";
    }
  }

  private static void stages(JsonGenerator json, Figures figures, Rates rates) throws IOException {
    json.writeArrayFieldStart("stages");
    for (Figures.Stage stage : figures.stages()) {
      TimeHistogram lately = rates.hops(stage);
      json.writeStartObject();
      json.writeStringField("stage", stage.id().text());
      json.writeNumberField("ready", stage.ready());
      json.writeNumberField("configured", stage.configured());
      json.writeNumberField("restarts", stage.restarts());
      json.writeNumberField("queued", stage.queued());
      json.writeNumberField("refused", stage.refused());
      json.writeNumberField("rate", rates.perSecond(lately.count()));
      quantiles(json, lately);
      json.writeEndObject();
    }
    json.writeEndArray();
  }

  /** Microseconds; null where nothing was counted. */
  private static void quantiles(JsonGenerator json, TimeHistogram times) throws IOException {
    micros(json, "p50_us", times.quantile(0.5));
    micros(json, "p99_us", times.quantile(0.99));
  }

  private static void micros(JsonGenerator json, String name, double seconds) throws IOException {
    if (Double.isNaN(seconds)) {
      json.writeNullField(name);
    } else {
      json.writeNumberField(name, Math.round(seconds * 1e6));
    }
  }

  private static void listeners(JsonGenerator json, Figures figures, Rates rates)
      throws IOException {
    json.writeArrayFieldStart("listeners");
    for (Figures.Listener listener : figures.listeners()) {
      if (!listener.configured()) {
        continue;
      }
      Figures.Listener before = rates.before(listener);
      json.writeStartObject();
      json.writeStringField("name", listener.name());
      json.writeArrayFieldStart("listen");
      for (String address : listener.listen()) {
        json.writeString(Printable.of(address));
      }
      json.writeEndArray();
      json.writeStringField("target", Printable.of(listener.target()));
      json.writeNumberField("accepted", listener.accepted());
      json.writeNumberField("active", listener.active());
      json.writeNumberField("passed", listener.passed());
      json.writeNumberField("blocked", listener.ended(Result.BLOCKED));
      json.writeNumberField("limited", listener.ended(Result.LIMITED));
      json.writeNumberField("failed", listener.failed());
      StandingJson.write(json, listener.lastError());
      json.writeNumberField("up", listener.bytesUp());
      json.writeNumberField("down", listener.bytesDown());
      json.writeNumberField(
          "accept_rate", rates.perSecond(listener.accepted() - before.accepted()));
      json.writeNumberField("up_rate", rates.perSecond(listener.bytesUp() - before.bytesUp()));
      json.writeNumberField(
          "down_rate", rates.perSecond(listener.bytesDown() - before.bytesDown()));
      quantiles(json, listener.setup().since(before.setup()));
      json.writeEndObject();
    }
    json.writeEndArray();
  }

  private static void members(JsonGenerator json, Figures figures, Rates rates) throws IOException {
    int ok = TargetBoard.Outcome.OK.ordinal();
    json.writeArrayFieldStart("members");
    for (MemberView member : figures.members()) {
      long before = rates.before(member).connects()[ok];
      json.writeStartObject();
      MemberJson.fields(json, member);
      json.writeNumberField("rate", rates.perSecond(member.connects()[ok] - before));
      json.writeEndObject();
    }
    json.writeEndArray();
  }

  private static void workers(JsonGenerator json, Figures figures, Rates rates) throws IOException {
    json.writeArrayFieldStart("workers");
    for (Figures.Worker worker : figures.workers()) {
      json.writeStartObject();
      json.writeStringField("name", worker.stage().text() + "/" + worker.index());
      json.writeNumberField("pid", worker.pid());
      json.writeStringField("state", worker.state());
      json.writeNumberField("restarts", worker.restarts());
      json.writeNumberField("sessions", worker.sessions());
      json.writeNumberField("rss", worker.rssBytes());
      json.writeNumberField("cpu", rates.cpuShare(worker));
      json.writeEndObject();
    }
    json.writeEndArray();
  }

  private static void spares(JsonGenerator json, Figures.Spares spares) throws IOException {
    json.writeObjectFieldStart("spares");
    json.writeNumberField("configured", spares.configured());
    json.writeNumberField("ready", spares.ready());
    json.writeEndObject();
  }

  private static void classes(JsonGenerator json, Figures figures, Rates rates) throws IOException {
    json.writeArrayFieldStart("classes");
    for (Figures.BandwidthClass each : figures.classes()) {
      Figures.BandwidthClass before = rates.before(each);
      json.writeStartObject();
      json.writeStringField("name", each.name());
      json.writeStringField("shared_by", each.sharedBy());
      json.writeNumberField("sessions", each.sessions());
      json.writeNumberField("up", each.up());
      json.writeNumberField("down", each.down());
      json.writeNumberField("up_rate", rates.perSecond(each.bytesUp() - before.bytesUp()));
      json.writeNumberField("down_rate", rates.perSecond(each.bytesDown() - before.bytesDown()));
      json.writeNumberField(
          "waiting", rates.perSecond(each.throttledNanos() - before.throttledNanos()) / 1e9);
      json.writeEndObject();
    }
    json.writeEndArray();
  }

  private static void trouble(JsonGenerator json, Figures figures) throws IOException {
    Figures.Trouble trouble = figures.trouble();
    json.writeObjectFieldStart("trouble");
    json.writeNumberField("log_lines_lost", trouble.logLinesLost());
    json.writeNumberField("server_log_lines_lost", trouble.serverLogLinesLost());
    json.writeNumberField(
        "accept_pauses", trouble.pausedForDescriptors() + trouble.pausedForRecords());
    json.writeNumberField("limit_table_full", trouble.limitTableFull());
    json.writeEndObject();
  }

  /** Bytes per second of the busiest listeners, between each two samples of the last minutes. */
  static void history(OutputStream out, List<History.Step> steps) throws IOException {
    try (JsonGenerator json = JSON.createGenerator(out)) {
      json.writeStartObject();
      json.writeArrayFieldStart("times");
      for (int i = 1; i < steps.size(); i++) {
        // By the clock that is not set: a step of the other one would bend the graphs.
        History.Step last = steps.getLast();
        json.writeNumber(last.wallMs() - (last.nanos() - steps.get(i).nanos()) / NANOS_PER_MS);
      }
      json.writeEndArray();
      json.writeArrayFieldStart("listeners");
      List<Map<String, History.Moved>> byName = steps.stream().map(PageData::byName).toList();
      for (String name : busiest(steps)) {
        json.writeStartObject();
        json.writeStringField("name", name);
        series(json, "up", name, steps, byName);
        series(json, "down", name, steps, byName);
        json.writeEndObject();
      }
      json.writeEndArray();
      json.writeEndObject();
    }
  }

  private static Map<String, History.Moved> byName(History.Step step) {
    Map<String, History.Moved> map = new HashMap<>();
    step.moved().forEach(moved -> map.put(moved.listener(), moved));
    return map;
  }

  private static List<String> busiest(List<History.Step> steps) {
    if (steps.isEmpty()) {
      return List.of();
    }
    Map<String, History.Moved> first = byName(steps.getFirst());
    Comparator<History.Moved> byTraffic =
        Comparator.comparingLong(
            moved -> {
              History.Moved then = first.getOrDefault(moved.listener(), moved);
              return moved.up() + moved.down() - then.up() - then.down();
            });
    return steps.getLast().moved().stream()
        .sorted(byTraffic.reversed())
        .limit(GRAPHS)
        .map(History.Moved::listener)
        .toList();
  }

  private static void series(
      JsonGenerator json,
      String way,
      String listener,
      List<History.Step> steps,
      List<Map<String, History.Moved>> byName)
      throws IOException {
    json.writeArrayFieldStart(way);
    for (int i = 1; i < steps.size(); i++) {
      History.Moved from = byName.get(i - 1).get(listener);
      History.Moved to = byName.get(i).get(listener);
      long moved = 0;
      if (from != null && to != null) {
        moved = way.equals("up") ? to.up() - from.up() : to.down() - from.down();
      }
      double seconds = (steps.get(i).nanos() - steps.get(i - 1).nanos()) / 1e9;
      json.writeNumber(Math.round(moved / seconds));
    }
    json.writeEndArray();
  }

  /** Live sessions, in the order given. */
  static void sessions(OutputStream out, HeaviestView heaviest) throws IOException {
    try (JsonGenerator json = JSON.createGenerator(out)) {
      json.writeStartObject();
      json.writeNumberField("total", heaviest.total());
      json.writeNumberField("matching", heaviest.matching());
      json.writeArrayFieldStart("sessions");
      for (HeaviestView.Rated rated : heaviest.sessions()) {
        session(json, rated.session());
      }
      json.writeEndArray();
      json.writeEndObject();
    }
  }

  private static void session(JsonGenerator json, SessionView session) throws IOException {
    json.writeStartObject();
    json.writeNumberField("id", session.id());
    json.writeStringField("listener", session.listener());
    json.writeStringField("client", session.client());
    json.writeStringField("target", Printable.of(session.target()));
    json.writeStringField("rule", session.decision());
    json.writeStringField("bandwidth", session.bandwidth());
    json.writeStringField("state", session.state());
    json.writeNumberField("age_ms", session.ageMs());
    json.writeNumberField("idle_ms", session.idleMs());
    json.writeNumberField("up", session.bytesUp());
    json.writeNumberField("down", session.bytesDown());
    json.writeEndObject();
  }
}
