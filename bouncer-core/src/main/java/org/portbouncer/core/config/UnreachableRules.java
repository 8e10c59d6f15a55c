package org.portbouncer.core.config;

import java.util.List;

/** Warns of rules that an earlier one hides. Runs in the mother and in commands. */
final class UnreachableRules {

  private UnreachableRules() {}

  static void warn(List<Rule> rules, Problems problems) {
    for (int later = 1; later < rules.size(); later++) {
      for (int earlier = 0; earlier < later; earlier++) {
        if (covers(rules.get(earlier), rules.get(later))) {
          report(rules.get(earlier), rules.get(later), problems);
          break;
        }
      }
    }
  }

  private static void report(Rule earlier, Rule later, Problems problems) {
    problems.add(
        later.file(),
        later.line(),
        "rule '"
            + later.name()
            + "' can never match: rule '"
            + earlier.name()
            + "' at "
            + earlier.file()
            + ":"
            + earlier.line()
            + " matches the same clients first",
        Problem.Severity.WARNING);
  }

  /** Whether every session that {@code later} matches is matched by {@code earlier}. */
  private static boolean covers(Rule earlier, Rule later) {
    boolean networks =
        earlier.from() == null || (later.from() != null && earlier.from().covers(later.from()));
    boolean times = earlier.when() == null || earlier.when().equals(later.when());
    return networks && times && coversPorts(earlier.fromPorts(), later.fromPorts());
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
