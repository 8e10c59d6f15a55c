package org.portbouncer.core.config;

import java.nio.charset.StandardCharsets;

/**
 * Collects networks for a {@link NetworkSet}. Parsing is strict and never asks DNS. Not safe for
 * use by several threads. Used by the mother and by commands.
 */
public final class NetworkSetBuilder {

  private final RuleMemory shared;
  private final Ranges v4;
  private final Ranges v6;

  /** A builder of a set in memory of its own. */
  NetworkSetBuilder() {
    shared = null;
    v4 = Ranges.growing(Ranges.V4_BYTES);
    v6 = Ranges.growing(Ranges.V6_BYTES);
  }

  /** A builder of a set that lies in this memory; one at a time. */
  public NetworkSetBuilder(RuleMemory shared) {
    this.shared = shared;
    v4 = shared.v4();
    v6 = shared.v6();
  }

  /**
   * Adds a network such as {@code 10.0.0.0/8} or {@code 2001:db8::/32}, or a single address.
   *
   * @return this
   * @throws InvalidValueException when it is neither, or has bits set beyond its prefix
   */
  public NetworkSetBuilder add(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    String problem = add(bytes, 0, bytes.length);
    if (problem != null) {
      throw new InvalidValueException(problem);
    }
    return this;
  }

  /**
   * Adds the network written in the bytes {@code from} to {@code to} (exclusive).
   *
   * @return null when done, otherwise what is wrong; then nothing was added
   * @throws InvalidValueException where there is no room for more
   */
  public String add(byte[] text, int from, int to) {
    int slash = from;
    while (slash < to && text[slash] != '/') {
      slash++;
    }
    IpAddress address = IpAddress.parse(text, from, slash);
    if (address == null) {
      return notANetwork(text, from, to);
    }
    boolean dotted = address.isV4() && indexOfColon(text, from, slash) < 0;
    int bits = dotted ? 32 : 128;
    int prefix = slash == to ? bits : prefix(text, slash + 1, to, bits);
    if (prefix < 0) {
      return string(text, from, to) + " has no valid prefix length; 0 to " + bits + " is possible";
    }
    int width = dotted ? prefix + 96 : prefix;
    long hiMask = maskHi(width);
    long loMask = maskLo(width);
    if ((address.hi() & ~hiMask) != 0 || (address.lo() & ~loMask) != 0) {
      return hostBits(address, dotted, prefix, hiMask, loMask, string(text, from, to));
    }
    if (address.isV4() && width >= 96) {
      long first = address.lo() & 0xffffffffL;
      v4.add(first, first | (~loMask & 0xffffffffL));
    } else {
      v6.add(address.hi(), address.lo(), address.hi() | ~hiMask, address.lo() | ~loMask);
    }
    return null;
  }

  private static String notANetwork(byte[] text, int from, int to) {
    String shown = string(text, from, to);
    if (indexOfColon(text, from, to) < 0 && shown.matches("[0-9]+([.][0-9]+){0,2}(/[0-9]+)?")) {
      return "'"
          + shown
          + "' is not an address or network; all four numbers are needed, as in 10.0.0.0/8";
    }
    return "'" + shown + "' is not an address or network such as 10.0.0.0/8 or 2001:db8::/32";
  }

  private static String hostBits(
      IpAddress address, boolean dotted, int prefix, long hiMask, long loMask, String shown) {
    long hi = address.hi() & hiMask;
    long lo = address.lo() & loMask;
    String network = dotted ? IpAddress.dotted((int) lo) : IpAddress.v6Text(hi, lo);
    String host = dotted ? address.toString() : IpAddress.v6Text(address.hi(), address.lo());
    return shown
        + " has host bits set; "
        + network
        + "/"
        + prefix
        + " or "
        + host
        + (dotted ? "/32" : "/128")
        + " was meant";
  }

  /** Bytes as text for a message, cut where a line is absurdly long. */
  private static String string(byte[] text, int from, int to) {
    int end = Math.min(to, from + 80);
    String shown = new String(text, from, end - from, StandardCharsets.UTF_8);
    return end < to ? shown + "…" : shown;
  }

  private static int indexOfColon(byte[] text, int from, int to) {
    for (int i = from; i < to; i++) {
      if (text[i] == ':') {
        return i;
      }
    }
    return -1;
  }

  private static int prefix(byte[] text, int from, int to, int bits) {
    if (from == to || to - from > 3 || (to - from > 1 && text[from] == '0')) {
      return -1;
    }
    int value = 0;
    for (int i = from; i < to; i++) {
      if (text[i] < '0' || text[i] > '9') {
        return -1;
      }
      value = value * 10 + text[i] - '0';
    }
    return value <= bits ? value : -1;
  }

  private static long maskHi(int width) {
    return width >= 64 ? -1L : width == 0 ? 0 : -1L << (64 - width);
  }

  private static long maskLo(int width) {
    return width <= 64 ? 0 : -1L << (128 - width);
  }

  /** Whether nothing was added. */
  public boolean isEmpty() {
    return v4.count() == 0 && v6.count() == 0;
  }

  /** Adds every network of {@code other}. */
  public NetworkSetBuilder addAll(NetworkSet other) {
    for (int i = 0; i < other.countV4(); i++) {
      v4.add(other.firstV4(i), other.lastV4(i));
    }
    for (int i = 0; i < other.countV6(); i++) {
      v6.add(other.v6(i, 0), other.v6(i, 1), other.v6(i, 2), other.v6(i, 3));
    }
    return this;
  }

  /** The set of all that was added; nothing can be added afterwards. */
  public NetworkSet build() {
    v4.sortAndMerge();
    v6.sortAndMerge();
    if (shared != null) {
      shared.keep(v4, v6);
    }
    return new NetworkSet(v4, v6);
  }
}
