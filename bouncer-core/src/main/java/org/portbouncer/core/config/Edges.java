package org.portbouncer.core.config;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The addresses of one family where rules begin to match or cease to, ascending; what a sweep over
 * all networks goes along. Runs in the mother, in commands and in the acl worker.
 */
final class Edges {

  /** Bits for the number of a rule in the packed form of IPv4: RuleReader allows no more rules. */
  private static final int RULE_BITS = 15;

  private final long[] high;
  private final long[] low;
  private final int[] rule;

  private Edges(int size) {
    high = new long[size];
    low = new long[size];
    rule = new int[size];
  }

  int size() {
    return rule.length;
  }

  long high(int edge) {
    return high[edge];
  }

  long low(int edge) {
    return low[edge];
  }

  int rule(int edge) {
    return rule[edge];
  }

  boolean isAt(int edge, long atHigh, long atLow) {
    return low[edge] == atLow && high[edge] == atHigh;
  }

  /** Those of IPv4, with the address in the low half; sorted as numbers, for lists are long. */
  static Edges v4(List<Rule> rules) {
    long[] packed = new long[16];
    int size = 0;
    for (int rule = 0; rule < rules.size(); rule++) {
      NetworkSet from = rules.get(rule).from();
      long[] ranges = from == null ? new long[0] : from.rangesV4();
      if (size + ranges.length > packed.length) {
        packed = Arrays.copyOf(packed, Math.max(2 * packed.length, size + ranges.length));
      }
      for (int i = 0; i < ranges.length; i += 2) {
        packed[size++] = ranges[i] << RULE_BITS | rule;
        packed[size++] = ranges[i + 1] + 1 << RULE_BITS | rule;
      }
    }
    Arrays.sort(packed, 0, size);
    Edges edges = new Edges(size);
    for (int i = 0; i < size; i++) {
      edges.low[i] = packed[i] >>> RULE_BITS;
      edges.rule[i] = (int) packed[i] & (1 << RULE_BITS) - 1;
    }
    return edges;
  }

  private record Edge(long high, long low, int rule) {}

  /** Those of IPv6. */
  static Edges v6(List<Rule> rules) {
    List<Edge> all = new ArrayList<>();
    for (int rule = 0; rule < rules.size(); rule++) {
      NetworkSet from = rules.get(rule).from();
      long[] ranges = from == null ? new long[0] : from.rangesV6();
      for (int i = 0; i < ranges.length; i += 4) {
        all.add(new Edge(ranges[i], ranges[i + 1], rule));
        long low = ranges[i + 3] + 1;
        long high = low == 0 ? ranges[i + 2] + 1 : ranges[i + 2];
        if (high != 0 || low != 0) {
          all.add(new Edge(high, low, rule));
        }
      }
    }
    all.sort((a, b) -> NetworkSet.compare(a.high, a.low, b.high, b.low));
    Edges edges = new Edges(all.size());
    for (int i = 0; i < all.size(); i++) {
      edges.high[i] = all.get(i).high;
      edges.low[i] = all.get(i).low;
      edges.rule[i] = all.get(i).rule;
    }
    return edges;
  }
}
