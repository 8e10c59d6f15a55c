package org.portbouncer.core.config;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;
import java.util.BitSet;
import java.util.List;

/**
 * Which rules of one ACL can decide about an address, in their order: found by one binary search
 * over all rules' networks together, so that a decision costs the same whether ten rules or a
 * thousand have a list of their own. Built when an ACL is loaded, by the mother or a command, in
 * the configuration's {@link RuleMemory}; immutable; read there without allocating by the acl
 * workers.
 *
 * <p>The address range is cut wherever a network of any rule begins or ends. Each interval has the
 * candidates there, up to the first rule without a further condition (it decides, whatever follows
 * it). Intervals with the same candidates share one list, and a list has at most {@link #LONGEST}:
 * what it does not hold is asked rule by rule. So the memory is bounded by the number of networks,
 * whatever the number of rules.
 *
 * <pre>
 *   intervals of IPv4   8 bytes each: first address in the upper half of a long, list in the lower
 *   those of IPv6       upper halves of the first addresses, 8 bytes each; then the lower ones, for
 *                       few searches come to them; then the lists, 4 bytes each
 *   lists               4 bytes an element
 *
 *   a list:   rule, rule, …, END            no other rule matches
 *             rule, rule, …, go on with n   rules from n on are to be asked one by one
 * </pre>
 */
public final class RuleIndex {

  /** Ends a list of candidates. */
  public static final int END = -1;

  static final int LONGEST = 24;

  private final MemorySegment memory;
  private final Parts parts;

  // Out of the parts: what every decision reads.
  private final long v4;
  private final long v6;
  private final long v6Lows;
  private final long lists;

  /** Which rules can be come to; null where it came from the mother. */
  private final BitSet reachable;

  /**
   * Where the parts lie in the memory, in bytes, and how many elements they have.
   *
   * @param v4 intervals of IPv4
   * @param v6 intervals of IPv6
   * @param v6Lists their lists
   * @param lists all lists
   */
  record Parts(long v4, int v4Count, long v6, long v6Lists, int v6Count, long lists, int length) {

    static final Parts BLANK = new Parts(0, 1, 0, 0, 1, 0, 1);

    static Parts pass(ConfigWire wire, Parts it) throws ConfigCodecException {
      return new Parts(
          wire.longInteger(it.v4, 0),
          wire.integer(it.v4Count, 1),
          wire.longInteger(it.v6, 0),
          wire.longInteger(it.v6Lists, 0),
          wire.integer(it.v6Count, 1),
          wire.longInteger(it.lists, 0),
          wire.integer(it.length, 1));
    }

    /** Whether all of them lie within so many bytes. */
    boolean fitInto(long bytes) {
      return v4Count > 0
          && v6Count > 0
          && within(v4, v4Count, 8, bytes)
          && within(v6, v6Count, 16, bytes)
          && within(v6Lists, v6Count, 4, bytes)
          && within(lists, length, 4, bytes);
    }

    private static boolean within(long from, int count, int width, long bytes) {
      return from >= 0
          && from % width % 8 == 0
          && count >= 0
          && from <= bytes - (long) count * width;
    }
  }

  /** Where it lies, for those who have the memory. */
  static RuleIndex pass(ConfigWire wire, RuleIndex it) throws ConfigCodecException {
    Parts parts = wire.nullable(it == null ? null : it.parts, Parts.BLANK, Parts::pass);
    if (!wire.reads()) {
      return it;
    }
    if (parts == null || wire.memory() == null) {
      return null;
    }
    if (!parts.fitInto(wire.memory().byteSize())) {
      throw new ConfigCodecException("an index that does not lie in its memory");
    }
    return new RuleIndex(wire.memory(), parts, null);
  }

  RuleIndex(MemorySegment memory, Parts parts, BitSet reachable) {
    this.memory = memory;
    this.parts = parts;
    this.v4 = parts.v4;
    this.v6 = parts.v6;
    this.v6Lows = parts.v6 + 8L * parts.v6Count;
    this.lists = parts.lists;
    this.reachable = reachable;
  }

  /** The index over these rules, in memory of its own. */
  public static RuleIndex of(List<Rule> rules) {
    long intervals = EdgeWalk.v4(rules).most() + EdgeWalk.v6(rules).most() + 2;
    return of(rules, RuleMemory.ofOwn(64 + intervals * (20 + 4 * (LONGEST + 1))));
  }

  /**
   * The index over these rules, in this memory.
   *
   * @throws InvalidValueException where there is not enough of it
   */
  public static RuleIndex of(List<Rule> rules, RuleMemory room) {
    CandidateLists candidates = new CandidateLists(rules);
    MemorySegment memory = room.memory();
    EdgeWalk fours = EdgeWalk.v4(rules);
    long v4 = room.reserve(8 * (fours.most() + 1));
    int v4Count = sweepV4(fours, candidates, memory, v4);
    room.shrink(v4 + 8L * v4Count);
    EdgeWalk sixes = EdgeWalk.v6(rules);
    long most = sixes.most() + 1;
    long v6 = room.reserve(20 * most);
    int v6Count = sweepV6(sixes, candidates, memory, v6, most);
    // Next to each other: there may be far fewer than there could have been.
    MemorySegment.copy(memory, v6 + 8 * most, memory, v6 + 8L * v6Count, 8L * v6Count);
    MemorySegment.copy(memory, v6 + 16 * most, memory, v6 + 16L * v6Count, 4L * v6Count);
    room.shrink(v6 + 20L * v6Count);
    long lists = room.reserve(4L * candidates.length());
    MemorySegment.copy(candidates.stored(), 0, memory, JAVA_INT, lists, candidates.length());
    Parts parts =
        new Parts(v4, v4Count, v6, v6 + 16L * v6Count, v6Count, lists, candidates.length());
    return new RuleIndex(memory, parts, candidates.reachable());
  }

  /** Walks all edges; returns how many intervals there are. */
  private static int sweepV4(
      EdgeWalk walk, CandidateLists candidates, MemorySegment memory, long from) {
    int count = 0;
    int before = -1;
    long low = 0;
    candidates.begin();
    while (true) {
      for (; walk.isAt(0, low); walk.next()) {
        candidates.flip(walk.rules());
      }
      int list = candidates.current();
      if (list != before) {
        memory.set(JAVA_LONG, from + 8L * count++, low << 32 | list);
        before = list;
      }
      if (walk.atEnd()) {
        return count;
      }
      low = walk.low();
    }
  }

  private static int sweepV6(
      EdgeWalk walk, CandidateLists candidates, MemorySegment memory, long from, long most) {
    long lows = from + 8 * most;
    long lists = from + 16 * most;
    int count = 0;
    int before = -1;
    long high = 0;
    long low = 0;
    candidates.begin();
    while (true) {
      for (; walk.isAt(high, low); walk.next()) {
        candidates.flip(walk.rules());
      }
      int list = candidates.current();
      if (list != before) {
        memory.set(JAVA_LONG, from + 8L * count, high);
        memory.set(JAVA_LONG, lows + 8L * count, low);
        memory.set(JAVA_INT, lists + 4L * count++, list);
        before = list;
      }
      if (walk.atEnd()) {
        return count;
      }
      high = walk.high();
      low = walk.low();
    }
  }

  /**
   * The candidates for an address, IPv4 in its mapped form as {@link IpAddress} has it.
   *
   * @return a position for {@link #at}
   */
  public int candidates(long high, long low) {
    return IpAddress.isMapped(high, low) ? candidatesV4(low << 32) : candidatesV6(high, low);
  }

  private int candidatesV4(long first) {
    // No list lies so far behind: of those that begin at the address itself none comes later.
    long key = first | 0xffff_ffffL;
    int from = 0;
    int to = parts.v4Count - 1;
    while (from < to) {
      int middle = (from + to + 1) >>> 1;
      if (Long.compareUnsigned(memory.get(JAVA_LONG, v4 + 8L * middle), key) <= 0) {
        from = middle;
      } else {
        to = middle - 1;
      }
    }
    return (int) memory.get(JAVA_LONG, v4 + 8L * from);
  }

  private int candidatesV6(long high, long low) {
    int from = 0;
    int to = parts.v6Count - 1;
    while (from < to) {
      int middle = (from + to + 1) >>> 1;
      if (beginsAfter(middle, high, low)) {
        to = middle - 1;
      } else {
        from = middle;
      }
    }
    return memory.get(JAVA_INT, parts.v6Lists + 4L * from);
  }

  /** Whether an interval of IPv6 begins behind an address. */
  private boolean beginsAfter(int interval, long high, long low) {
    long first = memory.get(JAVA_LONG, v6 + 8L * interval);
    if (first != high) {
      return Long.compareUnsigned(first, high) > 0;
    }
    long lower = memory.get(JAVA_LONG, v6Lows + 8L * interval);
    return Long.compareUnsigned(lower, low) > 0;
  }

  /**
   * What stands in a list: a rule's index, {@link #END}, or something {@link #continues} explains.
   */
  public int at(int position) {
    return memory.get(JAVA_INT, lists + 4L * position);
  }

  /** The rule from which on all are to be asked, for an element below {@link #END}. */
  public static int continues(int element) {
    return -2 - element;
  }

  static int goOnWith(int rule) {
    return -2 - rule;
  }

  /** Whether any address can come to this rule. */
  public boolean reachable(int rule) {
    return reachable.get(rule);
  }

  /** How many intervals there are, of both families, for logs. */
  public int intervals() {
    return parts.v4Count + parts.v6Count;
  }

  /** Where it lies, as the configuration codec sends it. */
  Parts parts() {
    return parts;
  }

  private MemorySegment slice(long from, long bytes) {
    return memory.asSlice(from, bytes);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof RuleIndex index
        && parts.equals(index.parts)
        && slice(v4, 8L * parts.v4Count).mismatch(index.slice(v4, 8L * parts.v4Count)) < 0
        && slice(v6, 20L * parts.v6Count).mismatch(index.slice(v6, 20L * parts.v6Count)) < 0
        && slice(lists, 4L * parts.length).mismatch(index.slice(lists, 4L * parts.length)) < 0;
  }

  @Override
  public int hashCode() {
    return parts.hashCode();
  }
}
