package org.portbouncer.negotiator.connect;

import java.net.InetAddress;

/**
 * What a proxy is asked to connect to.
 *
 * @param address null where the proxy is to look the name up
 * @param host as it is written: the address without brackets, or the name
 * @param port 0 to 65535
 */
record Destination(InetAddress address, String host, int port) {

  /** {@code HOST:PORT}, with brackets around an IPv6 address. */
  String text() {
    String name = address == null ? host : address.getHostAddress();
    return (name.indexOf(':') >= 0 ? "[" + name + "]" : name) + ":" + port;
  }
}
