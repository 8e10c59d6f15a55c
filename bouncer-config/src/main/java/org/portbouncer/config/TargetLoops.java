package org.portbouncer.config;

import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.portbouncer.core.config.Configuration;
import org.portbouncer.core.config.Endpoint;
import org.portbouncer.core.config.Listener;

/**
 * Finds listeners whose target leads back to themselves, at once or through other listeners: every
 * session would go round until something runs out. A way leads from address to address, not from
 * listener to listener: with a port that is added to, 6000 may lead to 6001 of the same range and
 * so on to its end, which is no loop. In the mother and in commands.
 */
final class TargetLoops {

  /** An address that is listened on, by one of the configuration's listeners and no copy of it. */
  private record Stop(Listener listener, Endpoint address) {

    // A record's own would look at all that a listener has, each time.

    @Override
    @SuppressWarnings("ReferenceEquality") // listeners are told apart by which they are
    public boolean equals(Object other) {
      return other instanceof Stop that
          && listener == that.listener
          && address.equals(that.address);
    }

    @Override
    public int hashCode() {
      return address.hashCode();
    }
  }

  private final Configuration configuration;

  /** All addresses with that port; those without one are under 0. */
  private final Map<Integer, List<Stop>> stops = new HashMap<>();

  /** Where a target leads, which is asked for once for each port of a range. */
  private final Map<Endpoint, Stop> known = new HashMap<>();

  private final Map<Stop, Boolean> ending = new HashMap<>();
  private final Map<String, Boolean> ours = new HashMap<>();

  private TargetLoops(Configuration configuration) {
    this.configuration = configuration;
    for (Listener listener : configuration.listeners()) {
      for (Endpoint address : listener.listen()) {
        stops
            .computeIfAbsent(address.port(), port -> new ArrayList<>())
            .add(new Stop(listener, address));
      }
    }
  }

  static void check(Configuration configuration, Problems problems) {
    TargetLoops loops = new TargetLoops(configuration);
    for (Listener start : configuration.listeners()) {
      for (Endpoint address : start.listen()) {
        Stop stop = new Stop(start, address);
        List<Stop> way = new ArrayList<>(List.of(stop));
        if (!loops.ends(stop) && loops.leadsTo(stop, stop, way, new HashSet<>())) {
          problems.add(start.file(), start.line(), words(start, way), Problem.Severity.WARNING);
          break;
        }
      }
    }
  }

  private static String words(Listener start, List<Stop> way) {
    List<String> names = way.stream().map(stop -> stop.listener().name()).toList();
    return "listeners."
        + start.name()
        + ".target: "
        + start.target().text()
        + (way.size() == 1
            ? " is the listener itself"
            : " leads back to it: " + String.join(" -> ", names) + " -> " + start.name())
        + "; every session would go round for ever";
  }

  /** Whether all ways from there come to an end; of each address it is found out once. */
  private boolean ends(Stop from) {
    Boolean already = ending.putIfAbsent(from, false);
    if (already != null) {
      // One that is being looked at is come to again.
      return already;
    }
    boolean all = true;
    for (Endpoint target : targets(from.listener())) {
      Stop next = next(from, target);
      all &= next == null || ends(next);
    }
    ending.put(from, all);
    return all;
  }

  /**
   * Whether a session may come from one address to another; {@code way} is how. Who comes to a loop
   * and is not of it is told of by those who are.
   */
  private boolean leadsTo(Stop from, Stop to, List<Stop> way, Set<Stop> seen) {
    for (Endpoint target : targets(from.listener())) {
      Stop next = next(from, target);
      if (next == null || ends(next)) {
        continue;
      }
      if (next.equals(to)) {
        return true;
      }
      if (seen.add(next)) {
        way.add(next);
        if (leadsTo(next, to, way, seen)) {
          return true;
        }
        way.removeLast();
      }
    }
    return false;
  }

  private List<Endpoint> targets(Listener from) {
    List<Endpoint> all = new ArrayList<>();
    for (int via : configuration.vias(from)) {
      if (via < 0) {
        all.addAll(AddedPorts.targets(from, configuration));
      } else {
        // What the target's address means is the last proxy's to say.
        all.add(configuration.chains().get(via).hops().getFirst().proxy());
      }
    }
    return all;
  }

  /** The address of ours that a session comes to next; null where that is none. */
  private Stop next(Stop from, Endpoint to) {
    Endpoint target = to.isRelative() ? to.from(from.address().port()) : to;
    if (known.containsKey(target)) {
      return known.get(target);
    }
    Stop found = null;
    for (Stop stop : stops.getOrDefault(target.port(), List.of())) {
      if (isTarget(stop.address(), target)) {
        found = stop;
        break;
      }
      found = takesIn(stop.address(), target) ? stop : found;
    }
    known.put(target, found);
    return found;
  }

  /** Whether the target is this very address. */
  private static boolean isTarget(Endpoint listen, Endpoint target) {
    if (target.kind() == Endpoint.Kind.UNIX) {
      return listen.kind() == Endpoint.Kind.UNIX && listen.path().equals(target.path());
    }
    return samePort(listen, target) && listen.host().equals(host(target));
  }

  /** Whether the address is that of all clients, the target's among them. */
  private boolean takesIn(Endpoint listen, Endpoint target) {
    if (!samePort(listen, target)) {
      return false;
    }
    String host = host(target);
    boolean four = host.indexOf(':') < 0;
    boolean any =
        four && listen.host().equals("0.0.0.0")
            || Overlap.isAnyV6(listen) && !(four && Overlap.leavesV4(listen, configuration));
    // Connecting to all addresses is connecting to this machine.
    boolean itself = Overlap.isAny(host);
    return any && (itself || isOurs(host)) || itself && listen.host().matches("127[.].*|::1");
  }

  private static boolean samePort(Endpoint listen, Endpoint target) {
    boolean inet = target.kind() == Endpoint.Kind.INET || target.kind() == Endpoint.Kind.NAME;
    return inet
        && listen.kind() == Endpoint.Kind.INET
        && listen.udp() == target.udp()
        && listen.port() != 0
        && listen.port() == target.port();
  }

  private static String host(Endpoint target) {
    boolean localhost = target.host().equalsIgnoreCase("localhost");
    return localhost ? "127.0.0.1" : target.host();
  }

  private boolean isOurs(String host) {
    return ours.computeIfAbsent(host, TargetLoops::isOfThisMachine);
  }

  private static boolean isOfThisMachine(String host) {
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
