package org.portbouncer.launcher.importer;

import java.util.List;

/**
 * A service, or the defaults, of xinetd's.
 *
 * @param origin where it begins
 * @param service its name; "" for the defaults
 * @param attributes in order
 */
record XinetdEntry(Origin origin, String service, List<Attribute> attributes) {

  /**
   * One line of it.
   *
   * @param operator {@code =}, {@code +=} or {@code -=}
   */
  record Attribute(Origin origin, String name, String operator, List<String> values) {

    String first() {
      return values.isEmpty() ? "" : values.getFirst();
    }
  }

  /** The last attribute of that name; null where there is none. */
  Attribute last(String name) {
    return attributes.reversed().stream()
        .filter(one -> one.name().equals(name))
        .findFirst()
        .orElse(null);
  }

  /** Whether any attribute of that name has the value. */
  boolean has(String name, String value) {
    return attributes.stream()
        .anyMatch(one -> one.name().equals(name) && one.values().contains(value));
  }
}
