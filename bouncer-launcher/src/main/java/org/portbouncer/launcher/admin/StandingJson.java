package org.portbouncer.launcher.admin;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import org.portbouncer.core.sys.Printable;
import org.portbouncer.launcher.state.Condition;
import org.portbouncer.launcher.state.LastError;
import org.portbouncer.launcher.state.Standing;

/** Writes how the server and its listeners are, the same for every answer that tells it. */
public final class StandingJson {

  private StandingJson() {}

  /** Writes a listener's last failure into the object that is open: `last_error`, null for none. */
  public static void write(JsonGenerator json, LastError error) throws IOException {
    if (error == null) {
      json.writeNullField("last_error");
      return;
    }
    json.writeObjectFieldStart("last_error");
    json.writeStringField("what", error.what());
    json.writeStringField("since", error.since());
    json.writeStringField("last", error.last());
    json.writeNumberField("count", error.count());
    json.writeEndObject();
  }

  /** Writes the two fields into the object that is open. */
  public static void write(JsonGenerator json, Standing standing) throws IOException {
    json.writeStringField("state", standing.state().text());
    json.writeArrayFieldStart("reasons");
    for (Condition reason : standing.reasons()) {
      json.writeStartObject();
      json.writeStringField("what", reason.what());
      json.writeStringField("since", reason.since());
      json.writeStringField("detail", Printable.of(reason.detail()));
      json.writeEndObject();
    }
    json.writeEndArray();
  }
}
