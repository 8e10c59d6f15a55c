package org.portbouncer.core.config;

import java.util.List;

/**
 * What a rule asks of how a client came, beside who it is. Few rules do, so they are matched one by
 * one.
 *
 * @param peers networks of who really connected, as they are written; empty for any
 * @param peer the same, to look an address up in
 * @param addresses networks of the address the client came to, as they are written; empty for any
 * @param to the same, to look an address up in
 * @param toPorts the port it came to; empty for any
 */
public record Arrival(
    List<String> peers,
    NetworkSet peer,
    List<String> addresses,
    NetworkSet to,
    List<PortRange> toPorts) {

  /** From networks that are known to be well written; null where nothing is asked. */
  public static Arrival of(List<String> peers, List<String> addresses, List<PortRange> toPorts) {
    return peers.isEmpty() && addresses.isEmpty() && toPorts.isEmpty()
        ? null
        : new Arrival(peers, set(peers), addresses, set(addresses), toPorts);
  }

  private static NetworkSet set(List<String> networks) {
    return networks.isEmpty() ? NetworkSet.EMPTY : NetworkSet.of(networks.toArray(String[]::new));
  }

  /** Whether who really connected does not matter. */
  public boolean anyPeer() {
    return peers.isEmpty();
  }

  /** Whether the address the client came to does not matter. */
  public boolean anyAddress() {
    return addresses.isEmpty();
  }

  static final Arrival BLANK =
      new Arrival(List.of(), NetworkSet.EMPTY, List.of(), NetworkSet.EMPTY, List.of());

  static Arrival pass(ConfigWire wire, Arrival it) throws ConfigCodecException {
    List<String> peers = wire.list(it.peers, "", ConfigWire::text);
    List<String> addresses = wire.list(it.addresses, "", ConfigWire::text);
    List<PortRange> ports = wire.list(it.toPorts, PortRange.BLANK, PortRange::pass);
    if (!wire.reads()) {
      return it;
    }
    try {
      return of(peers, addresses, ports);
    } catch (InvalidValueException e) {
      throw new ConfigCodecException("not a network: " + e.getMessage(), e);
    }
  }
}
