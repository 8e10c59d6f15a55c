package org.portbouncer.core.config;

/**
 * Where to listen, or where a target is.
 *
 * @param kind what the other fields mean
 * @param text as the operator wrote it; shown in logs and in `status`
 * @param host an address without brackets ({@link Kind#INET}), a link-local one with its interface
 *     ({@code fe80::1%eth0}), or a name ({@link Kind#NAME}); "" otherwise
 * @param port 0 to 65535 for INET and NAME, or what is added to another; 0 otherwise
 * @param path the absolute socket path ({@link Kind#UNIX}), the service's name ({@link
 *     Kind#INTERNAL}) or the group's ({@link Kind#GROUP}); "" otherwise
 * @param ports what {@code port} is
 * @param udp whether it is reached by datagrams; a group, whether its members are
 */
public record Endpoint(
    Kind kind, String text, String host, int port, String path, Ports ports, boolean udp) {

  /** One whose port is a port, and that is not reached by datagrams. */
  public Endpoint(Kind kind, String text, String host, int port, String path) {
    this(kind, text, host, port, path, Ports.ONE);
  }

  /** One that is not reached by datagrams. */
  public Endpoint(Kind kind, String text, String host, int port, String path, Ports ports) {
    this(kind, text, host, port, path, ports, false);
  }

  /** Whether a connection to it goes over TCP. */
  public boolean isTcp() {
    return !udp && (kind == Kind.INET || kind == Kind.NAME || kind == Kind.GROUP);
  }

  /** The same, reached by datagrams, and so written. */
  public Endpoint overUdp(String text) {
    return new Endpoint(kind, text, host, port, path, ports, true);
  }

  /**
   * As of any record. Sessions compare them, and a record's own way links some ten method handles
   * at the first: a fiftieth of a second in which clients wait.
   */
  @Override
  public boolean equals(Object other) {
    return this == other
        || other instanceof Endpoint that
            && port == that.port
            && udp == that.udp
            && kind == that.kind
            && ports == that.ports
            && text.equals(that.text)
            && host.equals(that.host)
            && path.equals(that.path);
  }

  @Override
  public int hashCode() {
    return 31 * (31 * text.hashCode() + port) + kind.ordinal();
  }

  /** Whether its port counts from the one that a client came to. */
  public boolean isRelative() {
    return ports == Ports.ADDED;
  }

  /** The target of a client who came to {@code cameTo}, of one that {@link #isRelative}. */
  public Endpoint from(int cameTo) {
    return withPort(cameTo + port, Ports.ONE);
  }

  /** The same host, or address, with another port. */
  public Endpoint withPort(int other, Ports as) {
    String before = text.substring(0, text.lastIndexOf(':') + 1);
    return new Endpoint(kind, before + other, host, other, path, as, udp);
  }

  /** What a port stands for. */
  public enum Ports {
    /** Itself. */
    ONE,
    /** Itself, and it was written as part of a range: {@code :6000-6099}. */
    OF_RANGE,
    /** {@code :+N}, that much more than the port a client came to. Of a target alone. */
    ADDED
  }

  /** The forms an endpoint can take. */
  public enum Kind {
    /** An IPv4 or IPv6 address with a port. */
    INET,
    /** A host name with a port, resolved when connecting. Never a listening address. */
    NAME,
    /** `unix:/path`. */
    UNIX,
    /** `internal:http`, `internal:echo` or `internal:discard`. Never a listening address. */
    INTERNAL,
    /** Several servers, a {@link TargetGroup}. Never a listening address. */
    GROUP
  }

  /** What is no address. */
  static final Endpoint BLANK = new Endpoint(Kind.INET, "", "", 0, "");

  static Endpoint pass(ConfigWire wire, Endpoint it) throws ConfigCodecException {
    return new Endpoint(
        wire.constant(it.kind, Kind.values()),
        wire.text(it.text),
        wire.text(it.host),
        wire.integer(it.port, 0, 65535),
        wire.text(it.path),
        wire.constant(it.ports, Ports.values()),
        wire.flag(it.udp));
  }
}
