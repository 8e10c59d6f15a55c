package org.portbouncer.launcher.mother.epochs;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.portbouncer.config.LoadResult;
import org.portbouncer.config.Problem;
import org.portbouncer.config.Schema;
import org.portbouncer.config.SchemaKey;
import org.portbouncer.core.config.Configuration;

/**
 * Settings that a running server cannot change: what was made by them at the start is in use, and
 * the schema says which. A reload keeps their old values and says so. In the mother.
 */
final class FixedSettings {

  /**
   * What a reload is left with.
   *
   * @param configuration the new one, with the old values of what cannot change
   * @param warnings one for each of those that differ
   */
  record Kept(Configuration configuration, List<Problem> warnings) {}

  private FixedSettings() {}

  /**
   * @param loaded the new configuration
   * @param old the one in force
   * @param mostSessions what the session table has room for
   */
  static Kept keep(LoadResult loaded, Configuration old, int mostSessions) {
    Configuration newer = loaded.configuration();
    List<Problem> warnings = new ArrayList<>();
    for (SchemaKey key : Schema.keys()) {
      if (key.restartOnly()
          && !Objects.equals(key.inForce().apply(newer), key.inForce().apply(old))) {
        warnings.add(
            loaded.warning(
                key.path(),
                "changes with a restart only; until then the old value stays in force"));
      }
    }
    int maxSessions = newer.maxSessions();
    if (maxSessions > mostSessions) {
      maxSessions = old.maxSessions();
      warnings.add(
          loaded.warning(
              "limits.max-sessions",
              "is more than the "
                  + mostSessions
                  + " that this server has room for; until a restart "
                  + maxSessions
                  + " stays in force"));
    }
    return new Kept(newer.keeping(old, maxSessions), warnings);
  }
}
