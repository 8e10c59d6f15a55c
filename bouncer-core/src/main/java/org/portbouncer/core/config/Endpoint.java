package org.portbouncer.core.config;

/**
 * Where to listen, or where a target is.
 *
 * @param kind what the other fields mean
 * @param text as the operator wrote it; shown in logs and in `status`
 * @param host an address without brackets ({@link Kind#INET}), a link-local one with its interface
 *     ({@code fe80::1%eth0}), or a name ({@link Kind#NAME}); "" otherwise
 * @param port 0 to 65535 for INET and NAME; 0 otherwise
 * @param path the absolute socket path ({@link Kind#UNIX}), the service's name ({@link
 *     Kind#INTERNAL}) or the group's ({@link Kind#GROUP}); "" otherwise
 */
public record Endpoint(Kind kind, String text, String host, int port, String path) {

  /** Whether a connection to it goes over TCP. */
  public boolean isTcp() {
    return kind == Kind.INET || kind == Kind.NAME || kind == Kind.GROUP;
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
}
