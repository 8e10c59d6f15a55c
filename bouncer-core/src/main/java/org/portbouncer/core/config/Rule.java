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
    return !hasNetworks()
        ? this
        : new Rule(
            name,
            action,
            NetworkSet.EMPTY,
            fromPorts,
            when,
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
}
