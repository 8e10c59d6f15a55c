package org.portbouncer.config;

import org.portbouncer.core.config.Timeouts;

/** Reads time limits. Runs in the mother and in commands. */
final class TimeoutsReader {

  static final Keys KEYS = new Keys("timeouts");

  static final ConfigKey<Long> NEGOTIATE =
      KEYS.withDefault("negotiate", Form.DURATION, "10s", "from accept until the connect stage");

  static final ConfigKey<Long> CONNECT =
      KEYS.withDefault(
          "connect", Form.DURATION, "10s", "for opening the target connection, name included");

  static final ConfigKey<Long> IDLE =
      KEYS.withDefault("idle", Form.DURATION, "0s", "no byte in either direction; `0s`: never");

  static final ConfigKey<Long> HALF_CLOSED =
      KEYS.withDefault(
          "half-closed",
          Form.DURATION,
          "0s",
          "one direction has ended and the other is still; `0s`: never");

  static final ConfigKey<Long> UDP =
      KEYS.withDefault(
          "udp",
          Form.DURATION,
          "30s",
          "no datagram in either direction of a session over UDP; `0s`: never");

  static final ConfigKey<Long> DRAIN =
      KEYS.withDefault(
          "drain", Form.DURATION, "30s", "what a stop gives live sessions to end; `0s`: for ever");

  static final ConfigKey<Long> ORPHAN =
      KEYS.withDefault(
          "orphan",
          Form.DURATION,
          "1h",
          "how long sessions may go on whose server was killed; `0s`: to their end");

  private TimeoutsReader() {}

  /** Those of sessions. */
  static Timeouts read(Section timeouts) {
    return new Timeouts(
        timeouts.read(NEGOTIATE),
        timeouts.read(CONNECT),
        timeouts.read(IDLE),
        timeouts.read(HALF_CLOSED),
        timeouts.read(UDP));
  }
}
