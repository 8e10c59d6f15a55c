package org.portbouncer.launcher.importer;

import java.util.List;

/**
 * An address of a rule of Barefoot's with its ports.
 *
 * @param surely who it is, whatever DNS says
 * @param perhaps who it may be
 * @param host as it is written, without its bits
 * @param firstPort of the ports it means
 * @param lastPort likewise
 */
record BarefootAddress(
    AddressSet surely, AddressSet perhaps, String host, int firstPort, int lastPort) {

  private static final int MOST = 65_535;

  /**
   * Reads the words of a from, to or bounce.
   *
   * @return null where the ports are none
   */
  static BarefootAddress of(List<String> words, Services services) {
    String text = words.isEmpty() ? "0/0" : words.getFirst();
    int slash = text.indexOf('/');
    String host = slash < 0 ? text : text.substring(0, slash);
    AddressSet set = text.equals("0/0") ? AddressSet.EVERYONE : AddressSet.parse(text);
    int[] ports = ports(words.size() < 2 ? List.of() : words.subList(1, words.size()), services);
    if (ports == null) {
      return null;
    }
    return new BarefootAddress(
        set == null ? AddressSet.NONE : set,
        set == null ? AddressSet.EVERYONE : set,
        host,
        ports[0],
        ports[1]);
  }

  private static int[] ports(List<String> words, Services services) {
    if (words.isEmpty()) {
      return new int[] {1, MOST};
    }
    if (!words.getFirst().equals("port") || words.size() < 2 || words.size() > 3) {
      return null;
    }
    String by = words.size() == 3 ? words.get(1) : "=";
    String text = words.getLast();
    if (words.size() == 2 && text.matches("[0-9]{1,5}-[0-9]{1,5}")) {
      String[] range = text.split("-", -1);
      return between(Integer.parseInt(range[0]), Integer.parseInt(range[1]));
    }
    int port = services.tcp(text) < 0 ? services.udp(text) : services.tcp(text);
    if (port < 0) {
      return null;
    }
    return switch (by) {
      case "=", "eq" -> between(port, port);
      case ">=", "ge" -> between(port, MOST);
      case ">", "gt" -> between(port + 1, MOST);
      case "<=", "le" -> between(1, port);
      case "<", "lt" -> between(1, port - 1);
      default -> null;
    };
  }

  private static int[] between(int first, int last) {
    return first > last || last > MOST ? null : new int[] {Math.max(1, first), last};
  }

  boolean hasAllPorts() {
    return firstPort == 1 && lastPort == MOST;
  }

  boolean hasOnePort() {
    return firstPort == lastPort;
  }

  boolean hasPort(int port) {
    return port >= firstPort && port <= lastPort;
  }
}
