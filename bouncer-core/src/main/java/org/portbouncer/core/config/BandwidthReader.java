package org.portbouncer.core.config;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** Reads the bandwidth classes. Runs in the mother and in commands. */
final class BandwidthReader {

  private static final long LEAST_DEFAULT_BURST = 64 * 1024L;

  private BandwidthReader() {}

  /** Every class of these names. */
  static List<BandwidthClass> all(Section classes, List<String> names) {
    List<BandwidthClass> all = new ArrayList<>();
    for (String name : names) {
      all.add(bandwidth(classes.named(name), name));
    }
    return all;
  }

  private static BandwidthClass bandwidth(Section section, String name) {
    ValueReader<Long> rate = (text, where) -> Quantities.bytesPerSecond(text);
    long up = Objects.requireNonNullElse(section.read("up", rate), 0L);
    long down = Objects.requireNonNullElse(section.read("down", rate), 0L);
    if (section.isAbsent("up") && section.isAbsent("down")) {
      section
          .problems()
          .error(section.where(), "bandwidth." + name + " limits nothing; it needs 'up' or 'down'");
    }
    Long burst = section.read("burst", BandwidthReader::burst, defaultBurst(up, down) + " B");
    BandwidthClass.SharedBy sharedBy =
        section.read(
            "shared-by",
            Names.choice(
                Names.choices(
                    Map.entry("all", BandwidthClass.SharedBy.ALL),
                    Map.entry("rule", BandwidthClass.SharedBy.RULE),
                    Map.entry("source", BandwidthClass.SharedBy.SOURCE),
                    Map.entry("session", BandwidthClass.SharedBy.SESSION))));
    return new BandwidthClass(name, up, down, burst, sharedBy);
  }

  /** A tenth of a second of the faster rate, but at least 64 KiB. */
  static long defaultBurst(long up, long down) {
    return Math.max(LEAST_DEFAULT_BURST, Math.max(up, down) / 10);
  }

  private static Long burst(String text, Where where) {
    long burst = Quantities.sizeBytes(text);
    if (burst < 1) {
      throw new InvalidValueException("'" + text + "' lets nothing pass; at least 1 B is needed");
    }
    return burst;
  }
}
