package org.portbouncer.launcher.view;

import java.util.List;
import java.util.Map;
import org.portbouncer.core.sys.Printable;

/**
 * A part of the server's answer, read leniently: what an older or newer server leaves out shows as
 * "-" or 0 instead of failing the command.
 *
 * @param values names and what {@code Json} made of their values
 */
public record Answer(Map<?, ?> values) {

  /** The value as text to be read, {@link Printable}; a list's values with commas between them. */
  public String text(String key) {
    return switch (values.get(key)) {
      case null -> "-";
      case List<?> list ->
          Printable.of(String.join(",", list.stream().map(String::valueOf).toList()));
      case Object value -> Printable.of(value.toString());
    };
  }

  /** The value as a whole number. */
  public long number(String key) {
    return values.get(key) instanceof Number number ? number.longValue() : 0;
  }

  /** The value with its fraction. */
  public double decimal(String key) {
    return values.get(key) instanceof Number number ? number.doubleValue() : 0;
  }

  /** The object that is the value. */
  public Answer object(String key) {
    return of(values.get(key));
  }

  /** The objects of the list that is the value. */
  public List<Answer> list(String key) {
    return values.get(key) instanceof List<?> list
        ? list.stream().map(Answer::of).toList()
        : List.of();
  }

  /** What was read of it; nothing where it is no object. */
  public static Answer of(Object value) {
    return new Answer(value instanceof Map<?, ?> map ? map : Map.of());
  }
}
