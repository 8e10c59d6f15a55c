package org.portbouncer.config;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.portbouncer.core.config.BandwidthClass;
import org.portbouncer.core.config.InvalidValueException;

/** Reads the bandwidth classes. Runs in the mother and in commands. */
final class BandwidthReader {

  /** Each has a place in shared memory, and so have some that a reload took away. */
  private static final int MOST = 512;

  static final Keys KEYS = new Keys("bandwidth.NAME");

  private static final Form<Long> RATE =
      new Form<>("rate", (text, where) -> Quantities.bytesPerSecond(text));

  private static final ConfigKey<Long> UP =
      KEYS.optional("up", RATE, "no limit", "client to target");

  private static final ConfigKey<Long> DOWN =
      KEYS.optional("down", RATE, "no limit", "target to client");

  private static final ConfigKey<Long> BURST =
      KEYS.withDefault(
          "burst",
          new Form<>("size, or `auto`", BandwidthReader::burst),
          "auto",
          "what may pass at once after a pause; `auto`: what passes in 20 ms");

  private static final ConfigKey<BandwidthClass.SharedBy> SHARED_BY =
      KEYS.withDefault(
          "shared-by",
          Form.choice(
              Map.entry("all", BandwidthClass.SharedBy.ALL),
              Map.entry("rule", BandwidthClass.SharedBy.RULE),
              Map.entry("source", BandwidthClass.SharedBy.SOURCE),
              Map.entry("session", BandwidthClass.SharedBy.SESSION)),
          "all",
          "whose sessions share the rate");

  private BandwidthReader() {}

  /** Every class of these names. */
  static List<BandwidthClass> all(Section classes, List<String> names) {
    List<BandwidthClass> all = new ArrayList<>();
    for (String name : names) {
      all.add(bandwidth(classes.named(name), name));
    }
    if (all.size() > MOST) {
      classes
          .problems()
          .error(
              classes.where(),
              all.size() + " bandwidth classes are too many; " + MOST + " are possible");
    }
    return all;
  }

  private static BandwidthClass bandwidth(Section section, String name) {
    long up = Objects.requireNonNullElse(section.read(UP), 0L);
    long down = Objects.requireNonNullElse(section.read(DOWN), 0L);
    if (section.isAbsent(UP.name()) && section.isAbsent(DOWN.name())) {
      section
          .problems()
          .error(section.where(), "bandwidth." + name + " limits nothing; it needs 'up' or 'down'");
    }
    Long burst = section.read(BURST);
    BandwidthClass.SharedBy sharedBy = section.read(SHARED_BY);
    return new BandwidthClass(name, up, down, burst, sharedBy);
  }

  private static Long burst(String text, Where where) {
    if (text.equals("auto")) {
      return 0L;
    }
    long burst = Quantities.sizeBytes(text);
    if (burst < 1) {
      throw new InvalidValueException(
          "'" + text + "' lets nothing pass; at least 1 B is needed, or auto");
    }
    return burst;
  }
}
