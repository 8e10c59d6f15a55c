package org.portbouncer.config;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.portbouncer.core.config.Acl;
import org.portbouncer.core.config.Arrival;
import org.portbouncer.core.config.NetworkSet;
import org.portbouncer.core.config.PortRange;
import org.portbouncer.core.config.Rate;
import org.portbouncer.core.config.Rule;
import org.portbouncer.core.config.Schedule;
import org.portbouncer.core.sys.SystemZone;

/** Reads the rules of the ACLs. Runs in the mother and in commands. */
final class RuleReader {

  /** A session's record has 15 bits for the number of its rule. */
  private static final int MOST = 32_767;

  private static final List<String> LIMITS =
      List.of(
          "max-sessions",
          "max-sessions-per-source",
          "rate",
          "rate-per-source",
          "shared",
          "bandwidth",
          "via");

  private static final ValueReader<Boolean> SHARED =
      Names.choice(Names.choices(Map.entry("server", false), Map.entry("cluster", true)));

  private enum LogAt {
    CONNECT,
    DISCONNECT,
    ERROR
  }

  private final List<String> bandwidthNames;
  private final List<String> chainNames;
  private final NetworkLists lists;

  RuleReader(List<String> bandwidthNames, List<String> chainNames, NetworkLists lists) {
    this.bandwidthNames = bandwidthNames;
    this.chainNames = chainNames;
    this.lists = lists;
  }

  /** The ACL of that name. */
  Acl acl(Section acls, String name) {
    List<Rule> rules = new ArrayList<>();
    Map<String, Where> seen = new HashMap<>();
    int position = 0;
    for (Section section : acls.elements(name)) {
      Rule rule = rule(section, ++position);
      Where before = seen.putIfAbsent(rule.name(), section.where());
      if (before != null) {
        acls.problems()
            .error(
                section.where(),
                "acls."
                    + name
                    + " has a second rule '"
                    + rule.name()
                    + "'; the first is at "
                    + before);
      }
      rules.add(rule);
    }
    if (rules.size() > MOST) {
      acls.problems()
          .error(
              acls.whereOf(name),
              "acls." + name + " has " + rules.size() + " rules; " + MOST + " are possible");
    }
    return new Acl(name, List.copyOf(rules));
  }

  private Rule rule(Section rule, int position) {
    ValueReader<Integer> count = (text, where) -> Quantities.integer(text, 1, Integer.MAX_VALUE);
    ValueReader<Rate> rate = (text, where) -> Quantities.sessionRate(text);
    String standard = "#" + position;
    String name =
        rule.read(
            "name", (text, where) -> text.equals(standard) ? text : Names.require(text), standard);
    Rule.Action action =
        rule.read(
            "action",
            Names.choice(
                Names.choices(
                    Map.entry("pass", Rule.Action.PASS), Map.entry("block", Rule.Action.BLOCK))));
    NetworkSet from = lists.of(rule);
    List<PortRange> ports = rule.readList("from-port", (text, where) -> Quantities.ports(text));
    Schedule when = when(rule);
    Integer bandwidth = rule.read("bandwidth", Names.reference("bandwidth class", bandwidthNames));
    Integer via = rule.read("via", ChainReader.reference(chainNames));
    Integer maxSessions = rule.read("max-sessions", count);
    Integer maxPerSource = rule.read("max-sessions-per-source", count);
    Rate rateOfRule = rule.read("rate", rate);
    Rate ratePerSource = rule.read("rate-per-source", rate);
    List<LogAt> log =
        rule.readList(
            "log",
            Names.choice(
                Names.choices(
                    Map.entry("connect", LogAt.CONNECT),
                    Map.entry("disconnect", LogAt.DISCONNECT),
                    Map.entry("error", LogAt.ERROR))));
    boolean shared = Boolean.TRUE.equals(rule.read("shared", SHARED));
    if (action == Rule.Action.BLOCK) {
      warnOfLimits(rule, shared);
    }
    List<LogAt> logAt = log == null ? List.of(LogAt.DISCONNECT, LogAt.ERROR) : log;
    return new Rule(
        name,
        action,
        from,
        ports == null ? List.of() : List.copyOf(ports),
        when,
        Objects.requireNonNullElse(bandwidth, -1),
        Objects.requireNonNullElse(via, Rule.LISTENERS_VIA),
        Objects.requireNonNullElse(maxSessions, 0),
        Objects.requireNonNullElse(maxPerSource, 0),
        rateOfRule,
        ratePerSource,
        logAt.contains(LogAt.CONNECT),
        logAt.contains(LogAt.DISCONNECT),
        logAt.contains(LogAt.ERROR),
        arrival(rule),
        shared,
        rule.where().file(),
        rule.where().line());
  }

  private static Arrival arrival(Section rule) {
    ValueReader<String> network =
        (text, where) -> {
          NetworkSet.builder().add(text.strip());
          return text.strip();
        };
    List<String> peer = rule.readList("peer", network);
    List<String> to = rule.readList("to", network);
    List<PortRange> ports = rule.readList("to-port", (text, where) -> Quantities.ports(text));
    return Arrival.of(
        peer == null ? List.of() : List.copyOf(peer),
        to == null ? List.of() : List.copyOf(to),
        ports == null ? List.of() : List.copyOf(ports));
  }

  private static Schedule when(Section rule) {
    Schedule when = rule.read("when", (text, where) -> Schedule.parse(text));
    if (when != null && when.leavesZoneOpen()) {
      String doubt = SystemZone.current().doubt();
      if (!doubt.isEmpty()) {
        rule.problems().warn(rule.whereOf("when"), "'when' names no zone, and " + doubt);
      }
      rule.note("when", "in the system's zone, " + when.defaultZone());
    }
    return when;
  }

  /** A rule that blocks has no sessions to limit. */
  private static void warnOfLimits(Section rule, boolean shared) {
    for (String key : LIMITS) {
      // `shared = server` is what a rule has anyway, and what `show-config` writes.
      if (!rule.isAbsent(key) && (shared || !key.equals("shared"))) {
        rule.problems()
            .warn(
                rule.whereOf(key),
                "'" + key + "' has no effect in a rule that blocks: no session passes it");
      }
    }
  }
}
