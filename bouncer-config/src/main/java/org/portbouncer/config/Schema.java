package org.portbouncer.config;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Every key there is, as those who read them describe them, in the order of the documentation: what
 * is known and what is near, what the defaults are, and what docs/configuration.md must say. Read
 * by the mother and by commands.
 */
public final class Schema {

  private static final List<SchemaKey> KEYS =
      Stream.of(
              ListenerReader.KEYS,
              TargetsReader.KEYS,
              ChainReader.KEYS,
              RuleReader.KEYS,
              SourcePrefixReader.KEYS,
              BandwidthReader.KEYS,
              ClusterReader.KEYS,
              WorkersReader.KEYS,
              StateTransferReader.KEYS,
              TimeoutsReader.KEYS,
              ConfigurationReader.LIMITS,
              AdminReader.KEYS,
              MetricsReader.KEYS,
              LogReader.KEYS,
              ConfigurationReader.PROCESS)
          .flatMap(keys -> keys.all().stream())
          .toList();

  private Schema() {}

  /** Every key, in the order of the documentation. */
  public static List<SchemaKey> keys() {
    return KEYS;
  }

  /** The names possible directly below {@code path}; "" is the `bouncer` block itself. */
  static Set<String> childrenOf(String path) {
    String prefix = path.isEmpty() ? "" : path + ".";
    Set<String> children = new LinkedHashSet<>();
    for (SchemaKey key : KEYS) {
      if (key.path().startsWith(prefix)) {
        String rest = key.path().substring(prefix.length());
        int dot = rest.indexOf('.');
        String child = dot < 0 ? rest : rest.substring(0, dot);
        // A list under a fixed key; one under a name is told apart by its callers.
        boolean fixed = child.endsWith("[]") && !child.startsWith("NAME");
        children.add(fixed ? child.substring(0, child.length() - 2) : child);
      }
    }
    return children;
  }
}
