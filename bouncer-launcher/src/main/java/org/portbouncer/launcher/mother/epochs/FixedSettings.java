package org.portbouncer.launcher.mother.epochs;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import org.portbouncer.config.LoadResult;
import org.portbouncer.config.Problem;
import org.portbouncer.core.config.Configuration;

/**
 * Settings that a running server cannot change: what was made by them at the start is in use. A
 * reload keeps their old values and says so. In the mother.
 */
final class FixedSettings {

  /**
   * What a reload is left with.
   *
   * @param configuration the new one, with the old values of what cannot change
   * @param warnings one for each of those that differ
   */
  record Kept(Configuration configuration, List<Problem> warnings) {}

  private record Fixed(String key, Function<Configuration, Object> value) {}

  private static final List<Fixed> FIXED =
      List.of(
          new Fixed("state-transfer.mode", c -> c.stateTransfer().mode()),
          new Fixed("state-transfer.file-fd.backing", c -> c.stateTransfer().directory()),
          new Fixed("state-transfer.shm.slots", c -> c.stateTransfer().slots()),
          new Fixed("state-transfer.padding", c -> c.stateTransfer().padding()),
          new Fixed("admin.socket", c -> c.admin().socket()),
          new Fixed("admin.mode", c -> c.admin().mode()),
          new Fixed("metrics.listen", c -> c.metrics().listen()),
          new Fixed("metrics.hosts", c -> c.metrics().hosts()),
          new Fixed("user", Configuration::user),
          new Fixed("group", Configuration::group),
          new Fixed("confine", Configuration::confine),
          new Fixed("survive", Configuration::survive),
          new Fixed("cluster.redis", c -> c.cluster() == null ? null : c.cluster().redis()),
          new Fixed("cluster.name", c -> c.cluster() == null ? null : c.cluster().name()),
          new Fixed("cluster.token", c -> c.cluster() == null ? null : c.cluster().token()),
          new Fixed(
              "cluster.sentinel-token",
              c -> c.cluster() == null ? null : c.cluster().sentinelToken()),
          new Fixed(
              "cluster.redis-ports", c -> c.cluster() == null ? null : c.cluster().redisPorts()),
          new Fixed("cluster.ca", c -> c.cluster() == null ? null : c.cluster().authority()),
          new Fixed("cluster.when-away", c -> c.cluster() == null ? null : c.cluster().whenAway()));

  private FixedSettings() {}

  /** Their paths. */
  static List<String> keys() {
    return FIXED.stream().map(Fixed::key).toList();
  }

  /**
   * @param loaded the new configuration
   * @param old the one in force
   * @param mostSessions what the session table has room for
   */
  static Kept keep(LoadResult loaded, Configuration old, int mostSessions) {
    Configuration newer = loaded.configuration();
    List<Problem> warnings = new ArrayList<>();
    for (Fixed fixed : FIXED) {
      if (!Objects.equals(fixed.value.apply(newer), fixed.value.apply(old))) {
        warnings.add(
            loaded.warning(
                fixed.key, "changes with a restart only; until then the old value stays in force"));
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
