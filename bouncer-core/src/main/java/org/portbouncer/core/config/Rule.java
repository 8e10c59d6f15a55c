package org.portbouncer.core.config;

import java.util.List;

/**
 * One rule of an ACL. Conditions that are absent match everything.
 *
 * @param name the rule's name, or its position ("#1", "#2", …) where the operator gave none
 * @param action what happens to a session that matches
 * @param from the client's networks; null for any
 * @param fromPorts the client's ports; empty for any
 * @param when days, hours and zone; null for always
 * @param bandwidth index into {@link Configuration#bandwidth()}, or -1 for the listener's
 * @param via index into {@link Configuration#chains()}, -1 for none, or {@link #LISTENERS_VIA}
 * @param maxSessions live sessions of this rule; 0 for no limit
 * @param maxSessionsPerSource live sessions per source; 0 for no limit
 * @param rate new sessions of this rule; null for no limit
 * @param ratePerSource new sessions per source; null for no limit
 * @param logConnect write a line when a session starts
 * @param logDisconnect write a line when a session ends
 * @param logError write a line when a session ends other than well
 * @param arrival what it asks of how the client came; null for nothing
 * @param shared whether its limits are those of all servers of the cluster together
 * @param file the file that holds the rule
 * @param line its line there
 */
public record Rule(
    String name,
    Action action,
    NetworkSet from,
    List<PortRange> fromPorts,
    Schedule when,
    int bandwidth,
    int via,
    int maxSessions,
    int maxSessionsPerSource,
    Rate rate,
    Rate ratePerSource,
    boolean logConnect,
    boolean logDisconnect,
    boolean logError,
    Arrival arrival,
    boolean shared,
    String file,
    int line) {

  /** The way of a session whose rule says nothing of it. */
  public static final int LISTENERS_VIA = -2;

  static final Rule BLANK = of("", Action.BLOCK, null, "", 0);

  /** One of which no more is set than this. */
  public static Rule of(String name, Action action, NetworkSet from, String file, int line) {
    return new Rule(
        name,
        action,
        from,
        List.of(),
        null,
        -1,
        LISTENERS_VIA,
        0,
        0,
        null,
        null,
        false,
        true,
        true,
        null,
        false,
        file,
        line);
  }

  /** The same, for clients from these ports, at these times. */
  public Rule only(List<PortRange> ports, Schedule times) {
    return matching(from, ports, times);
  }

  /** The same, for other sessions. */
  private Rule matching(NetworkSet networks, List<PortRange> ports, Schedule times) {
    return new Rule(
        name,
        action,
        networks,
        ports,
        times,
        bandwidth,
        via,
        maxSessions,
        maxSessionsPerSource,
        rate,
        ratePerSource,
        logConnect,
        logDisconnect,
        logError,
        arrival,
        shared,
        file,
        line);
  }

  static Rule pass(ConfigWire wire, Rule it) throws ConfigCodecException {
    return new Rule(
        wire.text(it.name),
        wire.constant(it.action, Action.values()),
        wire.nullable(it.from, NetworkSet.EMPTY, NetworkSet::pass),
        wire.list(it.fromPorts, PortRange.BLANK, PortRange::pass),
        wire.nullable(it.when, Schedule.BLANK, Schedule::pass),
        wire.integer(it.bandwidth, -1),
        wire.integer(it.via, LISTENERS_VIA),
        wire.integer(it.maxSessions, 0),
        wire.integer(it.maxSessionsPerSource, 0),
        wire.nullable(it.rate, Rate.BLANK, Rate::pass),
        wire.nullable(it.ratePerSource, Rate.BLANK, Rate::pass),
        wire.flag(it.logConnect),
        wire.flag(it.logDisconnect),
        wire.flag(it.logError),
        wire.nullable(it.arrival, Arrival.BLANK, Arrival::pass),
        wire.flag(it.shared),
        wire.file(it.file),
        wire.integer(it.line, Integer.MIN_VALUE));
  }

  /** What a rule does with a session. */
  public enum Action {
    /** Let it through. */
    PASS,
    /** Close it; no connection to the target is made. */
    BLOCK
  }

  /** Whether there is any network in it. */
  public boolean hasNetworks() {
    return from != null && !from.isEmpty();
  }

  /** The same rule with networks that hold nothing, so that it can never match by mistake. */
  Rule withoutNetworks() {
    return hasNetworks() ? matching(NetworkSet.EMPTY, fromPorts, when) : this;
  }
}
