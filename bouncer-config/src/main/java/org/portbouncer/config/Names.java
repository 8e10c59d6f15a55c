package org.portbouncer.config;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.portbouncer.core.config.InvalidValueException;
import org.portbouncer.core.config.Nearest;

/** Names that operators choose, and references to them. Runs in the mother and in commands. */
final class Names {

  private static final String FORM = "[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}";

  private Names() {}

  /** The names below a section, in the order of the file; reports those of another form. */
  static List<String> of(Section section) {
    List<String> names = new ArrayList<>();
    for (String name : section.keysInOrder()) {
      names.add(name);
      try {
        require(name);
      } catch (InvalidValueException e) {
        section.problems().error(section.whereOf(name), e.getMessage());
      }
    }
    return names;
  }

  /** The name itself, when it has the form of one: it becomes part of log lines and metrics. */
  static String require(String name) {
    if (!name.matches(FORM)) {
      throw new InvalidValueException(
          "'" + name + "' is not a name; letters, digits, '_', '-' and '.' are, up to 64");
    }
    return name;
  }

  /** The index of a name that must be one of {@code names}. */
  static ValueReader<Integer> reference(String what, List<String> names) {
    return (text, where) -> {
      int index = names.indexOf(text);
      if (index < 0) {
        throw new InvalidValueException(
            "no " + what + " '" + text + "'" + Nearest.hint(text, names));
      }
      return index;
    };
  }

  /** One of the constants, by their texts. */
  static <T> ValueReader<T> choice(Map<String, T> choices) {
    return (text, where) -> {
      T chosen = choices.get(text);
      if (chosen == null) {
        String all = String.join(", ", choices.keySet());
        String near = Nearest.of(text, choices.keySet());
        throw new InvalidValueException(
            "'"
                + text
                + "' is not one of "
                + all
                + (near == null ? "" : "; did you mean '" + near + "'?"));
      }
      return chosen;
    };
  }
}
