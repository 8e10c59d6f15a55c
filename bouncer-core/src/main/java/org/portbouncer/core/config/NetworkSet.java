package org.portbouncer.core.config;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * An immutable set of IPv4 and IPv6 networks, compiled to sorted, disjoint ranges and looked up by
 * binary search without allocating. Built by the mother and by commands; looked up by workers. The
 * ranges, as {@link Ranges} draws them, lie outside of the heap: those of a configuration in its
 * {@link RuleMemory}, where workers read them.
 *
 * <p>IPv4 and IPv6 are apart: {@code 0.0.0.0/0} holds no IPv6 address and {@code ::/0} no IPv4
 * address. An IPv4 address in its mapped form ({@code ::ffff:a.b.c.d}) is an IPv4 address.
 */
public final class NetworkSet {

  /** The set that holds nothing. */
  public static final NetworkSet EMPTY = new NetworkSet(MemorySegment.NULL, 0, 0, 0, 0);

  private final MemorySegment memory;
  private final long v4;
  private final int countV4;
  private final long v6;
  private final int countV6;

  /** Ranges that {@link Ranges} has made; both in one memory, or each in its own. */
  NetworkSet(Ranges fours, Ranges sixes) {
    boolean together = fours.memory().equals(sixes.memory());
    long sizeOfV4 = fours.end() - fours.start();
    if (together) {
      memory = fours.memory();
      v4 = fours.start();
      v6 = sixes.start();
    } else {
      MemorySegment both =
          Arena.ofAuto().allocate(Math.max(8, sizeOfV4 + sixes.end() - sixes.start()), 8);
      MemorySegment.copy(fours.memory(), fours.start(), both, 0, sizeOfV4);
      MemorySegment.copy(
          sixes.memory(), sixes.start(), both, sizeOfV4, sixes.end() - sixes.start());
      memory = both;
      v4 = 0;
      v6 = sizeOfV4;
    }
    countV4 = fours.count();
    countV6 = sixes.count();
  }

  /**
   * Ranges that are there.
   *
   * @param v4 where those of IPv4 begin in the memory, {@code v6} those of IPv6
   */
  NetworkSet(MemorySegment memory, long v4, int countV4, long v6, int countV6) {
    this.memory = memory;
    this.v4 = v4;
    this.countV4 = countV4;
    this.v6 = v6;
    this.countV6 = countV6;
  }

  /** Where they lie, for those who have the memory; others get none. */
  static NetworkSet pass(ConfigWire wire, NetworkSet it) throws ConfigCodecException {
    long v4 = wire.longInteger(it.v4, 0);
    int countV4 = wire.integer(it.countV4, 0, RuleMemory.MOST_NETWORKS);
    long v6 = wire.longInteger(it.v6, 0);
    int countV6 = wire.integer(it.countV6, 0, RuleMemory.MOST_NETWORKS);
    if (!wire.reads()) {
      return it;
    }
    MemorySegment memory = wire.memory();
    if (memory == null) {
      return EMPTY;
    }
    long size = memory.byteSize();
    if (v4 % 8 != 0
        || v4 > size - (long) countV4 * Ranges.V4_BYTES
        || v6 % 8 != 0
        || v6 > size - (long) countV6 * Ranges.V6_BYTES) {
      throw new ConfigCodecException("networks that do not lie in their memory");
    }
    return new NetworkSet(memory, v4, countV4, v6, countV6);
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

  /** Whether there is an IPv4 network in it. */
  public boolean hasV4() {
    return countV4 > 0;
  }

  /** Whether there is an IPv6 network in it. */
  public boolean hasV6() {
    return countV6 > 0;
  }

  /** How many disjoint ranges the set has; neighbours and overlaps count as one. */
  public int size() {
    return countV4 + countV6;
  }

  /** Whether the set holds no address at all. */
  public boolean isEmpty() {
    return countV4 == 0 && countV6 == 0;
  }

  /** Whether every address of {@code other} is in this set. */
  public boolean covers(NetworkSet other) {
    for (int i = 0; i < other.countV4; i++) {
      int range = rangeV4(other.firstV4(i));
      if (range < 0 || lastV4(range) < other.lastV4(i)) {
        return false;
      }
    }
    for (int i = 0; i < other.countV6; i++) {
      int range = rangeV6(other.v6(i, 0), other.v6(i, 1));
      if (range < 0 || compare(v6(range, 2), v6(range, 3), other.v6(i, 2), other.v6(i, 3)) < 0) {
        return false;
      }
    }
    return true;
  }

  /** Which range holds the address, or -1. */
  private int rangeV4(long address) {
    int low = 0;
    int high = countV4 - 1;
    while (low <= high) {
      int middle = (low + high) >>> 1;
      if (firstV4(middle) > address) {
        high = middle - 1;
      } else if (lastV4(middle) < address) {
        low = middle + 1;
      } else {
        return middle;
      }
    }
    return -1;
  }

  /** Which range holds the address, or -1. */
  private int rangeV6(long hi, long lo) {
    int low = 0;
    int high = countV6 - 1;
    while (low <= high) {
      int middle = (low + high) >>> 1;
      if (compare(v6(middle, 0), v6(middle, 1), hi, lo) > 0) {
        high = middle - 1;
      } else if (compare(v6(middle, 2), v6(middle, 3), hi, lo) < 0) {
        low = middle + 1;
      } else {
        return middle;
      }
    }
    return -1;
  }

  /** Compares two unsigned 128-bit numbers. */
  static int compare(long aHi, long aLo, long bHi, long bLo) {
    int byHi = Long.compareUnsigned(aHi, bHi);
    return byHi != 0 ? byHi : Long.compareUnsigned(aLo, bLo);
  }

  int countV4() {
    return countV4;
  }

  long firstV4(int range) {
    return memory.get(JAVA_LONG, v4 + 8L * range) >>> 32;
  }

  long lastV4(int range) {
    return memory.get(JAVA_LONG, v4 + 8L * range) & 0xffff_ffffL;
  }

  int countV6() {
    return countV6;
  }

  /** A part of a range: 0 first high, 1 first low, 2 last high, 3 last low. */
  long v6(int range, int part) {
    return memory.get(JAVA_LONG, v6 + 32L * range + 8L * part);
  }

  /** Where the ranges of IPv4 begin in the memory. */
  long offsetV4() {
    return v4;
  }

  /** Where the ranges of IPv6 begin in the memory. */
  long offsetV6() {
    return v6;
  }

  private MemorySegment bytesV4() {
    return memory.asSlice(v4, 8L * countV4);
  }

  private MemorySegment bytesV6() {
    return memory.asSlice(v6, 32L * countV6);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof NetworkSet set
        && countV4 == set.countV4
        && countV6 == set.countV6
        && bytesV4().mismatch(set.bytesV4()) < 0
        && bytesV6().mismatch(set.bytesV6()) < 0;
  }

  /** Single addresses have the same number twice, so it is not enough to add halves. */
  @Override
  public int hashCode() {
    long hash = countV4;
    for (long at = v4; at < v4 + 8L * countV4; at += 8) {
      hash = mix(hash, memory.get(JAVA_LONG, at));
    }
    for (long at = v6; at < v6 + 32L * countV6; at += 8) {
      hash = mix(hash, memory.get(JAVA_LONG, at));
    }
    return (int) (hash ^ hash >>> 32);
  }

  private static long mix(long hash, long value) {
    long mixed = (hash ^ value) * 0x9E3779B97F4A7C15L;
    return mixed ^ mixed >>> 29;
  }

  /** The number of ranges, for logs. */
  @Override
  public String toString() {
    return "NetworkSet[" + countV4 + " IPv4 and " + countV6 + " IPv6 ranges]";
  }
}
