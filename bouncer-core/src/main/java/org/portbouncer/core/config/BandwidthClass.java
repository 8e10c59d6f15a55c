package org.portbouncer.core.config;

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

  /** Whose sessions draw from the same bucket. */
  public enum SharedBy {
    /** Every session of the class. */
    ALL,
    /** The sessions of one rule. */
    RULE,
    /** The sessions of one source, as `source-prefix` defines it. */
    SOURCE,
    /** Each session has its own. */
    SESSION
  }
}
