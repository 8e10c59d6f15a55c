package org.portbouncer.acl.acl;

import java.util.Arrays;
import java.util.List;
import org.portbouncer.core.config.NetworkSet;
import org.portbouncer.core.config.PortRange;
import org.portbouncer.core.config.Rule;
import org.portbouncer.core.config.Schedule;

/**
 * A rule as a test writes it.
 *
 * @param from CIDR texts; null for any
 * @param ports null for any
 * @param when null for always
 */
record TestRule(String[] from, PortRange ports, String when) {

  static TestRule from(String... networks) {
    return new TestRule(networks, null, null);
  }

  static TestRule any() {
    return new TestRule(null, null, null);
  }

  TestRule port(int first, int last) {
    return new TestRule(from, new PortRange(first, last), when);
  }

  TestRule when(String schedule) {
    return new TestRule(from, ports, schedule);
  }

  Rule rule(int index) {
    NetworkSet networks = from == null ? null : NetworkSet.of(from);
    return Rule.of("#" + (index + 1), Rule.Action.PASS, networks, "b.conf", index + 1)
        .only(
            ports == null ? List.of() : List.of(ports), when == null ? null : Schedule.parse(when));
  }

  @Override
  public boolean equals(Object other) {
    return this == other;
  }

  @Override
  public int hashCode() {
    return System.identityHashCode(this);
  }

  @Override
  public String toString() {
    return Arrays.toString(from) + " " + ports + " " + when;
  }
}
