package org.portbouncer.launcher.admin;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import org.portbouncer.core.sys.Printable;
import org.portbouncer.launcher.state.Condition;
import org.portbouncer.launcher.state.Standing;

/** Writes how the server is, the same for every answer that tells it: `state` and `reasons`. */
public final class StandingJson {

  private StandingJson() {}

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
