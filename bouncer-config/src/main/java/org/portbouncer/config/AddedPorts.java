package org.portbouncer.config;

import java.util.List;
import org.portbouncer.core.config.Configuration;
import org.portbouncer.core.config.Endpoint;
import org.portbouncer.core.config.Listener;
import org.portbouncer.core.config.TargetGroup;

/**
 * Finds targets whose port counts from the one that a client came to where that comes to none. In
 * the mother and in commands.
 */
final class AddedPorts {

  private static final int LAST = 65_535;

  private AddedPorts() {}

  static void check(Configuration configuration, Problems problems) {
    for (Listener listener : configuration.listeners()) {
      for (Endpoint target : targets(listener, configuration)) {
        if (target.isRelative()) {
          check(listener, target, problems);
        }
      }
    }
    for (TargetGroup group : configuration.targets()) {
      boolean asks =
          group.check().type() != TargetGroup.Check.Type.NONE && group.check().port() == 0;
      for (TargetGroup.Member member : group.members()) {
        if (asks && member.address().isRelative()) {
          problems.add(
              group.file(),
              group.line(),
              "targets."
                  + group.name()
                  + ".check needs 'port': no client comes to a port for which it could add to as "
                  + member.address().text()
                  + " says",
              Problem.Severity.ERROR);
        }
      }
    }
  }

  /** What a listener leads to, groups opened. */
  static List<Endpoint> targets(Listener listener, Configuration configuration) {
    return listener.group() < 0
        ? List.of(listener.target())
        : configuration.targets().get(listener.group()).members().stream()
            .map(TargetGroup.Member::address)
            .toList();
  }

  /** One problem for the first address of which it is true. */
  private static void check(Listener listener, Endpoint target, Problems problems) {
    for (Endpoint listen : listener.listen()) {
      String why = "";
      if (listen.kind() != Endpoint.Kind.INET) {
        why = listen.text() + " has no port to add to";
      } else if (listen.port() == 0 && target.port() > 0) {
        why = "the kernel chooses the port of " + listen.text() + ", and may choose one too high";
      } else if (listen.port() + target.port() > LAST) {
        why =
            listen.text()
                + " and "
                + target.port()
                + " come to port "
                + (listen.port() + target.port())
                + "; "
                + LAST
                + " is the last";
      }
      if (!why.isEmpty()) {
        problems.add(
            listener.file(),
            listener.line(),
            "listeners." + listener.name() + ": target " + target.text() + ": " + why,
            Problem.Severity.ERROR);
        return;
      }
    }
  }
}
