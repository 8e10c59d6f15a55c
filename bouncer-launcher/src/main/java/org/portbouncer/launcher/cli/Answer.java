package org.portbouncer.launcher.cli;

import java.util.List;
import java.util.Map;

/**
 * A part of the server's answer, read leniently: what an older or newer server leaves out shows as
 * "-" or 0 instead of failing the command.
 */
record Answer(Map<?, ?> values) {

  String text(String key) {
    return switch (values.get(key)) {
      case null -> "-";
      case List<?> list -> String.join(",", list.stream().map(String::valueOf).toList());
      case Object value -> value.toString();
    };
  }

  long number(String key) {
    return values.get(key) instanceof Number number ? number.longValue() : 0;
  }

  Answer object(String key) {
    return of(values.get(key));
  }

  List<Answer> list(String key) {
    return values.get(key) instanceof List<?> list
        ? list.stream().map(Answer::of).toList()
        : List.of();
  }

  static Answer of(Object value) {
    return new Answer(value instanceof Map<?, ?> map ? map : Map.of());
  }
}
