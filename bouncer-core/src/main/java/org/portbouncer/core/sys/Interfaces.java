package org.portbouncer.core.sys;

import java.nio.charset.StandardCharsets;

/**
 * The network interfaces that have IPv6 addresses, as the kernel lists them: a confined worker may
 * ask in no other way. Runs in the mother and in connect workers.
 *
 * <pre>
 *   /proc/net/if_inet6: address, index, prefix length, scope and flags, in hexadecimal, name
 * </pre>
 */
public final class Interfaces {

  private static final String LIST = "/proc/net/if_inet6";
  private static final int MOST_BYTES = 1 << 18;

  private Interfaces() {}

  /**
   * The index of an interface.
   *
   * @param name or the number itself
   * @return 0 where there is none
   */
  public static int index(String name) {
    if (name.matches("[0-9]{1,9}")) {
      return Integer.parseInt(name);
    }
    for (String[] line : lines()) {
      if (line[5].equals(name)) {
        return Integer.parseInt(line[1], 16);
      }
    }
    return 0;
  }

  /** The name of an interface; its number where it has none. */
  public static String name(int index) {
    for (String[] line : lines()) {
      if (Integer.parseInt(line[1], 16) == index) {
        return line[5];
      }
    }
    return Integer.toString(index);
  }

  private static String[][] lines() {
    byte[] bytes = ProcFile.bytes(LIST, MOST_BYTES);
    String text = bytes == null ? "" : new String(bytes, StandardCharsets.UTF_8);
    return text.lines()
        .map(line -> line.strip().split("\\s+", -1))
        .filter(line -> line.length == 6)
        .toArray(String[][]::new);
  }
}
