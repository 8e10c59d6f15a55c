package org.portbouncer.core.config;

import java.nio.charset.StandardCharsets;

/**
 * An IPv4 or IPv6 address as 128 bits. IPv4 is held in its mapped form, {@code ::ffff:a.b.c.d}, so
 * that an address has one value however it was written or received. Used by every process.
 *
 * @param hi the first 64 bits
 * @param lo the last 64 bits
 */
public record IpAddress(long hi, long lo) {

  private static final long MAPPED = 0xffffL << 32;

  /** The IPv4 address of these 32 bits, in network order. */
  public static IpAddress ofV4(int address) {
    return new IpAddress(0, mapped(address));
  }

  /** The last 64 bits of an IPv4 address in its mapped form; the first are 0. */
  public static long mapped(int address) {
    return MAPPED | Integer.toUnsignedLong(address);
  }

  /** Whether these 128 bits are an IPv4 address in its mapped form. */
  public static boolean isMapped(long hi, long lo) {
    return hi == 0 && lo >>> 32 == 0xffff;
  }

  /** Whether this is an IPv4 address, mapped or not. */
  public boolean isV4() {
    return isMapped(hi, lo);
  }

  /** The 32 bits of an IPv4 address; meaningless where {@link #isV4()} is false. */
  public int v4() {
    return (int) lo;
  }

  /**
   * Reads a numeric address: dotted decimal without leading zeros, or IPv6 without brackets and
   * zone. Never asks DNS.
   *
   * @return the address, or null when {@code text} is not one
   */
  public static IpAddress parse(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    return parse(bytes, 0, bytes.length);
  }

  /** As {@link #parse(String)}, from the ASCII bytes {@code from} to {@code to} (exclusive). */
  public static IpAddress parse(byte[] text, int from, int to) {
    for (int i = from; i < to; i++) {
      if (text[i] == ':') {
        return parseV6(text, from, to);
      }
    }
    long v4 = parseV4(text, from, to);
    return v4 < 0 ? null : ofV4((int) v4);
  }

  /** The 32 bits of a dotted address, or -1. */
  private static long parseV4(byte[] text, int from, int to) {
    long address = 0;
    int at = from;
    for (int part = 0; part < 4; part++) {
      if (part > 0) {
        if (at >= to || text[at] != '.') {
          return -1;
        }
        at++;
      }
      int start = at;
      int value = 0;
      while (at < to && at - start < 3 && text[at] >= '0' && text[at] <= '9') {
        value = value * 10 + text[at] - '0';
        at++;
      }
      boolean leadingZero = at - start > 1 && text[start] == '0';
      if (at == start || value > 255 || leadingZero) {
        return -1;
      }
      address = address << 8 | value;
    }
    return at == to ? address : -1;
  }

  private static IpAddress parseV6(byte[] text, int from, int to) {
    int[] groups = new int[8];
    int count = 0;
    int gap = -1;
    int at = from;
    if (to - from >= 2 && text[from] == ':' && text[from + 1] == ':') {
      gap = 0;
      at = from + 2;
    }
    while (at < to) {
      int end = groupEnd(text, at, to);
      if (end == to && isDotted(text, at, to)) {
        long v4 = parseV4(text, at, to);
        if (v4 < 0 || count > 6) {
          return null;
        }
        groups[count++] = (int) (v4 >>> 16);
        groups[count++] = (int) (v4 & 0xffff);
        break;
      }
      int value = hexGroup(text, at, end);
      if (value < 0 || count == 8) {
        return null;
      }
      groups[count++] = value;
      at = end;
      if (at < to) {
        at++;
        if (at == to) {
          return null;
        }
        if (text[at] == ':') {
          if (gap >= 0) {
            return null;
          }
          gap = count;
          at++;
        }
      }
    }
    if (gap < 0 ? count != 8 : count > 7) {
      return null;
    }
    return ofGroups(groups, count, gap);
  }

  private static IpAddress ofGroups(int[] groups, int count, int gap) {
    long hi = 0;
    long lo = 0;
    int zeros = 8 - count;
    for (int i = 0; i < 8; i++) {
      int value;
      if (gap < 0 || i < gap) {
        value = groups[i];
      } else {
        value = i < gap + zeros ? 0 : groups[i - zeros];
      }
      hi = hi << 16 | lo >>> 48;
      lo = lo << 16 | value;
    }
    return new IpAddress(hi, lo);
  }

  private static int groupEnd(byte[] text, int at, int to) {
    int end = at;
    while (end < to && text[end] != ':') {
      end++;
    }
    return end;
  }

  private static boolean isDotted(byte[] text, int from, int to) {
    for (int i = from; i < to; i++) {
      if (text[i] == '.') {
        return true;
      }
    }
    return false;
  }

  private static int hexGroup(byte[] text, int from, int to) {
    if (from == to || to - from > 4) {
      return -1;
    }
    int value = 0;
    for (int i = from; i < to; i++) {
      int digit = text[i] < 0 ? -1 : Character.digit(text[i], 16);
      if (digit < 0) {
        return -1;
      }
      value = value << 4 | digit;
    }
    return value;
  }

  /** The usual text: dotted for IPv4, RFC 5952 for IPv6. */
  @Override
  public String toString() {
    return isV4() ? dotted((int) lo) : v6Text(hi, lo);
  }

  /** Dotted decimal of 32 bits. */
  static String dotted(int v4) {
    return (v4 >>> 24) + "." + (v4 >>> 16 & 255) + "." + (v4 >>> 8 & 255) + "." + (v4 & 255);
  }

  /** RFC 5952 text: lower case, the longest run of two or more zero groups as "::". */
  static String v6Text(long hi, long lo) {
    if (isMapped(hi, lo)) {
      return "::ffff:" + dotted((int) lo);
    }
    int bestStart = -1;
    int bestLength = 1;
    for (int i = 0; i < 8; i++) {
      int length = 0;
      while (i + length < 8 && group(hi, lo, i + length) == 0) {
        length++;
      }
      if (length > bestLength) {
        bestStart = i;
        bestLength = length;
      }
      i += length;
    }
    StringBuilder text = new StringBuilder(39);
    for (int i = 0; i < 8; i++) {
      if (i == bestStart) {
        text.append("::");
        i += bestLength - 1;
        continue;
      }
      if (!text.isEmpty() && text.charAt(text.length() - 1) != ':') {
        text.append(':');
      }
      text.append(Integer.toHexString(group(hi, lo, i)));
    }
    return text.toString();
  }

  private static int group(long hi, long lo, int index) {
    long half = index < 4 ? hi : lo;
    return (int) (half >>> (48 - 16 * (index & 3))) & 0xffff;
  }
}
