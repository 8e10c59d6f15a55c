package org.portbouncer.config;

import java.util.List;
import org.portbouncer.core.config.PortRange;
import org.portbouncer.core.config.Rule;
import org.portbouncer.core.config.RuleIndex;

/** Warns of rules that an earlier one hides. Runs in the mother and in commands. */
final class UnreachableRules {

  private UnreachableRules() {}

  /**
   * For so many rules it is said by which one they are hidden: what compares each with each takes a
   * quarter of a byte for every pair of them.
   */
  private static final int MOST_COMPARED = 8192;

  static void warn(List<Rule> rules, RuleIndex index, Problems problems) {
    Coverage coverage = rules.size() > MOST_COMPARED ? null : new Coverage(rules);
    for (int later = 1; later < rules.size(); later++) {
      Rule rule = rules.get(later);
      boolean empty = rule.from() != null && rule.from().isEmpty();
      Rule earlier = coverage == null ? null : firstThatCovers(rules, coverage, later);
      if (earlier != null) {
        String place = earlier.file() + ":" + earlier.line();
        report(rule, "rule '" + earlier.name() + "' at " + place + " matches", problems);
      } else if (!empty && !index.reachable(later)) {
        report(rule, "the rules before it together match", problems);
      }
    }
  }

  private static Rule firstThatCovers(List<Rule> rules, Coverage coverage, int later) {
    for (int earlier = 0; earlier < later; earlier++) {
      if (coverage.covers(earlier, later) && coversTheRest(rules.get(earlier), rules.get(later))) {
        return rules.get(earlier);
      }
    }
    return null;
  }

  private static void report(Rule later, String who, Problems problems) {
    problems.add(
        later.file(),
        later.line(),
        "rule '" + later.name() + "' can never match: " + who + " the same clients first",
        Problem.Severity.WARNING);
  }

  /** Whether {@code earlier} matches at every time and port at which {@code later} does. */
  private static boolean coversTheRest(Rule earlier, Rule later) {
    boolean times = earlier.when() == null || earlier.when().equals(later.when());
    boolean ways = earlier.arrival() == null || earlier.arrival().equals(later.arrival());
    return times && ways && coversPorts(earlier.fromPorts(), later.fromPorts());
  }

  private static boolean coversPorts(List<PortRange> earlier, List<PortRange> later) {
    return earlier.isEmpty()
        || (!later.isEmpty()
            && later.stream()
                .allMatch(
                    port ->
                        earlier.stream()
                            .anyMatch(
                                range ->
                                    range.first() <= port.first() && range.last() >= port.last())));
  }
}
