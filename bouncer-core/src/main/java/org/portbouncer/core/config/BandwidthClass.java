package org.portbouncer.core.config;

import org.portbouncer.core.sys.Coded;

/**
 * A bandwidth class.
 *
 * @param name the key under `bandwidth`
 * @param up bytes per second from client to target; 0 for no limit
 * @param down bytes per second from target to client; 0 for no limit
 * @param burst bytes that may pass at once after a pause; 0 where it follows the rate
 * @param sharedBy whose sessions share one bucket
 */
public record BandwidthClass(String name, long up, long down, long burst, SharedBy sharedBy) {

  static final BandwidthClass BLANK = new BandwidthClass("", 0, 0, 0, SharedBy.ALL);

  static BandwidthClass pass(ConfigWire wire, BandwidthClass it) throws ConfigCodecException {
    return new BandwidthClass(
        wire.text(it.name),
        wire.longInteger(it.up, 0),
        wire.longInteger(it.down, 0),
        wire.longInteger(it.burst, 0),
        wire.constant(it.sharedBy, SharedBy.values()));
  }

  /** Whose sessions draw from the same bucket. */
  public enum SharedBy implements Coded {
    /** Every session of the class. */
    ALL(1),
    /** The sessions of one rule. */
    RULE(2),
    /** The sessions of one source, as `source-prefix` defines it. */
    SOURCE(3),
    /** Each session has its own. */
    SESSION(4);

    private final int code;

    SharedBy(int code) {
      this.code = code;
    }

    /** As it stands in the key of a bucket. */
    @Override
    public int code() {
      return code;
    }
  }
}
