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

  static final Keys KEYS = new Keys("acls.NAME[]");

  private static final ConfigKey<String> NAME =
      KEYS.optional(
          "name", Form.words("name"), "`#1`, `#2`, …", "the rule's name in logs and metrics");

  private static final ConfigKey<Rule.Action> ACTION =
      KEYS.required(
          "action",
          Form.choice(Map.entry("pass", Rule.Action.PASS), Map.entry("block", Rule.Action.BLOCK)),
          "what happens to a session that matches");

  static final ConfigKey<String> FROM =
      KEYS.optional(
          "from",
          Form.words("network or list of networks"),
          "everyone",
          "the client's address: `10.0.0.0/8`, `192.0.2.7`, `2001:db8::/32`, or `file:PATH` for a"
              + " list");

  private static final Form<PortRange> PORTS =
      new Form<>("port, range, or list of them", (text, where) -> Quantities.ports(text));

  private static final ConfigKey<PortRange> FROM_PORT =
      KEYS.optional("from-port", PORTS, "any", "the client's port, as in `1024-65535`");

  private static final Form<String> NETWORKS =
      new Form<>("network or list of networks", (text, where) -> network(text.strip()));

  private static final ConfigKey<String> PEER =
      KEYS.optional(
          "peer",
          NETWORKS,
          "anyone",
          "who really connected; another than the client where that one sent a PROXY header");

  private static final ConfigKey<String> TO =
      KEYS.optional(
          "to",
          NETWORKS,
          "any",
          "the address the client came to, by the PROXY header where there is one");

  private static final ConfigKey<PortRange> TO_PORT =
      KEYS.optional("to-port", PORTS, "any", "its port, likewise");

  private static final ConfigKey<Schedule> WHEN =
      KEYS.optional(
          "when",
          new Form<>("schedule", (text, where) -> Schedule.parse(text)),
          "always",
          "days, hours and zone, as in `Mon-Fri 07:00-19:00 Europe/Oslo`");

  private static final ConfigKey<Integer> BANDWIDTH =
      KEYS.optional(
          "bandwidth", Form.words("name"), "the listener's", "the class of sessions that match");

  private static final ConfigKey<Integer> VIA =
      KEYS.optional(
          "via",
          Form.words("name, or `none`"),
          "the listener's",
          "the chain of proxies that sessions that match go through");

  private static final ConfigKey<Integer> MAX_SESSIONS =
      KEYS.optional("max-sessions", Form.COUNT, "no limit", "live sessions of this rule");

  private static final ConfigKey<Integer> MAX_SESSIONS_PER_SOURCE =
      KEYS.optional(
          "max-sessions-per-source",
          Form.COUNT,
          "no limit",
          "live sessions of this rule from one source");

  private static final Form<Rate> RATES =
      new Form<>("COUNT/DURATION", (text, where) -> Quantities.sessionRate(text));

  private static final ConfigKey<Rate> RATE =
      KEYS.optional(
          "rate",
          RATES,
          "no limit",
          "new sessions of this rule, as in `50/1s`: at most so many in any such period");

  private static final ConfigKey<Rate> RATE_PER_SOURCE =
      KEYS.optional(
          "rate-per-source",
          RATES,
          "no limit",
          "new sessions of this rule from one source, as in `3/10s`");

  private static final ConfigKey<Boolean> SHARED =
      KEYS.withDefault(
          "shared",
          Form.choice(Map.entry("server", false), Map.entry("cluster", true)),
          "server",
          "whose `max-sessions`, `rate` and bandwidth they are: each server's, or that of all"
              + " servers of the `cluster` together");

  private static final ConfigKey<LogAt> LOG =
      KEYS.optional(
          "log",
          new Form<>(
              "list of `connect`, `disconnect`, `error`",
              Form.choice(
                      Map.entry("connect", LogAt.CONNECT),
                      Map.entry("disconnect", LogAt.DISCONNECT),
                      Map.entry("error", LogAt.ERROR))
                  .reader()),
          "the line at the end only",
          "`connect` adds a line when a session starts; the one at its end is always written");

  /** What has no effect in a rule that blocks. */
  private static final List<ConfigKey<?>> LIMITS =
      List.of(MAX_SESSIONS, MAX_SESSIONS_PER_SOURCE, RATE, RATE_PER_SOURCE, SHARED, BANDWIDTH, VIA);

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
    String standard = "#" + position;
    String name =
        rule.read(
            NAME, (text, where) -> text.equals(standard) ? text : Names.require(text), standard);
    Rule.Action action = rule.read(ACTION);
    NetworkSet from = lists.of(rule);
    List<PortRange> ports = rule.readList(FROM_PORT);
    Schedule when = when(rule);
    Integer bandwidth = rule.read(BANDWIDTH, Names.reference("bandwidth class", bandwidthNames));
    Integer via = rule.read(VIA, ChainReader.reference(chainNames));
    Integer maxSessions = rule.read(MAX_SESSIONS);
    Integer maxPerSource = rule.read(MAX_SESSIONS_PER_SOURCE);
    Rate rateOfRule = rule.read(RATE);
    Rate ratePerSource = rule.read(RATE_PER_SOURCE);
    List<LogAt> log = rule.readList(LOG);
    boolean shared = Boolean.TRUE.equals(rule.read(SHARED));
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

  private static String network(String text) {
    NetworkSet.builder().add(text);
    return text;
  }

  private static Arrival arrival(Section rule) {
    List<String> peer = rule.readList(PEER);
    List<String> to = rule.readList(TO);
    List<PortRange> ports = rule.readList(TO_PORT);
    return Arrival.of(
        peer == null ? List.of() : List.copyOf(peer),
        to == null ? List.of() : List.copyOf(to),
        ports == null ? List.of() : List.copyOf(ports));
  }

  private static Schedule when(Section rule) {
    Schedule when = rule.read(WHEN);
    if (when != null && when.leavesZoneOpen()) {
      String doubt = SystemZone.current().doubt();
      if (!doubt.isEmpty()) {
        rule.problems().warn(rule.whereOf(WHEN.name()), "'when' names no zone, and " + doubt);
      }
      rule.note(WHEN.name(), "in the system's zone, " + when.defaultZone());
    }
    return when;
  }

  /** A rule that blocks has no sessions to limit. */
  private static void warnOfLimits(Section rule, boolean shared) {
    for (ConfigKey<?> limit : LIMITS) {
      String key = limit.name();
      // `shared = server` is what a rule has anyway, and what `show-config` writes.
      if (!rule.isAbsent(key) && (shared || !limit.equals(SHARED))) {
        rule.problems()
            .warn(
                rule.whereOf(key),
                "'" + key + "' has no effect in a rule that blocks: no session passes it");
      }
    }
  }
}
