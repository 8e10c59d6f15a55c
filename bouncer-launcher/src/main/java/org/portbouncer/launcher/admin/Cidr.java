package org.portbouncer.launcher.admin;

import java.net.InetAddress;

/**
 * One network, as an operator names it to choose sessions. Used by commands (to refuse a bad one
 * before they ask) and by the mother. IPv4-mapped IPv6 addresses count as IPv4.
 */
public final class Cidr {

  private final byte[] network;
  private final int prefix;

  private Cidr(byte[] network, int prefix) {
    this.network = network;
    this.prefix = prefix;
  }

  /**
   * Reads "ADDRESS" or "ADDRESS/PREFIX"; never asks the DNS.
   *
   * @throws IllegalArgumentException where {@code text} is neither; the message says what would be
   *     right
   */
  public static Cidr parse(String text) {
    int slash = text.indexOf('/');
    String address = slash < 0 ? text : text.substring(0, slash);
    byte[] bytes = address(address);
    if (bytes == null) {
      throw refused(text);
    }
    int bits = bytes.length * 8;
    int prefix = bits;
    if (slash >= 0) {
      prefix = prefix(text.substring(slash + 1));
      if (bits == 32 && address.indexOf(':') >= 0) {
        prefix -= 96;
      }
    }
    if (prefix < 0 || prefix > bits) {
      throw refused(text);
    }
    return new Cidr(bytes, prefix);
  }

  /**
   * Whether a session's address lies in the network.
   *
   * @param endpoint "1.2.3.4:567", "[::1]:567" or "unix:/path"; the last lies in none
   */
  public boolean containsEndpoint(String endpoint) {
    int colon = endpoint.lastIndexOf(':');
    if (colon < 0 || endpoint.startsWith("unix:")) {
      return false;
    }
    byte[] bytes = address(endpoint.substring(0, colon));
    return bytes != null && contains(bytes);
  }

  private boolean contains(byte[] address) {
    if (address.length != network.length) {
      return false;
    }
    for (int bit = 0; bit < prefix; bit++) {
      int mask = 0x80 >> (bit % 8);
      if (((address[bit / 8] ^ network[bit / 8]) & mask) != 0) {
        return false;
      }
    }
    return true;
  }

  private static byte[] address(String text) {
    String bare = text;
    if (bare.startsWith("[") && bare.endsWith("]")) {
      bare = bare.substring(1, bare.length() - 1);
    }
    int zone = bare.indexOf('%');
    if (zone >= 0) {
      bare = bare.substring(0, zone);
    }
    try {
      return InetAddress.ofLiteral(bare).getAddress();
    } catch (IllegalArgumentException e) {
      return null;
    }
  }

  private static int prefix(String text) {
    try {
      return text.matches("[0-9]{1,3}") ? Integer.parseInt(text) : -1;
    } catch (NumberFormatException e) {
      return -1;
    }
  }

  private static IllegalArgumentException refused(String text) {
    return new IllegalArgumentException(
        "\"" + text + "\" is not a network; write one like 10.0.0.0/8 or 2001:db8::/32");
  }
}
