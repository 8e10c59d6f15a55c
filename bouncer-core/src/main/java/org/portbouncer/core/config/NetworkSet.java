package org.portbouncer.core.config;

import java.util.Arrays;

/**
 * An immutable set of IPv4 and IPv6 networks, compiled to sorted, disjoint ranges and looked up by
 * binary search without allocating. Built by the mother and by commands; looked up by workers.
 *
 * <p>IPv4 and IPv6 are apart: {@code 0.0.0.0/0} holds no IPv6 address and {@code ::/0} no IPv4
 * address. An IPv4 address in its mapped form ({@code ::ffff:a.b.c.d}) is an IPv4 address.
 */
public final class NetworkSet {

  /** The set that holds nothing. */
  public static final NetworkSet EMPTY = new NetworkSet(new long[0], new long[0]);

  /** first, last of each range, each 0 to 2^32-1, ascending. */
  private final long[] v4;

  /** firstHi, firstLo, lastHi, lastLo of each range, ascending as unsigned 128-bit numbers. */
  private final long[] v6;

  NetworkSet(long[] v4, long[] v6) {
    this.v4 = v4;
    this.v6 = v6;
  }

  /** An empty builder. */
  public static NetworkSetBuilder builder() {
    return new NetworkSetBuilder();
  }

  /**
   * The set of these networks or addresses.
   *
   * @throws InvalidValueException for the first that is neither
   */
  public static NetworkSet of(String... networks) {
    NetworkSetBuilder builder = builder();
    for (String network : networks) {
      builder.add(network);
    }
    return builder.build();
  }

  /** Whether the IPv4 address of these 32 bits (network order) is in the set. */
  public boolean containsV4(int address) {
    return rangeV4(Integer.toUnsignedLong(address)) >= 0;
  }

  /**
   * Whether the IPv6 address of these 128 bits is in the set; mapped ones are looked up as IPv4.
   */
  public boolean containsV6(long hi, long lo) {
    if (IpAddress.isMapped(hi, lo)) {
      return containsV4((int) lo);
    }
    return rangeV6(hi, lo) >= 0;
  }

  /** Whether the address is in the set. */
  public boolean contains(IpAddress address) {
    return containsV6(address.hi(), address.lo());
  }

  /** How many disjoint ranges the set has; neighbours and overlaps count as one. */
  public int size() {
    return v4.length / 2 + v6.length / 4;
  }

  /** Whether the set holds no address at all. */
  public boolean isEmpty() {
    return v4.length == 0 && v6.length == 0;
  }

  /** Whether every address of {@code other} is in this set. */
  public boolean covers(NetworkSet other) {
    for (int i = 0; i < other.v4.length; i += 2) {
      int range = rangeV4(other.v4[i]);
      if (range < 0 || v4[range + 1] < other.v4[i + 1]) {
        return false;
      }
    }
    for (int i = 0; i < other.v6.length; i += 4) {
      int range = rangeV6(other.v6[i], other.v6[i + 1]);
      if (range < 0
          || compare(v6[range + 2], v6[range + 3], other.v6[i + 2], other.v6[i + 3]) < 0) {
        return false;
      }
    }
    return true;
  }

  /** Index into {@link #v4} of the range that holds the address, or -1. */
  private int rangeV4(long address) {
    int low = 0;
    int high = v4.length / 2 - 1;
    while (low <= high) {
      int middle = (low + high) >>> 1;
      if (v4[2 * middle] > address) {
        high = middle - 1;
      } else if (v4[2 * middle + 1] < address) {
        low = middle + 1;
      } else {
        return 2 * middle;
      }
    }
    return -1;
  }

  /** Index into {@link #v6} of the range that holds the address, or -1. */
  private int rangeV6(long hi, long lo) {
    int low = 0;
    int high = v6.length / 4 - 1;
    while (low <= high) {
      int middle = (low + high) >>> 1;
      int at = 4 * middle;
      if (compare(v6[at], v6[at + 1], hi, lo) > 0) {
        high = middle - 1;
      } else if (compare(v6[at + 2], v6[at + 3], hi, lo) < 0) {
        low = middle + 1;
      } else {
        return at;
      }
    }
    return -1;
  }

  /** Compares two unsigned 128-bit numbers. */
  static int compare(long aHi, long aLo, long bHi, long bLo) {
    int byHi = Long.compareUnsigned(aHi, bHi);
    return byHi != 0 ? byHi : Long.compareUnsigned(aLo, bLo);
  }

  /** The ranges as the configuration codec sends them; not to be changed. */
  long[] rangesV4() {
    return v4;
  }

  /** The ranges as the configuration codec sends them; not to be changed. */
  long[] rangesV6() {
    return v6;
  }

  /**
   * A set of ranges in the form of {@link #rangesV4()} and {@link #rangesV6()}; takes the arrays.
   *
   * @throws InvalidValueException unless they are in range, ascending and disjoint
   */
  static NetworkSet ofRanges(long[] v4, long[] v6) {
    boolean ok = v4.length % 2 == 0 && v6.length % 4 == 0;
    for (int i = 0; ok && i < v4.length; i++) {
      boolean opens = i % 2 == 0;
      long before = i == 0 ? -1 : v4[i - 1];
      ok = v4[i] <= 0xffffffffL && (opens ? v4[i] > before : v4[i] >= before);
    }
    for (int i = 0; ok && i < v6.length; i += 2) {
      boolean opens = i % 4 == 0;
      int order = i == 0 ? 1 : compare(v6[i], v6[i + 1], v6[i - 2], v6[i - 1]);
      ok = opens ? order > 0 : order >= 0;
    }
    if (!ok) {
      throw new InvalidValueException("network ranges are not ascending and disjoint");
    }
    return new NetworkSet(v4, v6);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof NetworkSet set
        && Arrays.equals(v4, set.v4)
        && Arrays.equals(v6, set.v6);
  }

  @Override
  public int hashCode() {
    return 31 * Arrays.hashCode(v4) + Arrays.hashCode(v6);
  }

  /** The number of ranges, for logs. */
  @Override
  public String toString() {
    return "NetworkSet[" + v4.length / 2 + " IPv4 and " + v6.length / 4 + " IPv6 ranges]";
  }
}
