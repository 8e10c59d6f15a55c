package org.portbouncer.launcher.importer;

import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * A service, or the defaults, of xinetd's.
 *
 * @param origin where it begins
 * @param service its name; "" for the defaults
 * @param attributes in order
 */
record XinetdEntry(Origin origin, String service, List<Attribute> attributes) {

  /** Lists, which may be given in several lines. */
  private static final Set<String> ADDING =
      Set.of(
          "only_from",
          "no_access",
          "log_on_success",
          "log_on_failure",
          "env",
          "passenv",
          "enabled",
          "disabled");

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

  /** The attribute of that name that counts, which is the first; null where there is none. */
  Attribute one(String name) {
    return attributes.stream().filter(one -> one.name().equals(name)).findFirst().orElse(null);
  }

  /** Whether the attribute of that name has the value. */
  boolean has(String name, String value) {
    Attribute one = one(name);
    return one != null && one.values().contains(value);
  }

  /** Attributes of which another of that name stands before, which are passed over. */
  List<Attribute> passedOver() {
    Set<String> names = new HashSet<>(ADDING);
    return attributes.stream()
        .filter(one -> !ADDING.contains(one.name()) && !names.add(one.name()))
        .toList();
  }
}
