package org.portbouncer.core.config;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** Which ways sessions may go, as listeners, rules and groups say it together. */
public sealed interface Ways permits Configuration {

  /** All listeners. */
  List<Listener> listeners();

  /** All ACLs. */
  List<Acl> acls();

  /** All groups of targets. */
  List<TargetGroup> targets();

  /** Every chain that sessions of a listener may go through; -1 where one may go through none. */
  default Set<Integer> vias(Listener listener) {
    if (listener.acl() < 0) {
      return Set.of(listener.via());
    }
    return acls().get(listener.acl()).rules().stream()
        .filter(rule -> rule.action() == Rule.Action.PASS)
        .map(rule -> rule.via() == Rule.LISTENERS_VIA ? listener.via() : rule.via())
        .collect(Collectors.toCollection(LinkedHashSet::new));
  }

  /**
   * Which chain the checks of a group go through, -1 for none: that of all its sessions, or where
   * they go several ways that of the first listener.
   */
  default int checkVia(int group) {
    List<Listener> users = listeners().stream().filter(one -> one.group() == group).toList();
    Set<Integer> ways = groupVias(group);
    return ways.size() == 1
        ? ways.iterator().next()
        : users.isEmpty() ? -1 : users.getFirst().via();
  }

  /**
   * Whether connections are opened ahead to a member: where some session may have one, which goes
   * through no chain and says nothing more of its socket than the member does.
   *
   * @param group index of the member's
   */
  default boolean opensAhead(int group, TargetGroup.Member member) {
    return targets().get(group).spareConnections() > 0
        && listeners().stream().anyMatch(one -> one.group() == group && takesSpares(one, member));
  }

  /** Whether some of the sessions of a listener may have a connection that was opened ahead. */
  default boolean takesSpares(Listener listener, TargetGroup.Member member) {
    return vias(listener).contains(-1)
        && member.sockets().over(listener.sockets()).equals(member.sockets());
  }

  /**
   * Which PROXY header the checks of a member begin with: its own, or that of the first listener.
   *
   * @param group index of the member's
   */
  default ProxyProtocol.Send checkSend(int group, TargetGroup.Member member) {
    if (member.send() != null) {
      return member.send();
    }
    return listeners().stream()
        .filter(one -> one.group() == group)
        .findFirst()
        .map(one -> one.proxy().send())
        .orElse(ProxyProtocol.Send.NONE);
  }

  /** Every chain that sessions to a group may go through; -1 where one may go through none. */
  default Set<Integer> groupVias(int group) {
    return listeners().stream()
        .filter(one -> one.group() == group)
        .flatMap(one -> vias(one).stream())
        .collect(Collectors.toCollection(LinkedHashSet::new));
  }
}
