package org.portbouncer.core.config;

/** Ports from {@code first} to {@code last}, both included. */
public record PortRange(int first, int last) {

  /** Whether {@code port} lies in the range. */
  public boolean contains(int port) {
    return port >= first && port <= last;
  }

  static final PortRange BLANK = new PortRange(0, 0);

  static PortRange pass(ConfigWire wire, PortRange it) throws ConfigCodecException {
    return new PortRange(wire.integer(it.first, 0, 65535), wire.integer(it.last, 0, 65535));
  }
}
