package org.portbouncer.launcher.admin;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;

/** Writes live sessions, the same for every answer that tells of them. */
public final class SessionJson {

  private SessionJson() {}

  /** Writes all of one into the object that is open. */
  static void whole(JsonGenerator json, SessionView session) throws IOException {
    fields(json, session);
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

  /** Writes what fits into one row of a table. */
  public static void fields(JsonGenerator json, SessionView session) throws IOException {
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
  }
}
