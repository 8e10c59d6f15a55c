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
import org.portbouncer.core.sys.Printable;
import org.portbouncer.launcher.admin.HeaviestView;
import org.portbouncer.launcher.admin.Json;
import org.portbouncer.launcher.admin.SessionJson;
import org.portbouncer.launcher.figures.FigureTable;
import org.portbouncer.launcher.figures.FigureTables;
import org.portbouncer.launcher.figures.Figures;

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

  /** What rates are reckoned from, and how long ago that was. */
  private record Since(Figures figures, double seconds) {}

  /** The server now; rates are those since {@code before}. */
  static void now(OutputStream out, History.Sample now, History.Sample before) throws IOException {
    Since since = new Since(before.figures(), (now.nanos() - before.nanos()) / 1e9);
    Figures figures = now.figures();
    try (JsonGenerator json = new PrintableJson(JSON.createGenerator(out))) {
      json.writeStartObject();
      json.writeNumberField("time_ms", System.currentTimeMillis());
      json.writeStringField("host", hostName());
      FigureTables.SERVER.fields(json, figures.server());
      one(json, "limits", FigureTables.SESSIONS, figures.sessions());
      one(json, "state_transfer", FigureTables.TRANSFER, figures.transfer());
      all(json, "stages", FigureTables.STAGES, figures.stages(), since);
      List<Figures.Listener> listeners =
          figures.listeners().stream().filter(Figures.Listener::configured).toList();
      all(json, "listeners", FigureTables.LISTENERS, listeners, since);
      all(json, "members", FigureTables.MEMBERS, figures.members(), since);
      all(json, "workers", FigureTables.WORKERS, figures.workers(), since);
      one(json, "spares", FigureTables.SPARES, figures.spares());
      all(json, "classes", FigureTables.CLASSES, figures.classes(), since);
      one(json, "all_workers", FigureTables.ALL_WORKERS, figures.counts());
      one(json, "accept_pauses", FigureTables.PAUSES, figures.pauses());
      one(json, "access_log", FigureTables.ACCESS_LOG, figures.accessLog());
      one(json, "server_log", FigureTables.SERVER_LOG, figures.serverLog());
      if (figures.cluster() != null) {
        one(json, "cluster", FigureTables.CLUSTER, figures.cluster());
      }
      json.writeEndObject();
    }
  }

  private static <S> void one(JsonGenerator json, String name, FigureTable<S> table, S subject)
      throws IOException {
    json.writeFieldName(name);
    table.object(json, subject);
  }

  /** An array of them, each with its name and with what became of it since then. */
  private static <S> void all(
      JsonGenerator json, String name, FigureTable<S> table, List<S> all, Since since)
      throws IOException {
    Map<List<String>, S> then = new HashMap<>();
    table.subjects(since.figures()).forEach(each -> then.put(table.identity(each), each));
    json.writeArrayFieldStart(name);
    for (S each : all) {
      json.writeStartObject();
      json.writeStringField("name", table.name(each));
      table.fields(json, each);
      // Itself where it was not there yet.
      S before = then.getOrDefault(table.identity(each), each);
      table.rates(json, each, before, since.seconds());
      json.writeEndObject();
    }
    json.writeEndArray();
  }

  /** The machine's, as it is now; empty where it cannot be read, and the page knows its address. */
  private static String hostName() {
    try {
      return Printable.of(Files.readString(HOST_NAME).strip());
    } catch (IOException e) {
      return "";
    }
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
    try (JsonGenerator json = new PrintableJson(JSON.createGenerator(out))) {
      json.writeStartObject();
      json.writeNumberField("total", heaviest.total());
      json.writeNumberField("matching", heaviest.matching());
      json.writeArrayFieldStart("sessions");
      for (HeaviestView.Rated rated : heaviest.sessions()) {
        json.writeStartObject();
        SessionJson.fields(json, rated.session());
        json.writeEndObject();
      }
      json.writeEndArray();
      json.writeEndObject();
    }
  }
}
