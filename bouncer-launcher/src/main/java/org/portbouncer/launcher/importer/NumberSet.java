package org.portbouncer.launcher.importer;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * A set of whole numbers of so many bits, as ranges: what addresses are for those who reckon with
 * them. Unchangeable.
 */
final class NumberSet {

  /** From {@code first} to {@code last}, both included. */
  private record Range(BigInteger first, BigInteger last) {}

  private final int bits;
  private final List<Range> ranges;

  private NumberSet(int bits, List<Range> ranges) {
    this.bits = bits;
    this.ranges = ranges;
  }

  static NumberSet none(int bits) {
    return new NumberSet(bits, List.of());
  }

  static NumberSet all(int bits) {
    return none(bits).complement();
  }

  /** From {@code first} to {@code last}, both included. */
  static NumberSet of(int bits, BigInteger first, BigInteger last) {
    return new NumberSet(bits, List.of(new Range(first, last)));
  }

  /** The network of the first {@code prefix} bits of {@code address}. */
  static NumberSet network(int bits, BigInteger address, int prefix) {
    int free = bits - prefix;
    BigInteger first = address.shiftRight(free).shiftLeft(free);
    return of(bits, first, first.add(BigInteger.ONE.shiftLeft(free)).subtract(BigInteger.ONE));
  }

  boolean isEmpty() {
    return ranges.isEmpty();
  }

  boolean isAll() {
    return complement().isEmpty();
  }

  /** How many ranges there are. */
  int size() {
    return ranges.size();
  }

  NumberSet union(NumberSet other) {
    List<Range> all = new ArrayList<>(ranges);
    all.addAll(other.ranges);
    all.sort(Comparator.comparing(Range::first));
    List<Range> merged = new ArrayList<>();
    for (Range next : all) {
      Range last = merged.isEmpty() ? null : merged.getLast();
      if (last != null && next.first().compareTo(last.last().add(BigInteger.ONE)) <= 0) {
        merged.set(merged.size() - 1, new Range(last.first(), last.last().max(next.last())));
      } else {
        merged.add(next);
      }
    }
    return new NumberSet(bits, merged);
  }

  NumberSet complement() {
    List<Range> gaps = new ArrayList<>();
    BigInteger next = BigInteger.ZERO;
    for (Range range : ranges) {
      if (range.first().compareTo(next) > 0) {
        gaps.add(new Range(next, range.first().subtract(BigInteger.ONE)));
      }
      next = range.last().add(BigInteger.ONE);
    }
    BigInteger end = BigInteger.ONE.shiftLeft(bits);
    if (next.compareTo(end) < 0) {
      gaps.add(new Range(next, end.subtract(BigInteger.ONE)));
    }
    return new NumberSet(bits, gaps);
  }

  NumberSet intersection(NumberSet other) {
    return complement().union(other.complement()).complement();
  }

  /** The same numbers with {@code offset} more each, of {@code width} bits. */
  NumberSet shifted(BigInteger offset, int width) {
    return new NumberSet(
        width,
        ranges.stream().map(r -> new Range(r.first().add(offset), r.last().add(offset))).toList());
  }

  /** A network: a number and how many of its bits count. */
  record Network(BigInteger address, int prefix) {}

  /** The fewest networks that make the same set, in order. */
  List<Network> networks() {
    List<Network> networks = new ArrayList<>();
    for (Range range : ranges) {
      BigInteger at = range.first();
      while (at.compareTo(range.last()) <= 0) {
        int free = at.signum() == 0 ? bits : Math.min(bits, at.getLowestSetBit());
        BigInteger left = range.last().subtract(at).add(BigInteger.ONE);
        free = Math.min(free, left.bitLength() - 1);
        networks.add(new Network(at, bits - free));
        at = at.add(BigInteger.ONE.shiftLeft(free));
      }
    }
    return networks;
  }
}
