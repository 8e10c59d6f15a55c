package org.portbouncer.config;

import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigList;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigValue;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;

/**
 * Where the values of one block stand. A value that came by substitution, as from the environment,
 * stands where the substitution does. Runs in the mother and in commands.
 *
 * @param source the parsed file
 * @param values the block
 * @param unresolved the same before substitution; may be null
 * @param section where the block itself stands
 */
record ValuePlaces(
    ConfigSource source, ConfigObject values, ConfigValue unresolved, Where section) {

  /** The keys written, in the order of the file. */
  List<String> keysInOrder() {
    List<String> keys = new ArrayList<>(values.keySet());
    keys.sort(
        Comparator.comparing((String key) -> !of(key).file().equals(section.file()))
            .thenComparing(key -> of(key).file())
            .thenComparingInt(key -> of(key).line())
            .thenComparing(key -> key));
    return keys;
  }

  /** Where the value of that key stands; the block's place when nothing tells. */
  Where of(String key) {
    Where known = originOf(values.get(key));
    if (known == null) {
      known = originOf(before(key));
    }
    if (known == null && values.get(key) instanceof ConfigObject object) {
      known = firstWithin(object);
    }
    return known == null ? section : known;
  }

  /** Where an element stands of the list that is the value of that key. */
  Where of(ConfigValue element, String key) {
    Where known = originOf(element);
    return known == null ? of(key) : known;
  }

  private Where originOf(ConfigValue value) {
    return value == null ? null : source.where(value.origin());
  }

  /** A block put together from several files: the first of its values that has a place. */
  private Where firstWithin(ConfigObject object) {
    return object.values().stream()
        .map(this::originOf)
        .filter(Objects::nonNull)
        .min(Comparator.comparing(Where::file).thenComparingInt(Where::line))
        .orElse(null);
  }

  /** The value before substitution, or null. */
  ConfigValue before(String key) {
    try {
      return unresolved instanceof ConfigObject object ? object.get(key) : null;
    } catch (ConfigException e) {
      return null;
    }
  }

  /** The element of a list before substitution, or null. */
  static ConfigValue element(ConfigValue list, int index) {
    try {
      return list instanceof ConfigList known && index < known.size() ? known.get(index) : null;
    } catch (ConfigException e) {
      return null;
    }
  }
}
