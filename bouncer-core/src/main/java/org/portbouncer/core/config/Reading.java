package org.portbouncer.core.config;

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
}
