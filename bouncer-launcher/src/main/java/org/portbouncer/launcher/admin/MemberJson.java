package org.portbouncer.launcher.admin;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.time.Instant;
import org.portbouncer.core.shared.TargetBoard;

/** Writes a member of a group, the same for every answer that tells of one. */
public final class MemberJson {

  private MemberJson() {}

  /** Writes its fields into the object that is open. */
  public static void fields(JsonGenerator json, MemberView member) throws IOException {
    json.writeStringField("group", member.group());
    json.writeStringField("balance", member.balance());
    json.writeStringField("member", member.name());
    json.writeStringField("address", member.address());
    json.writeStringField("state", member.state());
    json.writeStringField("since", member.since());
    json.writeNumberField("weight", member.weight());
    json.writeBooleanField("backup", member.backup());
    json.writeNumberField("max_sessions", member.maxSessions());
    json.writeNumberField("sessions", member.active());
    json.writeObjectFieldStart("connects");
    for (TargetBoard.Outcome outcome : TargetBoard.Outcome.values()) {
      json.writeNumberField(outcome.text(), member.connects()[outcome.ordinal()]);
    }
    json.writeEndObject();
    json.writeObjectFieldStart("checks");
    json.writeNumberField("ok", member.checksOk());
    json.writeNumberField("failed", member.checksFailed());
    json.writeEndObject();
    json.writeObjectFieldStart("spares");
    for (TargetBoard.Ahead what : TargetBoard.Ahead.values()) {
      json.writeNumberField(what.text(), member.ahead()[what.ordinal()]);
    }
    json.writeEndObject();
    check(json, member.lastCheck());
    StandingJson.write(json, member.lastError());
  }

  private static void check(JsonGenerator json, MemberView.LastCheck check) throws IOException {
    if (check == null) {
      json.writeNullField("last_check");
      return;
    }
    json.writeObjectFieldStart("last_check");
    json.writeBooleanField("ok", check.ok());
    json.writeStringField("what", check.what());
    json.writeStringField("at", Instant.ofEpochMilli(check.atMs()).toString());
    json.writeEndObject();
  }
}
