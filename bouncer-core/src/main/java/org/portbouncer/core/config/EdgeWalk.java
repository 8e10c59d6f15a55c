package org.portbouncer.core.config;

import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;

/**
 * A walk along the addresses of one family where rules begin to match or cease to, ascending. The
 * ranges of each set are sorted, so that they need only be merged: it takes memory for the rules,
 * and none for their networks. Rules that share a set are one step. Runs in the mother and in
 * commands.
 */
public final class EdgeWalk {

  private final boolean v4;
  private final List<NetworkSet> sets = new ArrayList<>();
  private final int[][] rules;

  // For each set: how many edges it has passed, and where the next one is.
  private final int[] passed;
  private final long[] high;
  private final long[] low;

  /** Sets that have edges left, as a heap: the one whose edge comes next is the first. */
  private final int[] heap;

  private int size;

  private EdgeWalk(List<Rule> all, boolean v4) {
    this.v4 = v4;
    IdentityHashMap<NetworkSet, List<Integer>> bySet = new IdentityHashMap<>();
    for (int rule = 0; rule < all.size(); rule++) {
      NetworkSet from = all.get(rule).from();
      if (from != null && (v4 ? from.countV4() : from.countV6()) > 0) {
        List<Integer> known = bySet.get(from);
        if (known == null) {
          known = new ArrayList<>();
          bySet.put(from, known);
          sets.add(from);
        }
        known.add(rule);
      }
    }
    int count = sets.size();
    rules = new int[count][];
    passed = new int[count];
    high = new long[count];
    low = new long[count];
    heap = new int[count];
    for (int set = 0; set < count; set++) {
      rules[set] = bySet.get(sets.get(set)).stream().mapToInt(Integer::intValue).toArray();
      look(set);
      heap[size++] = set;
      up(size - 1);
    }
  }

  /** One along IPv4 addresses. */
  public static EdgeWalk v4(List<Rule> rules) {
    return new EdgeWalk(rules, true);
  }

  /** One along IPv6 addresses. */
  public static EdgeWalk v6(List<Rule> rules) {
    return new EdgeWalk(rules, false);
  }

  /** The most edges that there can be. */
  long most() {
    long edges = 0;
    for (NetworkSet set : sets) {
      edges += 2L * (v4 ? set.countV4() : set.countV6());
    }
    return edges;
  }

  /** Whether there is no edge left. */
  public boolean atEnd() {
    return size == 0;
  }

  /** The address of the edge; IPv4 is in the lower half alone. */
  public long high() {
    return high[heap[0]];
  }

  /** Its lower half, or all of an IPv4 address. */
  public long low() {
    return low[heap[0]];
  }

  /** Whether the edge is at this address. */
  public boolean isAt(long atHigh, long atLow) {
    return size > 0 && low() == atLow && high() == atHigh;
  }

  /** The rules that begin to match, or cease to; all of them share one set. */
  public int[] rules() {
    return rules[heap[0]];
  }

  /** Goes on to the next edge. */
  public void next() {
    int set = heap[0];
    passed[set]++;
    if (!look(set)) {
      heap[0] = heap[--size];
    }
    down();
  }

  /** Finds a set's next edge; false where it has none, or where the addresses end with its last. */
  private boolean look(int set) {
    NetworkSet of = sets.get(set);
    int range = passed[set] / 2;
    boolean begins = passed[set] % 2 == 0;
    if (v4) {
      if (range == of.countV4()) {
        return false;
      }
      low[set] = begins ? of.firstV4(range) : of.lastV4(range) + 1;
      return low[set] <= 0xffff_ffffL;
    }
    if (range == of.countV6()) {
      return false;
    }
    if (begins) {
      high[set] = of.v6(range, 0);
      low[set] = of.v6(range, 1);
      return true;
    }
    low[set] = of.v6(range, 3) + 1;
    high[set] = of.v6(range, 2) + (low[set] == 0 ? 1 : 0);
    return high[set] != 0 || low[set] != 0;
  }

  private boolean isBefore(int a, int b) {
    return NetworkSet.compare(high[a], low[a], high[b], low[b]) < 0;
  }

  private void up(int from) {
    int at = from;
    while (at > 0 && isBefore(heap[at], heap[(at - 1) / 2])) {
      swap(at, (at - 1) / 2);
      at = (at - 1) / 2;
    }
  }

  private void down() {
    int at = 0;
    while (2 * at + 1 < size) {
      int child = 2 * at + 1;
      if (child + 1 < size && isBefore(heap[child + 1], heap[child])) {
        child++;
      }
      if (!isBefore(heap[child], heap[at])) {
        return;
      }
      swap(at, child);
      at = child;
    }
  }

  private void swap(int a, int b) {
    int kept = heap[a];
    heap[a] = heap[b];
    heap[b] = kept;
  }
}
