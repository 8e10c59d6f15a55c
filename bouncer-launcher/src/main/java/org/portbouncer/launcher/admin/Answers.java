package org.portbouncer.launcher.admin;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.util.List;
import org.portbouncer.launcher.state.ServerState;

/**
 * Writes the answers of the admin protocol, one JSON value without a line break each. Runs in the
 * mother. Names and their order are public (docs and tests rely on them), so they are spelled out
 * here, in one place, rather than derived from the records by reflection, which would also cost the
 * mother memory and its first client time.
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

  static String status(StatusView status) {
    return render(json -> writeStatus(json, status));
  }

  static String sessions(List<SessionView> sessions) {
    return render(
        json -> {
          json.writeStartArray();
          for (SessionView session : sessions) {
            writeSession(json, session);
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
            writeFields(json, rated.session());
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
  static String limited(BandwidthView bandwidth) {
    return render(
        json -> {
          json.writeStartObject();
          json.writeStringField("class", bandwidth.name());
          writeBandwidth(json, bandwidth);
          json.writeEndObject();
        });
  }

  private static void writeBandwidth(JsonGenerator json, BandwidthView bandwidth)
      throws IOException {
    writeRate(json, "up", bandwidth.up());
    writeRate(json, "down", bandwidth.down());
    json.writeNumberField("burst", bandwidth.burst());
    json.writeStringField("shared_by", bandwidth.sharedBy());
    json.writeNumberField("sessions", bandwidth.sessions());
    json.writeNumberField("bytes_up", bandwidth.bytesUp());
    json.writeNumberField("bytes_down", bandwidth.bytesDown());
    json.writeNumberField("throttled_s", bandwidth.throttledS());
  }

  /** No limit is no number. */
  private static void writeRate(JsonGenerator json, String name, long rate) throws IOException {
    if (rate == 0) {
      json.writeNullField(name);
    } else {
      json.writeNumberField(name, rate);
    }
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
            json.writeStartObject();
            MemberJson.fields(json, member);
            json.writeEndObject();
          }
          json.writeEndArray();
        });
  }

  /** The answer to {@code cluster}. */
  static String cluster(ClusterView cluster) {
    return render(json -> ClusterJson.write(json, cluster));
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

  private static void writeStatus(JsonGenerator json, StatusView status) throws IOException {
    json.writeStartObject();
    json.writeStringField("version", status.version());
    json.writeNumberField("pid", status.pid());
    json.writeNumberField("uptime_s", status.uptimeS());
    json.writeNumberField("epoch", status.epoch());
    json.writeBooleanField("ready", status.standing().ready());
    StandingJson.write(json, status.standing());
    if (status.standing().state() == ServerState.STOPPING) {
      json.writeBooleanField("stopping", true);
    }
    json.writeObjectFieldStart("listeners");
    for (ListenerView listener : status.listeners()) {
      writeListener(json, listener);
    }
    json.writeEndObject();
    json.writeArrayFieldStart("workers");
    for (WorkerView worker : status.workers()) {
      writeWorker(json, worker);
    }
    json.writeEndArray();
    json.writeArrayFieldStart("spares");
    for (SpareView spare : status.spares()) {
      json.writeStartObject();
      json.writeNumberField("index", spare.index());
      json.writeNumberField("pid", spare.pid());
      json.writeStringField("state", spare.state());
      json.writeNumberField("rss_bytes", spare.rssBytes());
      json.writeEndObject();
    }
    json.writeEndArray();
    writeStateTransfer(json, status.stateTransfer());
    json.writeObjectFieldStart("limits");
    json.writeNumberField("max_sessions", status.limits().maxSessions());
    json.writeNumberField("active", status.limits().active());
    json.writeEndObject();
    json.writeObjectFieldStart("bandwidth");
    for (BandwidthView bandwidth : status.bandwidth()) {
      json.writeObjectFieldStart(bandwidth.name());
      writeBandwidth(json, bandwidth);
      json.writeEndObject();
    }
    json.writeEndObject();
    writeAccessLog(json, status.accessLog());
    json.writeObjectFieldStart("server_log");
    json.writeNumberField("lines_left_out", status.serverLogLeftOut());
    json.writeEndObject();
    json.writeEndObject();
  }

  private static void writeAccessLog(JsonGenerator json, AccessLogView log) throws IOException {
    json.writeObjectFieldStart("access_log");
    json.writeStringField("to", log.to());
    json.writeNumberField("lines_left_out", log.linesLeftOut());
    json.writeStringField("trouble", log.trouble().isEmpty() ? null : log.trouble());
    json.writeEndObject();
  }

  private static void writeListener(JsonGenerator json, ListenerView listener) throws IOException {
    json.writeObjectFieldStart(listener.name());
    json.writeFieldName("listen");
    if (listener.listen().size() == 1) {
      json.writeString(listener.listen().getFirst());
    } else {
      json.writeStartArray();
      for (String address : listener.listen()) {
        json.writeString(address);
      }
      json.writeEndArray();
    }
    json.writeStringField("target", listener.target());
    json.writeNumberField("accepted", listener.accepted());
    json.writeNumberField("active", listener.active());
    json.writeNumberField("passed", listener.passed());
    json.writeNumberField("blocked", listener.blocked());
    json.writeNumberField("limited", listener.limited());
    json.writeNumberField("failed", listener.failed());
    json.writeNumberField("bytes_up", listener.bytesUp());
    json.writeNumberField("bytes_down", listener.bytesDown());
    StandingJson.write(json, listener.lastError());
    json.writeEndObject();
  }

  private static void writeWorker(JsonGenerator json, WorkerView worker) throws IOException {
    json.writeStartObject();
    json.writeStringField("stage", worker.stage());
    json.writeNumberField("index", worker.index());
    json.writeNumberField("pid", worker.pid());
    json.writeStringField("state", worker.state());
    json.writeNumberField("restarts", worker.restarts());
    json.writeNumberField("sessions", worker.sessions());
    json.writeNumberField("rss_bytes", worker.rssBytes());
    json.writeNumberField("cpu_ms", worker.cpuMs());
    if (worker.lastEnd() != null) {
      json.writeStringField("last_end", worker.lastEnd());
    }
    if (worker.nextStartMs() >= 0) {
      json.writeNumberField("next_start_ms", worker.nextStartMs());
    }
    json.writeEndObject();
  }

  private static void writeStateTransfer(JsonGenerator json, StateTransferView transfer)
      throws IOException {
    json.writeObjectFieldStart("state_transfer");
    json.writeStringField("mode", transfer.mode());
    json.writeNumberField("spilled", transfer.spilled());
    json.writeNumberField("slots_total", transfer.slotsTotal());
    json.writeNumberField("slots_used", transfer.slotsUsed());
    json.writeEndObject();
  }

  private static void writeSession(JsonGenerator json, SessionView session) throws IOException {
    json.writeStartObject();
    writeFields(json, session);
    json.writeEndObject();
  }

  private static void writeFields(JsonGenerator json, SessionView session) throws IOException {
    json.writeNumberField("id", session.id());
    json.writeStringField("listener", session.listener());
    json.writeStringField("client", session.client());
    json.writeStringField("local", session.local());
    json.writeStringField("target", session.target());
    json.writeStringField("acl", session.acl());
    json.writeStringField("rule", session.rule());
    json.writeStringField("bandwidth", session.bandwidth());
    json.writeStringField("state", session.state());
    json.writeNumberField("worker_pid", session.workerPid());
    json.writeStringField("transfer", session.transfer());
    json.writeNumberField("state_bytes", session.stateBytes());
    json.writeNumberField("age_ms", session.ageMs());
    json.writeNumberField("idle_ms", session.idleMs());
    json.writeNumberField("bytes_up", session.bytesUp());
    json.writeNumberField("bytes_down", session.bytesDown());
    json.writeNumberField("throttled_ms", session.throttledMs());
    json.writeStringField("peer", session.peer());
    json.writeStringField("member", session.member());
    json.writeStringField("server", session.server());
    json.writeNumberField("attempts", session.attempts());
    json.writeStringField("via", session.via());
    json.writeArrayFieldStart("hops");
    for (HopView hop : session.hops()) {
      json.writeStartObject();
      json.writeStringField("stage", hop.stage());
      json.writeNumberField("pid", hop.pid());
      json.writeNumberField("received_us", hop.receivedUs());
      json.writeEndObject();
    }
    json.writeEndArray();
  }
}
