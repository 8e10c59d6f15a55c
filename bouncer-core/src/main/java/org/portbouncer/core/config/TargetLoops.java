package org.portbouncer.core.config;

import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Finds listeners whose target leads back to themselves, at once or through other listeners: every
 * session would go round until something runs out. In the mother and in commands.
 */
final class TargetLoops {

  private TargetLoops() {}

  static void check(Configuration configuration, Problems problems) {
    List<Listener> listeners = configuration.listeners();
    for (Listener start : listeners) {
      List<String> way = new ArrayList<>(List.of(start.name()));
      if (leadsTo(start, start, way, new HashSet<>(), configuration)) {
        problems.add(
            start.file(),
            start.line(),
            "listeners."
                + start.name()
                + ".target: "
                + start.target().text()
                + (way.size() == 1
                    ? " is the listener itself"
                    : " leads back to it: " + String.join(" -> ", way) + " -> " + start.name())
                + "; every session would go round for ever",
            Problem.Severity.ERROR);
      }
    }
  }

  /**
   * Whether a session may come from one listener to another; {@code way} is how. Who comes to a
   * loop and is not of it is told of by those who are.
   */
  private static boolean leadsTo(
      Listener from, Listener to, List<String> way, Set<String> seen, Configuration configuration) {
    for (Endpoint target : targets(from, configuration)) {
      Listener next = next(target, configuration);
      if (next == null) {
        continue;
      }
      if (next.equals(to)) {
        return true;
      }
      if (seen.add(next.name())) {
        way.add(next.name());
        if (leadsTo(next, to, way, seen, configuration)) {
          return true;
        }
        way.removeLast();
      }
    }
    return false;
  }

  private static List<Endpoint> targets(Listener from, Configuration configuration) {
    if (from.via() >= 0) {
      // What the target's address means is the last proxy's to say.
      return List.of(configuration.chains().get(from.via()).hops().getFirst().proxy());
    }
    return from.group() < 0
        ? List.of(from.target())
        : configuration.targets().get(from.group()).members().stream()
            .map(TargetGroup.Member::address)
            .toList();
  }

  /** The listener that a target is; null where it is none of ours. */
  private static Listener next(Endpoint target, Configuration configuration) {
    Listener wide = null;
    for (Listener listener : configuration.listeners()) {
      for (Endpoint endpoint : listener.listen()) {
        if (isTarget(endpoint, target)) {
          return listener;
        }
        wide = takesIn(endpoint, target, configuration) ? listener : wide;
      }
    }
    return wide;
  }

  /** Whether the target is this very address. */
  private static boolean isTarget(Endpoint listen, Endpoint target) {
    if (target.kind() == Endpoint.Kind.UNIX) {
      return listen.kind() == Endpoint.Kind.UNIX && listen.path().equals(target.path());
    }
    return samePort(listen, target) && listen.host().equals(host(target));
  }

  /** Whether the address is that of all clients, the target's among them. */
  private static boolean takesIn(Endpoint listen, Endpoint target, Configuration configuration) {
    if (!samePort(listen, target)) {
      return false;
    }
    String host = host(target);
    boolean four = host.indexOf(':') < 0;
    boolean any =
        four && listen.host().equals("0.0.0.0")
            || Overlap.isAnyV6(listen) && !(four && Overlap.leavesV4(listen, configuration));
    // Connecting to all addresses is connecting to this machine.
    boolean itself = host.equals("0.0.0.0") || host.equals("::");
    return any && (itself || isOurs(host)) || itself && listen.host().matches("127[.].*|::1");
  }

  private static boolean samePort(Endpoint listen, Endpoint target) {
    boolean inet = target.kind() == Endpoint.Kind.INET || target.kind() == Endpoint.Kind.NAME;
    return inet
        && listen.kind() == Endpoint.Kind.INET
        && listen.port() != 0
        && listen.port() == target.port();
  }

  private static String host(Endpoint target) {
    boolean localhost = target.host().equalsIgnoreCase("localhost");
    return localhost ? "127.0.0.1" : target.host();
  }

  private static boolean isOurs(String host) {
    if (!host.matches("[0-9.]+|[0-9A-Fa-f:.]+(%.*)?")) {
      return false;
    }
    try {
      InetAddress address = InetAddress.ofLiteral(host);
      return address.isLoopbackAddress() || NetworkInterface.getByInetAddress(address) != null;
    } catch (SocketException | IllegalArgumentException e) {
      return false;
    }
  }
}
