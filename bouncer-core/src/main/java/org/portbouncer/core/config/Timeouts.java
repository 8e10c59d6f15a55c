package org.portbouncer.core.config;

/**
 * Time limits of a session, in milliseconds; 0 is "never".
 *
 * @param negotiateMs from accept until the connect stage has the session
 * @param connectMs for opening the target connection, name resolution included
 * @param idleMs no byte in either direction
 * @param halfClosedMs one direction has ended and no byte moves in the other
 * @param udpMs no datagram in either direction, of a session of datagrams
 */
public record Timeouts(
    long negotiateMs, long connectMs, long idleMs, long halfClosedMs, long udpMs) {

  /** Those of connections. */
  public Timeouts(long negotiateMs, long connectMs, long idleMs, long halfClosedMs) {
    this(negotiateMs, connectMs, idleMs, halfClosedMs, 0);
  }

  /** No limits. */
  public static final Timeouts NONE = new Timeouts(0, 0, 0, 0, 0);

  static Timeouts pass(ConfigWire wire, Timeouts it) throws ConfigCodecException {
    return new Timeouts(
        wire.longInteger(it.negotiateMs, 0),
        wire.longInteger(it.connectMs, 0),
        wire.longInteger(it.idleMs, 0),
        wire.longInteger(it.halfClosedMs, 0),
        wire.longInteger(it.udpMs, 0));
  }
}
