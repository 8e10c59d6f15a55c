package org.portbouncer.core.sys;

import java.nio.charset.StandardCharsets;

/**
 * The network interfaces, as the kernel lists them: a confined worker may ask in no other way. Runs
 * in the mother, in commands and in connect workers.
 *
 * <pre>
 *   /proc/net/if_inet6: address, index, prefix length, scope and flags, in hexadecimal, name;
 *     those alone that have an IPv6 address
 *   /proc/net/dev: two lines of heading, then name, ":" and counters
 * </pre>
 */
public final class Interfaces {

  private static final String ALL = "/proc/net/dev";
  private static final String LIST = "/proc/net/if_inet6";
  private static final int MOST_BYTES = 1 << 18;

  private Interfaces() {}

  /**
   * The index of an interface that has an IPv6 address.
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

  /**
   * Whether an interface has an IPv6 address.
   *
   * @param name or the number
   */
  public static boolean hasIpv6(String name) {
    int index = index(name);
    for (String[] line : lines()) {
      if (Integer.parseInt(line[1], 16) == index) {
        return true;
      }
    }
    return false;
  }

  /** Whether there is an interface of that name, with or without an address. */
  public static boolean isHere(String name) {
    return text(ALL).lines().skip(2).anyMatch(line -> line.strip().startsWith(name + ":"));
  }

  private static String[][] lines() {
    return text(LIST)
        .lines()
        .map(line -> line.strip().split("\\s+", -1))
        .filter(line -> line.length == 6)
        .toArray(String[][]::new);
  }

  private static String text(String file) {
    byte[] bytes = ProcFile.bytes(file, MOST_BYTES);
    return bytes == null ? "" : new String(bytes, StandardCharsets.UTF_8);
  }
}
