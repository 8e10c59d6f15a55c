package org.portbouncer.config;

import java.util.BitSet;
import java.util.List;
import org.portbouncer.core.config.EdgeWalk;
import org.portbouncer.core.config.Rule;

/**
 * Which rules' networks hold all of which other rules' networks: found in one sweep over all of
 * them, because comparing each rule with each takes a thousand rules times a thousand. Runs in the
 * mother and in commands.
 *
 * <p>A rule covers another if it matches wherever the other does. It does not if it is found absent
 * when the other begins, or if it ends where the other goes on; at every edge one of the two is
 * looked at, for all other rules in one step.
 */
final class Coverage {

  /** For each rule, those that were there whenever it began. */
  private final BitSet[] thereAtStart;

  /** For each rule, those that it was there for when it ended, as long as they lasted. */
  private final BitSet[] notOutlivedBy;

  private final BitSet always = new BitSet();

  Coverage(List<Rule> rules) {
    int count = rules.size();
    thereAtStart = new BitSet[count];
    notOutlivedBy = new BitSet[count];
    for (int i = 0; i < count; i++) {
      always.set(i, rules.get(i).from() == null);
      thereAtStart[i] = new BitSet(count);
      thereAtStart[i].set(0, count);
      notOutlivedBy[i] = new BitSet(count);
      notOutlivedBy[i].set(0, count);
    }
    sweep(EdgeWalk.v4(rules), count);
    sweep(EdgeWalk.v6(rules), count);
  }

  private void sweep(EdgeWalk walk, int count) {
    BitSet active = new BitSet(count);
    active.or(always);
    BitSet changed = new BitSet(count);
    while (!walk.atEnd()) {
      long high = walk.high();
      long low = walk.low();
      changed.clear();
      for (; walk.isAt(high, low); walk.next()) {
        for (int rule : walk.rules()) {
          // Ranges of one rule do not touch, so a rule has one edge at most in one place.
          active.flip(rule);
          changed.set(rule);
        }
      }
      for (int rule = changed.nextSetBit(0); rule >= 0; rule = changed.nextSetBit(rule + 1)) {
        if (active.get(rule)) {
          thereAtStart[rule].and(active);
        } else {
          notOutlivedBy[rule].andNot(active);
        }
      }
    }
  }

  /** Whether every address that matches {@code inner} matches {@code outer}. */
  boolean covers(int outer, int inner) {
    if (always.get(outer) || always.get(inner)) {
      return always.get(outer);
    }
    return thereAtStart[inner].get(outer) && notOutlivedBy[outer].get(inner);
  }
}
