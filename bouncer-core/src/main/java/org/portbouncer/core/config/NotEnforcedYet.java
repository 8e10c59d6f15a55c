package org.portbouncer.core.config;

import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/**
 * What is accepted and checked but has no effect in this version. Whoever makes a setting work
 * removes its entry here. Runs in the mother and in commands.
 */
final class NotEnforcedYet {

  /** Per key of the schema, for which of its values nothing happens. */
  private static final Map<String, Predicate<String>> SETTINGS =
      Map.ofEntries(Map.entry("log.access.to", text -> text.equals("syslog")));

  private NotEnforcedYet() {}

  /** One warning for each setting written that has no effect. */
  static void warn(List<Setting> settings, Problems problems) {
    for (Setting setting : settings) {
      Predicate<String> ineffective = SETTINGS.get(setting.key().path());
      boolean written = setting.where() != null;
      if (written && ineffective != null && setting.texts().stream().anyMatch(ineffective)) {
        problems.warn(
            setting.where(),
            setting.path() + " = " + setting.rendered() + " is not enforced yet: it has no effect");
      }
    }
  }
}
