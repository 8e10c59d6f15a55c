package org.portbouncer.config;

import org.portbouncer.core.config.Configuration.SourcePrefix;

/** Reads what counts as one source. Runs in the mother and in commands. */
final class SourcePrefixReader {

  static final Keys KEYS = new Keys("source-prefix");

  private static final ConfigKey<Integer> V4 =
      KEYS.withDefault(
          "v4",
          Form.integer(0, SourcePrefix.MOST_V4),
          "32",
          "leading bits that make one IPv4 source");

  private static final ConfigKey<Integer> V6 =
      KEYS.withDefault(
          "v6",
          Form.integer(0, SourcePrefix.MOST_V6),
          "64",
          "leading bits that make one IPv6 source");

  private SourcePrefixReader() {}

  static SourcePrefix read(Section prefix) {
    return new SourcePrefix(prefix.read(V4), prefix.read(V6));
  }
}
