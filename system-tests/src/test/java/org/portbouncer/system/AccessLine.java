package org.portbouncer.system;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One line of the access log, in either format.
 *
 * @param fields key to value as text, in the order of the line
 */
record AccessLine(Map<String, String> fields) {
  /** The keys of the contract, in its order. */
  static final List<String> KEYS =
      List.of(
          "ts",
          "event",
          "id",
          "listener",
          "client",
          "local",
          "target",
          "acl",
          "rule",
          "result",
          "term",
          "setup_us",
          "duration_ms",
          "up",
          "down",
          "worker",
          "peer",
          "member",
          "server",
          "attempts",
          "via");

  /** Behind them, where the result is not ok. */
  static final String REASON = "reason";

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Pattern PAIR = Pattern.compile("([a-z_]+)=(\"(?:[^\"\\\\]|\\\\.)*\"|\\S*)");
  private static final Pattern ESCAPE = Pattern.compile("\\\\(.)");

  /** The line as an access log line, or nothing when it is any other output. */
  static Optional<AccessLine> parse(String line) {
    Map<String, String> fields = line.startsWith("{") ? json(line) : logfmt(line);
    return fields.containsKey("event") && fields.containsKey("id")
        ? Optional.of(new AccessLine(fields))
        : Optional.empty();
  }

  private static Map<String, String> json(String line) {
    Map<String, String> fields = new LinkedHashMap<>();
    try {
      for (Map.Entry<String, JsonNode> field : JSON.readTree(line).properties()) {
        fields.put(field.getKey(), field.getValue().asText());
      }
    } catch (JsonProcessingException otherOutput) {
      return Map.of();
    }
    return fields;
  }

  private static Map<String, String> logfmt(String line) {
    Map<String, String> fields = new LinkedHashMap<>();
    Matcher pair = PAIR.matcher(line);
    int at = 0;
    while (pair.find() && line.substring(at, pair.start()).isBlank()) {
      String value = pair.group(2);
      if (value.startsWith("\"")) {
        value = ESCAPE.matcher(value.substring(1, value.length() - 1)).replaceAll("$1");
      }
      fields.put(pair.group(1), value);
      at = pair.end();
    }
    return line.substring(at).isBlank() ? fields : Map.of();
  }

  String get(String key) {
    return fields.getOrDefault(key, "");
  }

  boolean isEnd() {
    return get("event").equals("end");
  }

  String id() {
    return get("id");
  }

  String client() {
    return get("client");
  }

  String result() {
    return get("result");
  }

  String term() {
    return get("term");
  }

  long number(String key) {
    return Long.parseLong(get(key));
  }
}
