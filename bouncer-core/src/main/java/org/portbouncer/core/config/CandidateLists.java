package org.portbouncer.core.config;

import java.util.Arrays;
import java.util.BitSet;
import java.util.List;

/**
 * The lists of a {@link RuleIndex} while it is made: which rules can decide where the sweep has
 * come to, each list stored once. In the mother and in commands.
 */
final class CandidateLists {

  /** From here on lists name their first rule alone: 16 MiB whatever the rules are. */
  private static final int MOST = 4 << 20;

  private final BitSet always = new BitSet();
  private final BitSet unconditional = new BitSet();
  private final BitSet reachable = new BitSet();
  private final BitSet active = new BitSet();
  private final int[] list = new int[RuleIndex.LONGEST + 1];
  private int[] stored = new int[64];
  private int length;

  /** Where the lists begin, one past it, found by their hash; 0 for none. */
  private int[] table = new int[64];

  private int known;

  CandidateLists(List<Rule> rules) {
    for (int i = 0; i < rules.size(); i++) {
      Rule rule = rules.get(i);
      always.set(i, rule.from() == null);
      unconditional.set(
          i, rule.fromPorts().isEmpty() && rule.when() == null && rule.arrival() == null);
    }
    begin();
  }

  /** Before the first address only the rules without networks match. */
  void begin() {
    active.clear();
    active.or(always);
  }

  /** These begin to match here, or cease to. */
  void flip(int[] rules) {
    for (int rule : rules) {
      active.flip(rule);
    }
  }

  BitSet reachable() {
    return reachable;
  }

  int[] stored() {
    return stored;
  }

  int length() {
    return length;
  }

  /** The list of the candidates among the rules that match here: where it begins. */
  int current() {
    int size = 0;
    int element = RuleIndex.END;
    for (int rule = active.nextSetBit(0); rule >= 0; rule = active.nextSetBit(rule + 1)) {
      reachable.set(rule);
      if (size < RuleIndex.LONGEST) {
        list[size++] = rule;
      } else if (element == RuleIndex.END) {
        element = RuleIndex.goOnWith(rule);
      }
      if (unconditional.get(rule)) {
        break;
      }
    }
    list[size++] = element;
    if (length > MOST && size > 1) {
      list[0] = RuleIndex.goOnWith(list[0]);
      size = 1;
    }
    return find(size);
  }

  private int find(int size) {
    int hash = hash(list, 0, size);
    for (int slot = hash & table.length - 1; ; slot = slot + 1 & table.length - 1) {
      int at = table[slot] - 1;
      if (at < 0) {
        return store(slot, size);
      }
      if (at + size <= length && Arrays.equals(stored, at, at + size, list, 0, size)) {
        return at;
      }
    }
  }

  private int store(int slot, int size) {
    if (length + size > stored.length) {
      stored = Arrays.copyOf(stored, 2 * stored.length);
    }
    int at = length;
    System.arraycopy(list, 0, stored, at, size);
    length += size;
    table[slot] = at + 1;
    if (2 * ++known > table.length) {
      grow();
    }
    return at;
  }

  private void grow() {
    int[] old = table;
    table = new int[2 * old.length];
    for (int position : old) {
      if (position > 0) {
        int at = position - 1;
        int end = at;
        while (stored[end] >= 0) {
          end++;
        }
        int slot = hash(stored, at, end + 1) & table.length - 1;
        while (table[slot] > 0) {
          slot = slot + 1 & table.length - 1;
        }
        table[slot] = position;
      }
    }
  }

  private static int hash(int[] of, int from, int to) {
    int hash = 0;
    for (int i = from; i < to; i++) {
      hash = (hash ^ of[i]) * 0x9E3779B1;
    }
    return hash ^ hash >>> 15;
  }
}
