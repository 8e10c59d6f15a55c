package org.portbouncer.launcher.figures;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.time.Instant;
import org.portbouncer.core.sys.Printable;
import org.portbouncer.launcher.state.Condition;
import org.portbouncer.launcher.state.LastError;
import org.portbouncer.launcher.state.Standing;

/** Writes how the server, its listeners and members are, where that is more than one value. */
final class StandingJson {

  private StandingJson() {}

  /** Writes a last failure into the object that is open; null for none. */
  static void write(JsonGenerator json, String key, LastError error) throws IOException {
    if (error == null) {
      json.writeNullField(key);
      return;
    }
    json.writeObjectFieldStart(key);
    json.writeStringField("what", error.what());
    json.writeStringField("since", error.since());
    json.writeStringField("last", error.last());
    json.writeNumberField("count", error.count());
    json.writeEndObject();
  }

  /** Writes why the server is not ready into the object that is open. */
  static void write(JsonGenerator json, String key, Standing standing) throws IOException {
    json.writeArrayFieldStart(key);
    for (Condition reason : standing.reasons()) {
      json.writeStartObject();
      json.writeStringField("what", reason.what());
      json.writeStringField("since", reason.since());
      json.writeStringField("detail", Printable.of(reason.detail()));
      json.writeEndObject();
    }
    json.writeEndArray();
  }

  /** Writes a member's last check into the object that is open; null for none. */
  static void write(JsonGenerator json, String key, MemberView.LastCheck check) throws IOException {
    if (check == null) {
      json.writeNullField(key);
      return;
    }
    json.writeObjectFieldStart(key);
    json.writeBooleanField("ok", check.ok());
    json.writeStringField("what", check.what());
    json.writeStringField("at", Instant.ofEpochMilli(check.atMs()).toString());
    json.writeEndObject();
  }
}
