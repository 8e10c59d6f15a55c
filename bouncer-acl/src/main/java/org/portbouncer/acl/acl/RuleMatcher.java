package org.portbouncer.acl.acl;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.portbouncer.core.config.Acl;
import org.portbouncer.core.config.Arrival;
import org.portbouncer.core.config.IpAddress;
import org.portbouncer.core.config.NetworkSet;
import org.portbouncer.core.config.PortRange;
import org.portbouncer.core.config.Rule;
import org.portbouncer.core.config.RuleIndex;
import org.portbouncer.core.config.Schedule;
import org.portbouncer.core.sys.Const;
import org.portbouncer.core.sys.SockAddr;

/**
 * Finds the rule of one ACL that decides: the first whose conditions all hold. Allocates nothing
 * but once a second for each schedule. Runs in the acl worker, and in `bouncer acl test`; one
 * thread.
 */
public final class RuleMatcher {

  /** No rule matched: the session is blocked. */
  public static final int NONE = -1;

  /** The port of a client who has none, or whose port is not known. */
  public static final int NO_PORT = -1;

  private final Rule[] rules;
  private final RuleIndex index;

  /** For each rule, its schedule; null for always. Equal schedules are one object. */
  private final OpenHours[] hours;

  /** Whether any rule asks how the client came. */
  private final boolean asksArrival;

  // How the client came of whom is decided.
  private boolean peerKnown;
  private long peerHigh;
  private long peerLow;
  private boolean toKnown;
  private long toHigh;
  private long toLow;
  private int toPort = NO_PORT;

  public RuleMatcher(Acl acl) {
    rules = acl.rules().toArray(Rule[]::new);
    index = acl.index() == null ? RuleIndex.of(acl.rules()) : acl.index();
    hours = new OpenHours[rules.length];
    asksArrival = acl.rules().stream().anyMatch(rule -> rule.arrival() != null);
    Map<Schedule, OpenHours> known = new HashMap<>();
    for (int i = 0; i < rules.length; i++) {
      if (rules[i].when() != null) {
        hours[i] = known.computeIfAbsent(rules[i].when(), OpenHours::new);
      }
    }
  }

  /**
   * Decides about a client who came to an address.
   *
   * @param m where its address stands, and at {@code local} the one it came to
   * @param peers where the address stands of who really connected
   */
  public int match(
      MemorySegment m, long client, long local, MemorySegment peers, long peer, long nowMs) {
    if (asksArrival) {
      peerKnown = isInet(peers, peer);
      peerHigh = high(peers, peer);
      peerLow = low(peers, peer);
      toKnown = isInet(m, local);
      toHigh = high(m, local);
      toLow = low(m, local);
      toPort = toKnown ? SockAddr.port(m, local) : NO_PORT;
    }
    return match(m, client, nowMs);
  }

  /**
   * Says how the clients come of whom is decided next.
   *
   * @param peer who really connects
   * @param to the address they come to; null where that is not known
   */
  public void arrival(IpAddress peer, IpAddress to, int port) {
    peerKnown = true;
    peerHigh = peer.hi();
    peerLow = peer.lo();
    toKnown = to != null;
    toHigh = toKnown ? to.hi() : 0;
    toLow = toKnown ? to.lo() : 0;
    toPort = port;
  }

  private static boolean isInet(MemorySegment m, long at) {
    int family = SockAddr.family(m, at);
    return family == Const.AF_INET || family == Const.AF_INET6;
  }

  private static long high(MemorySegment m, long at) {
    return SockAddr.family(m, at) == Const.AF_INET6 ? SockAddr.v6High(m, at) : 0;
  }

  private static long low(MemorySegment m, long at) {
    return SockAddr.family(m, at) == Const.AF_INET6
        ? SockAddr.v6Low(m, at)
        : IpAddress.mapped(SockAddr.v4(m, at));
  }

  /**
   * Decides about a client.
   *
   * @param m where the client's address stands, as {@link SockAddr} lays it out
   * @param nowMs the wall clock
   * @return the index of the rule that decides, or {@link #NONE}
   */
  public int match(MemorySegment m, long client, long nowMs) {
    return switch (SockAddr.family(m, client)) {
      case Const.AF_INET ->
          match(0, IpAddress.mapped(SockAddr.v4(m, client)), SockAddr.port(m, client), nowMs);
      case Const.AF_INET6 ->
          match(
              SockAddr.v6High(m, client),
              SockAddr.v6Low(m, client),
              SockAddr.port(m, client),
              nowMs);
      default -> matchElsewhere(nowMs);
    };
  }

  /** Decides about an address, IPv4 or IPv6. */
  public int match(IpAddress client, int port, long nowMs) {
    return match(client.hi(), client.lo(), port, nowMs);
  }

  private int match(long high, long low, int port, long nowMs) {
    int position = index.candidates(high, low);
    int element = index.at(position);
    while (element >= 0) {
      if (holds(element, port, nowMs)) {
        return element;
      }
      element = index.at(++position);
    }
    return element == RuleIndex.END
        ? NONE
        : askEach(RuleIndex.continues(element), high, low, port, nowMs);
  }

  private int askEach(int from, long high, long low, int port, long nowMs) {
    for (int rule = from; rule < rules.length; rule++) {
      if ((rules[rule].from() == null || rules[rule].from().containsV6(high, low))
          && holds(rule, port, nowMs)) {
        return rule;
      }
    }
    return NONE;
  }

  /** Decides about a client of a Unix socket: no address, no port. */
  private int matchElsewhere(long nowMs) {
    for (int rule = 0; rule < rules.length; rule++) {
      if (rules[rule].from() == null && holds(rule, NO_PORT, nowMs)) {
        return rule;
      }
    }
    return NONE;
  }

  /** Whether the conditions hold that are not about the address. */
  private boolean holds(int rule, int port, long nowMs) {
    return holdsPort(rules[rule].fromPorts(), port)
        && (hours[rule] == null || hours[rule].areNow(nowMs))
        && (rules[rule].arrival() == null || holdsArrival(rules[rule].arrival()));
  }

  private boolean holdsArrival(Arrival asked) {
    return holdsPeer(asked) && holdsAddress(asked) && holdsPort(asked.toPorts(), toPort);
  }

  private boolean holdsPeer(Arrival asked) {
    return asked.anyPeer() || peerKnown && contains(asked.peer(), peerHigh, peerLow);
  }

  private boolean holdsAddress(Arrival asked) {
    return asked.anyAddress() || toKnown && contains(asked.to(), toHigh, toLow);
  }

  private static boolean contains(NetworkSet networks, long high, long low) {
    return IpAddress.isMapped(high, low)
        ? networks.containsV4((int) low)
        : networks.containsV6(high, low);
  }

  private static boolean holdsPort(List<PortRange> ports, int port) {
    if (ports.isEmpty()) {
      return true;
    }
    for (int i = 0; i < ports.size(); i++) {
      if (ports.get(i).contains(port)) {
        return true;
      }
    }
    return false;
  }

  /** Why a rule does not match, condition by condition; empty where it does. */
  public List<String> whyNot(int rule, IpAddress client, int port, long nowMs) {
    List<String> reasons = new ArrayList<>();
    Rule asked = rules[rule];
    if (asked.from() != null && !asked.from().contains(client)) {
      reasons.add("from does not match");
    }
    if (!holdsPort(asked.fromPorts(), port)) {
      reasons.add(port == NO_PORT ? "from-port needs a port" : "from-port does not match");
    }
    if (hours[rule] != null && !hours[rule].areNow(nowMs)) {
      reasons.add("when: " + asked.when() + " is not now");
    }
    if (asked.arrival() != null) {
      arrivalReasons(asked.arrival(), reasons);
    }
    return reasons;
  }

  private void arrivalReasons(Arrival asked, List<String> reasons) {
    if (!holdsPeer(asked)) {
      reasons.add("peer does not match");
    }
    if (!holdsAddress(asked)) {
      reasons.add(toKnown ? "to does not match" : "to needs the address it came to");
    }
    if (!holdsPort(asked.toPorts(), toPort)) {
      reasons.add(toPort == NO_PORT ? "to-port needs a port" : "to-port does not match");
    }
  }
}
