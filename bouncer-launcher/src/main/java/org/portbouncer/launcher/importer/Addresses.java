package org.portbouncer.launcher.importer;

import java.net.InetAddress;
import java.net.UnknownHostException;
import org.portbouncer.core.config.IpAddress;

/** Addresses as bouncer.conf has them. */
final class Addresses {

  private Addresses() {}

  /** HOST:PORT, with brackets where the host is an IPv6 address. */
  static String join(String host, int port) {
    return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port;
  }

  static boolean isNumeric(String host) {
    int zone = host.indexOf('%');
    return IpAddress.parse(zone < 0 ? host : host.substring(0, zone)) != null;
  }

  /** Whether a listening address takes clients of IPv6. */
  static boolean isV6(String listen) {
    return listen.startsWith("[");
  }

  /**
   * The first address of a name, as a program takes it that listens on one.
   *
   * @return null where it has none now
   */
  static String first(String name) {
    try {
      return isNumeric(name) ? name : InetAddress.getByName(name).getHostAddress();
    } catch (UnknownHostException e) {
      return null;
    }
  }
}
