package org.portbouncer.core.config;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Collects networks for a {@link NetworkSet}. Parsing is strict and never asks DNS. Not safe for
 * use by several threads. Used by the mother and by commands.
 */
public final class NetworkSetBuilder {

  /** Per range: first in the high half, last in the low half, sign flipped so that it sorts. */
  private long[] v4 = new long[16];

  private int v4Count;
  private long[] v6 = new long[16];
  private int v6Count;

  NetworkSetBuilder() {}

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
   */
  String add(byte[] text, int from, int to) {
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
      addV4(first, first | (~loMask & 0xffffffffL));
    } else {
      addV6(address.hi(), address.lo(), address.hi() | ~hiMask, address.lo() | ~loMask);
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

  private void addV4(long first, long last) {
    if (v4Count == v4.length) {
      v4 = Arrays.copyOf(v4, v4Count * 2);
    }
    v4[v4Count++] = (first << 32 | last) ^ Long.MIN_VALUE;
  }

  private void addV6(long firstHi, long firstLo, long lastHi, long lastLo) {
    if (v6Count == v6.length) {
      v6 = Arrays.copyOf(v6, v6Count * 2);
    }
    v6[v6Count++] = firstHi;
    v6[v6Count++] = firstLo;
    v6[v6Count++] = lastHi;
    v6[v6Count++] = lastLo;
  }

  /** Adds every network of {@code other}. */
  public NetworkSetBuilder addAll(NetworkSet other) {
    long[] four = other.rangesV4();
    for (int i = 0; i < four.length; i += 2) {
      addV4(four[i], four[i + 1]);
    }
    long[] six = other.rangesV6();
    for (int i = 0; i < six.length; i += 4) {
      addV6(six[i], six[i + 1], six[i + 2], six[i + 3]);
    }
    return this;
  }

  /** The set of all that was added; the builder may be used on. */
  public NetworkSet build() {
    return new NetworkSet(compileV4(), compileV6());
  }

  private long[] compileV4() {
    long[] sorted = Arrays.copyOf(v4, v4Count);
    Arrays.sort(sorted);
    long[] ranges = new long[2 * v4Count];
    int size = 0;
    for (long packed : sorted) {
      long range = packed ^ Long.MIN_VALUE;
      long first = range >>> 32;
      long last = range & 0xffffffffL;
      if (size > 0 && first <= ranges[size - 1] + 1) {
        ranges[size - 1] = Math.max(ranges[size - 1], last);
      } else {
        ranges[size++] = first;
        ranges[size++] = last;
      }
    }
    return Arrays.copyOf(ranges, size);
  }

  private long[] compileV6() {
    long[][] sorted = new long[v6Count / 4][];
    for (int i = 0; i < sorted.length; i++) {
      sorted[i] = Arrays.copyOfRange(v6, 4 * i, 4 * i + 4);
    }
    Arrays.sort(sorted, (a, b) -> NetworkSet.compare(a[0], a[1], b[0], b[1]));
    long[] ranges = new long[v6Count];
    int size = 0;
    for (long[] range : sorted) {
      if (size > 0 && touches(ranges[size - 2], ranges[size - 1], range)) {
        if (NetworkSet.compare(range[2], range[3], ranges[size - 2], ranges[size - 1]) > 0) {
          ranges[size - 2] = range[2];
          ranges[size - 1] = range[3];
        }
      } else {
        System.arraycopy(range, 0, ranges, size, 4);
        size += 4;
      }
    }
    return Arrays.copyOf(ranges, size);
  }

  /** Whether the range begins no later than one past (lastHi, lastLo). */
  private static boolean touches(long lastHi, long lastLo, long[] range) {
    long nextLo = lastLo + 1;
    long nextHi = nextLo == 0 ? lastHi + 1 : lastHi;
    boolean overflow = nextLo == 0 && nextHi == 0;
    return overflow || NetworkSet.compare(range[0], range[1], nextHi, nextLo) <= 0;
  }
}
