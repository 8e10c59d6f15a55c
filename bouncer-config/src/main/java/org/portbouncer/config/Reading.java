package org.portbouncer.config;

import java.util.ArrayList;
import java.util.List;

/**
 * What one reading of a configuration gathers.
 *
 * @param source the parsed file
 * @param problems what is wrong
 * @param settings every value that took effect, in the order read
 */
record Reading(ConfigSource source, Problems problems, List<Setting> settings) {

  Reading(ConfigSource source, Problems problems) {
    this(source, problems, new ArrayList<>());
  }

  /** Where a value stands that was read; null for a default. */
  Where whereOf(String path) {
    for (Setting setting : settings) {
      if (setting.path().equals(path)) {
        return setting.where();
      }
    }
    return null;
  }

  /** Adds a note to the value that was read last of that path. */
  void note(String path, String text) {
    for (int i = settings.size() - 1; i >= 0; i--) {
      if (settings.get(i).path().equals(path)) {
        settings.set(i, settings.get(i).with(text));
        return;
      }
    }
  }
}
