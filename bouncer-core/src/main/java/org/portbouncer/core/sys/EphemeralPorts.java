package org.portbouncer.core.sys;

/**
 * The ports that the kernel gives to connections that ask for none (ip(7), {@code
 * ip_local_port_range}; for both families). Read once, when the process first asks.
 */
public final class EphemeralPorts {

  private static final String FILE = "/proc/sys/net/ipv4/ip_local_port_range";
  private static final EphemeralPorts OF_THIS_MACHINE = parse(ProcFile.read(FILE));

  private final int first;
  private final int last;

  private EphemeralPorts(int first, int last) {
    this.first = first;
    this.last = last;
  }

  /** Those of this machine, or of this network namespace. */
  public static EphemeralPorts ofThisMachine() {
    return OF_THIS_MACHINE;
  }

  /** Two numbers between blanks; every port where it says something else. */
  static EphemeralPorts parse(String text) {
    if (text != null && text.strip().matches("[0-9]{1,5}\\s+[0-9]{1,5}")) {
      String[] numbers = text.strip().split("\\s+", -1);
      return new EphemeralPorts(Integer.parseInt(numbers[0]), Integer.parseInt(numbers[1]));
    }
    return new EphemeralPorts(1, 65_535);
  }

  /** Whether the kernel may give this port to a connection. */
  public boolean contain(int port) {
    return port >= first && port <= last;
  }
}
