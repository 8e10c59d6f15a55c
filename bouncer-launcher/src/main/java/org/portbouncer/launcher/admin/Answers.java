package org.portbouncer.launcher.admin;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.util.List;
import org.portbouncer.launcher.figures.ClusterView;
import org.portbouncer.launcher.figures.FigureTable;
import org.portbouncer.launcher.figures.FigureTables;
import org.portbouncer.launcher.figures.Figures;
import org.portbouncer.launcher.figures.MemberView;

/**
 * Writes the answers of the admin protocol, one JSON value without a line break each. Runs in the
 * mother. Names and their order are public (docs and tests rely on them): those of figures stand in
 * {@link FigureTables}, all others are spelled out here, rather than derived from the records by
 * reflection, which would also cost the mother memory and its first client time.
 */
final class Answers {

  /** The exit code of a command that was refused. */
  private static final int REFUSED = 1;

  private Answers() {}

  /** Writes one JSON value. */
  @FunctionalInterface
  private interface Body {
    void writeTo(JsonGenerator json) throws IOException;
  }

  static String status(Figures now) {
    return render(json -> writeStatus(json, now));
  }

  static String sessions(List<SessionView> sessions) {
    return render(
        json -> {
          json.writeStartArray();
          for (SessionView session : sessions) {
            json.writeStartObject();
            SessionJson.whole(json, session);
            json.writeEndObject();
          }
          json.writeEndArray();
        });
  }

  /** The heaviest sessions: as in {@code sessions}, with what they move. */
  static String heaviest(HeaviestView heaviest) {
    return render(
        json -> {
          json.writeStartObject();
          json.writeNumberField("total", heaviest.total());
          json.writeNumberField("matching", heaviest.matching());
          json.writeArrayFieldStart("sessions");
          for (HeaviestView.Rated rated : heaviest.sessions()) {
            json.writeStartObject();
            SessionJson.whole(json, rated.session());
            json.writeNumberField("up_rate", rated.upRate());
            json.writeNumberField("down_rate", rated.downRate());
            json.writeEndObject();
          }
          json.writeEndArray();
          json.writeEndObject();
        });
  }

  static String killed(int killed) {
    return render(
        json -> {
          json.writeStartObject();
          json.writeNumberField("killed", killed);
          json.writeEndObject();
        });
  }

  static String moved(int sessions) {
    return render(
        json -> {
          json.writeStartObject();
          json.writeNumberField("moved", sessions);
          json.writeEndObject();
        });
  }

  /** A line before the answer to {@code upgrade}. */
  static String progress(String what) {
    return render(
        json -> {
          json.writeStartObject();
          json.writeStringField("progress", what);
          json.writeEndObject();
        });
  }

  /** How an upgrade went. */
  static String upgraded(UpgradeView how) {
    return render(
        json -> {
          json.writeStartObject();
          json.writeBooleanField("upgraded", how.pid() != 0);
          json.writeStringField("from", how.from());
          json.writeStringField("to", how.to());
          json.writeNumberField("pid", how.pid());
          json.writeNumberField("moved", how.moved());
          json.writeNumberField("lost", how.lost());
          json.writeNumberField("left", how.left());
          json.writeStringField("why", how.why());
          json.writeNumberField("stood_still_us_p50", how.stoodStill().median());
          json.writeNumberField("stood_still_us_p99", how.stoodStill().p99());
          json.writeNumberField("stood_still_us_most", how.stoodStill().most());
          json.writeEndObject();
        });
  }

  /** A class as it is after {@code limit}. */
  static String limited(Figures.BandwidthClass bandwidth) {
    return render(
        json -> {
          json.writeStartObject();
          json.writeStringField("class", bandwidth.name());
          FigureTables.CLASSES.fields(json, bandwidth);
          json.writeEndObject();
        });
  }

  /** What came of a reload; one that did nothing is an error. */
  static String reloaded(ReloadView reload) {
    return render(
        json -> {
          json.writeStartObject();
          if (reload.done()) {
            json.writeBooleanField("reloaded", true);
            json.writeStringField("message", reload.message());
          } else {
            json.writeStringField("error", reload.message());
            json.writeNumberField("code", REFUSED);
          }
          json.writeNumberField("epoch", reload.epoch());
          writeTexts(json, "added", reload.added());
          writeTexts(json, "removed", reload.removed());
          json.writeNumberField("ended", reload.ended());
          writeTexts(json, "problems", reload.problems());
          json.writeEndObject();
        });
  }

  private static void writeTexts(JsonGenerator json, String name, List<String> texts)
      throws IOException {
    json.writeArrayFieldStart(name);
    for (String text : texts) {
      json.writeString(text);
    }
    json.writeEndArray();
  }

  /**
   * Says that the server begins to stop.
   *
   * @param pid the process whose end is the server's
   */
  static String stopping(boolean now, int active, long pid) {
    return render(
        json -> {
          json.writeStartObject();
          json.writeBooleanField("stopping", true);
          json.writeBooleanField("now", now);
          json.writeNumberField("active", active);
          json.writeNumberField("pid", pid);
          json.writeEndObject();
        });
  }

  /**
   * An answer that says no.
   *
   * @param message one line
   * @param code the exit code that a command which gets this answer ends with
   */
  static String error(String message, int code) {
    return render(
        json -> {
          json.writeStartObject();
          json.writeStringField("error", message);
          json.writeNumberField("code", code);
          json.writeEndObject();
        });
  }

  private static String render(Body body) {
    StringWriter text = new StringWriter();
    try (JsonGenerator json = Json.writing().createGenerator(text)) {
      body.writeTo(json);
    } catch (IOException e) {
      throw new UncheckedIOException("writing to memory failed", e);
    }
    return text.toString();
  }

  /** The answer to {@code targets}. */
  static String members(List<MemberView> members) {
    return render(
        json -> {
          json.writeStartArray();
          for (MemberView member : members) {
            FigureTables.MEMBERS.object(json, member);
          }
          json.writeEndArray();
        });
  }

  /** The answer to {@code cluster}. */
  static String cluster(ClusterView cluster) {
    return render(json -> FigureTables.CLUSTER.object(json, cluster));
  }

  /** The answer to {@code target}. */
  static String said(int members) {
    return render(
        json -> {
          json.writeStartObject();
          json.writeNumberField("members", members);
          json.writeEndObject();
        });
  }

  private static void writeStatus(JsonGenerator json, Figures now) throws IOException {
    json.writeStartObject();
    FigureTables.SERVER.fields(json, now.server());
    json.writeObjectFieldStart("listeners");
    for (Figures.Listener listener : now.listeners()) {
      if (listener.configured()) {
        json.writeFieldName(listener.name());
        FigureTables.LISTENERS.object(json, listener);
      }
    }
    json.writeEndObject();
    writeAll(json, "workers", FigureTables.WORKERS, now.workers());
    writeAll(json, "spares", FigureTables.EACH_SPARE, now.spares().all());
    json.writeFieldName("state_transfer");
    FigureTables.TRANSFER.object(json, now.transfer());
    json.writeFieldName("limits");
    FigureTables.SESSIONS.object(json, now.sessions());
    json.writeObjectFieldStart("bandwidth");
    for (Figures.BandwidthClass bandwidth : now.classes()) {
      json.writeFieldName(bandwidth.name());
      FigureTables.CLASSES.object(json, bandwidth);
    }
    json.writeEndObject();
    json.writeFieldName("access_log");
    FigureTables.ACCESS_LOG.object(json, now.accessLog());
    json.writeFieldName("server_log");
    FigureTables.SERVER_LOG.object(json, now.serverLog());
    json.writeEndObject();
  }

  private static <S> void writeAll(
      JsonGenerator json, String name, FigureTable<S> table, List<S> all) throws IOException {
    json.writeArrayFieldStart(name);
    for (S each : all) {
      table.object(json, each);
    }
    json.writeEndArray();
  }
}
