package org.portbouncer.core.config;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Which rules of one ACL can decide about an address, in their order: found by one binary search
 * over all rules' networks together, so that a decision costs the same whether ten rules or a
 * thousand have a list of their own. Built when an ACL is loaded; immutable; read without
 * allocating by the acl worker and by commands.
 *
 * <p>The address range is cut wherever a network of any rule begins or ends. Each interval has the
 * candidates there, up to the first rule without a further condition (it decides, whatever follows
 * it). Intervals with the same candidates share one list, and a list has at most {@link #LONGEST}:
 * what it does not hold is asked rule by rule. So the memory is bounded by the number of networks,
 * whatever the number of rules.
 *
 * <pre>
 *   a list:   rule, rule, …, END            no other rule matches
 *             rule, rule, …, go on with n   rules from n on are to be asked one by one
 * </pre>
 */
public final class RuleIndex {

  /** Ends a list of candidates. */
  public static final int END = -1;

  static final int LONGEST = 24;

  private final IntervalMap v4;
  private final IntervalMap v6;
  private final int[] lists;
  private final BitSet reachable;

  private RuleIndex(Building building, IntervalMap v4, IntervalMap v6) {
    this.v4 = v4;
    this.v6 = v6;
    this.lists = Arrays.copyOf(building.lists, building.length);
    this.reachable = building.reachable;
  }

  /** The index over these rules. */
  public static RuleIndex of(List<Rule> rules) {
    Building building = new Building(rules);
    IntervalMap v4 = building.sweep(Edges.v4(rules));
    IntervalMap v6 = building.sweep(Edges.v6(rules));
    return new RuleIndex(building, v4, v6);
  }

  /**
   * The candidates for an address, IPv4 in its mapped form as {@link IpAddress} has it.
   *
   * @return a position for {@link #at}
   */
  public int candidates(long high, long low) {
    return IpAddress.isMapped(high, low) ? v4.get(0, low & 0xffff_ffffL) : v6.get(high, low);
  }

  /**
   * What stands in a list: a rule's index, {@link #END}, or something {@link #continues} explains.
   */
  public int at(int position) {
    return lists[position];
  }

  /** The rule from which on all are to be asked, for an element below {@link #END}. */
  public static int continues(int element) {
    return -2 - element;
  }

  private static int goOnWith(int rule) {
    return -2 - rule;
  }

  /** Whether any address can come to this rule. */
  boolean reachable(int rule) {
    return reachable.get(rule);
  }

  /** How many intervals there are, of both families, for logs. */
  public int intervals() {
    return v4.size() + v6.size();
  }

  /** The rules that match at the place the sweep has come to, and the lists made so far. */
  private static final class Building {

    private final BitSet always = new BitSet();
    private final BitSet unconditional = new BitSet();
    private final BitSet reachable = new BitSet();
    private final Map<List<Integer>, Integer> known = new HashMap<>();
    private BitSet active = new BitSet();
    private int[] lists = new int[64];
    private int length;

    Building(List<Rule> rules) {
      for (int i = 0; i < rules.size(); i++) {
        Rule rule = rules.get(i);
        always.set(i, rule.from() == null);
        unconditional.set(i, rule.fromPorts().isEmpty() && rule.when() == null);
      }
      active.or(always);
    }

    /** Walks all edges; the rules without networks are active before and after. */
    IntervalMap sweep(Edges edges) {
      IntervalMap map = new IntervalMap();
      long high = 0;
      long low = 0;
      int at = 0;
      while (true) {
        while (at < edges.size() && edges.isAt(at, high, low)) {
          active.flip(edges.rule(at++));
        }
        map.append(high, low, list());
        if (at == edges.size()) {
          break;
        }
        high = edges.high(at);
        low = edges.low(at);
      }
      map.trim();
      active = new BitSet();
      active.or(always);
      return map;
    }

    /** The list of the candidates among the active rules. */
    int list() {
      List<Integer> list = new ArrayList<>();
      int element = END;
      for (int rule = active.nextSetBit(0); rule >= 0; rule = active.nextSetBit(rule + 1)) {
        reachable.set(rule);
        if (list.size() < LONGEST) {
          list.add(rule);
        } else if (element == END) {
          element = goOnWith(rule);
        }
        if (unconditional.get(rule)) {
          break;
        }
      }
      list.add(element);
      return Objects.requireNonNullElseGet(known.get(list), () -> store(list));
    }

    private int store(List<Integer> list) {
      if (length + list.size() > lists.length) {
        lists = Arrays.copyOf(lists, 2 * lists.length);
      }
      int position = length;
      for (int element : list) {
        lists[length++] = element;
      }
      known.put(list, position);
      return position;
    }
  }
}
