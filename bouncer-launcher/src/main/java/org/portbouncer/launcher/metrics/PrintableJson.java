package org.portbouncer.launcher.metrics;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.util.JsonGeneratorDelegate;
import java.io.IOException;
import org.portbouncer.core.sys.Printable;

/** JSON whose texts people read: what cannot be seen in them is written as what it is. */
final class PrintableJson extends JsonGeneratorDelegate {

  PrintableJson(JsonGenerator json) {
    super(json);
  }

  @Override
  public void writeString(String text) throws IOException {
    super.writeString(text == null ? null : Printable.of(text));
  }
}
