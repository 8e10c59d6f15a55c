package org.portbouncer.config;

import java.util.ArrayList;
import java.util.List;
import org.portbouncer.core.config.Acl;
import org.portbouncer.core.config.Chain;
import org.portbouncer.core.config.Configuration;
import org.portbouncer.core.config.Endpoint;
import org.portbouncer.core.config.Listener;
import org.portbouncer.core.config.Rule;
import org.portbouncer.core.config.TargetGroup;

/**
 * Warns of what is right by itself and has no effect in this configuration. In the mother and in
 * commands.
 */
final class Doubts {

  private Doubts() {}

  static void warn(Configuration configuration, Reading reading, Problems problems) {
    for (int i = 0; i < configuration.acls().size(); i++) {
      int index = i;
      Acl acl = configuration.acls().get(i);
      List<Listener> users =
          configuration.listeners().stream().filter(one -> one.acl() == index).toList();
      if (users.isEmpty()) {
        problems.warn(
            place("acls." + acl.name(), reading),
            "the acl '" + acl.name() + "' is used by no listener");
      } else {
        families(acl, users, configuration, problems);
      }
    }
    for (int i = 0; i < configuration.targets().size(); i++) {
      int index = i;
      TargetGroup group = configuration.targets().get(i);
      if (configuration.listeners().stream().noneMatch(one -> one.group() == index)) {
        problems.warn(
            place("targets." + group.name(), reading),
            "the group '" + group.name() + "' is the target of no listener");
      } else if (group.spareConnections() > 0) {
        spares(group, index, configuration, problems);
      }
    }
    for (int i = 0; i < configuration.chains().size(); i++) {
      int index = i;
      Chain chain = configuration.chains().get(i);
      if (configuration.listeners().stream()
          .noneMatch(one -> configuration.vias(one).contains(index))) {
        problems.add(
            chain.file(),
            chain.line(),
            "the chain '" + chain.name() + "' is used by no listener and no rule",
            Problem.Severity.WARNING);
      }
    }
    for (int i = 0; i < configuration.bandwidth().size(); i++) {
      int index = i;
      String name = configuration.bandwidth().get(i).name();
      boolean used =
          configuration.listeners().stream().anyMatch(one -> one.bandwidth() == index)
              || configuration.acls().stream()
                  .flatMap(acl -> acl.rules().stream())
                  .anyMatch(rule -> rule.bandwidth() == index);
      if (!used) {
        problems.warn(
            place("bandwidth." + name, reading),
            "the bandwidth class '" + name + "' is used by no listener and no rule");
      }
    }
  }

  /** Listeners none of whose sessions can have a connection that was opened ahead. */
  private static void spares(
      TargetGroup group, int index, Configuration configuration, Problems problems) {
    for (Listener listener : configuration.listeners()) {
      if (listener.group() == index
          && group.members().stream().noneMatch(one -> configuration.takesSpares(listener, one))) {
        problems.add(
            listener.file(),
            listener.line(),
            "listeners."
                + listener.name()
                + " uses no connection that the group '"
                + group.name()
                + "' opens ahead: "
                + (configuration.vias(listener).contains(-1)
                    ? "its own socket settings make others"
                    : "its sessions go through a chain"),
            Problem.Severity.WARNING);
      }
    }
  }

  /** Where the first value stands of a block. */
  private static Where place(String path, Reading reading) {
    for (Setting setting : reading.settings()) {
      if (setting.path().startsWith(path + ".") && setting.where() != null) {
        return setting.where();
      }
    }
    return reading.source().mainFile(0);
  }

  /** Rules whose networks are of a family that no client of the listeners has. */
  private static void families(
      Acl acl, List<Listener> users, Configuration configuration, Problems problems) {
    boolean v4 = false;
    boolean v6 = false;
    List<String> names = new ArrayList<>();
    for (Listener listener : users) {
      names.add("'" + listener.name() + "'");
      // A header may name a client of either family.
      v4 |= listener.proxy().accepts();
      v6 |= listener.proxy().accepts();
      for (Endpoint endpoint : listener.listen()) {
        boolean inet = endpoint.kind() == Endpoint.Kind.INET;
        v6 |= inet && !Overlap.isV4(endpoint);
        v4 |=
            Overlap.isV4(endpoint)
                || Overlap.isAnyV6(endpoint) && !Overlap.leavesV4(endpoint, configuration);
      }
    }
    for (Rule rule : acl.rules()) {
      boolean has4 = rule.hasNetworks() && rule.from().hasV4();
      boolean has6 = rule.hasNetworks() && rule.from().hasV6();
      if ((has4 || has6) && !(has4 && v4) && !(has6 && v6)) {
        String clients = v4 ? "have IPv4 addresses" : v6 ? "have IPv6 addresses" : "have none";
        problems.add(
            rule.file(),
            rule.line(),
            "rule '"
                + rule.name()
                + "' can never match: it is for "
                + (has4 ? has6 ? "addresses" : "IPv4 addresses" : "IPv6 addresses")
                + ", and clients of listener "
                + String.join(", ", names)
                + " "
                + clients,
            Problem.Severity.WARNING);
      }
    }
  }
}
