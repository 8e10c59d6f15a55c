package org.portbouncer.config;

import java.util.function.Function;
import org.portbouncer.core.config.Configuration;

/**
 * One key of the configuration.
 *
 * @param path under {@code bouncer}; {@code NAME} stands for a name the operator chooses and {@code
 *     []} for each element of a list
 * @param type what a value looks like, for people
 * @param defaultText the default as it would be written, or a word for it
 * @param literal whether {@code defaultText} is a value, rather than a word such as "required"
 * @param description what it does, in one line
 * @param inForce of one that a reload cannot change, where its value is in a configuration; else
 *     null
 * @param secret whether a value is shown to nobody, but for the name of a file that holds it
 */
public record SchemaKey(
    String path,
    String type,
    String defaultText,
    boolean literal,
    String description,
    Function<Configuration, Object> inForce,
    boolean secret) {

  static final String REQUIRED = "required";

  /** Whether a reload cannot change it. */
  public boolean restartOnly() {
    return inForce != null;
  }

  /** Whether it must be written. */
  public boolean isRequired() {
    return !literal && defaultText.equals(REQUIRED);
  }

  /** Its row in docs/configuration.md. */
  public String documentationRow() {
    String value = defaultText.isEmpty() ? "\"\"" : defaultText;
    String shown = literal ? "`" + value + "`" : value;
    return "| `"
        + path
        + "` | "
        + type
        + " | "
        + shown
        + " | "
        + description
        + (restartOnly() ? "; changes with a restart only" : "")
        + " |";
  }
}
