package org.portbouncer.config;

/**
 * One key of the configuration.
 *
 * @param path under {@code bouncer}; {@code NAME} stands for a name the operator chooses and {@code
 *     []} for each element of a list
 * @param type what a value looks like, for people
 * @param defaultText the default as it would be written, or a word for it
 * @param literal whether {@code defaultText} is a value, rather than a word such as "required"
 * @param description what it does, in one line
 * @param restartOnly whether a reload cannot change it
 * @param secret whether a value is shown to nobody, but for the name of a file that holds it
 */
public record SchemaKey(
    String path,
    String type,
    String defaultText,
    boolean literal,
    String description,
    boolean restartOnly,
    boolean secret) {

  private static final String REQUIRED = "required";

  static SchemaKey required(String path, String type, String description) {
    return new SchemaKey(path, type, REQUIRED, false, description, false, false);
  }

  static SchemaKey optional(String path, String type, String absent, String description) {
    return new SchemaKey(path, type, absent, false, description, false, false);
  }

  static SchemaKey withDefault(String path, String type, String value, String description) {
    return new SchemaKey(path, type, value, true, description, false, false);
  }

  /** The same, of a key that a reload cannot change. */
  static SchemaKey fixed(SchemaKey key) {
    return new SchemaKey(
        key.path, key.type, key.defaultText, key.literal, key.description, true, key.secret);
  }

  static SchemaKey secret(String path, String type, String absent, String description) {
    return new SchemaKey(path, type, absent, false, description, false, true);
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
        + (restartOnly ? "; changes with a restart only" : "")
        + " |";
  }
}
