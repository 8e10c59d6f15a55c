package org.portbouncer.config;

import java.util.List;
import java.util.stream.Collectors;
import org.portbouncer.core.config.Endpoint;
import org.portbouncer.core.config.Nearest;
import org.portbouncer.core.config.TargetGroup;

/**
 * Where a listener's sessions go, as it is read. Runs in the mother and in commands.
 *
 * @param endpoint the target; null, and reported, where it is none
 * @param group index of its group; -1 for a single server
 */
record ListenerTarget(Endpoint endpoint, int group) {

  private static final String KEY = ListenerReader.TARGET.name();

  private static final ListenerTarget NONE = new ListenerTarget(null, -1);

  /**
   * Reads it.
   *
   * @param groups all there are; a list of targets adds one
   */
  static ListenerTarget read(Section listener, String name, List<TargetGroup> groups) {
    List<Endpoint> targets = listener.readList(ListenerReader.TARGET);
    Where where = listener.whereOf(KEY);
    if (listener.isEmptyList(KEY)) {
      listener.problems().error(where, "listeners." + name + ".target names no address");
    }
    if (targets == null || targets.isEmpty()) {
      return NONE;
    }
    if (targets.size() > 1) {
      return several(listener, name, targets, groups);
    }
    Endpoint target = targets.getFirst();
    if (target.kind() != Endpoint.Kind.GROUP) {
      return new ListenerTarget(target, -1);
    }
    List<String> names = groups.stream().map(TargetGroup::name).toList();
    int index = names.indexOf(target.path());
    if (index < 0) {
      listener
          .problems()
          .error(
              where,
              "listeners."
                  + name
                  + ".target: no group '"
                  + target.path()
                  + "' under targets"
                  + Nearest.hint(target.path(), names));
    }
    boolean udp = index >= 0 && groups.get(index).udp();
    return new ListenerTarget(udp ? target.overUdp(target.text()) : target, index);
  }

  private static ListenerTarget several(
      Section listener, String name, List<Endpoint> targets, List<TargetGroup> groups) {
    Where where = listener.whereOf(KEY);
    for (Endpoint target : targets) {
      if (target.kind() != Endpoint.Kind.INET && target.kind() != Endpoint.Kind.NAME) {
        listener
            .problems()
            .error(
                where,
                "listeners."
                    + name
                    + ".target: '"
                    + target.text()
                    + "' cannot be one of several; each is HOST:PORT or [v6]:PORT");
        return NONE;
      }
    }
    boolean udp = targets.getFirst().udp();
    if (targets.stream().anyMatch(target -> target.udp() != udp)) {
      listener
          .problems()
          .error(
              where,
              "listeners." + name + ".target mixes udp: and TCP; all of a list are of one kind");
      return NONE;
    }
    String text = targets.stream().map(Endpoint::text).collect(Collectors.joining(","));
    groups.add(TargetsReader.ofListener(name, targets, where));
    return new ListenerTarget(
        new Endpoint(
            Endpoint.Kind.GROUP, text, "", 0, "listeners." + name, Endpoint.Ports.ONE, udp),
        groups.size() - 1);
  }
}
