package org.portbouncer.core.config;

/**
 * So many sessions in so much time, as in `50/1s`.
 *
 * @param count at least 1
 * @param periodMs at least 1 millisecond
 */
public record Rate(int count, long periodMs) {

  static final Rate BLANK = new Rate(1, 1);

  static Rate pass(ConfigWire wire, Rate it) throws ConfigCodecException {
    return new Rate(wire.integer(it.count, 1), wire.longInteger(it.periodMs, 1));
  }
}
