package org.portbouncer.core.config;

import java.util.List;

/**
 * Proxies through which targets are reached, each through the one before.
 *
 * @param name the key under `chains`
 * @param hops in order, at least one
 * @param file the file that names it
 * @param line its line there
 */
public record Chain(String name, List<Hop> hops, String file, int line) {

  static final Chain BLANK = new Chain("", List.of(), "", 0);

  static Chain pass(ConfigWire wire, Chain it) throws ConfigCodecException {
    return new Chain(
        wire.text(it.name),
        wire.list(it.hops, Hop.BLANK, Hop::pass),
        wire.text(it.file),
        wire.integer(it.line, Integer.MIN_VALUE));
  }

  /** Copies the list. */
  public Chain {
    hops = List.copyOf(hops);
  }

  /**
   * One proxy.
   *
   * @param type what it speaks
   * @param proxy where it is: a host and a port
   * @param user who bouncer is to it, what SOCKS4 calls the user's id; "" for nobody
   * @param local whether a name behind it is looked up here; else it gets the name
   * @param secrets what goes with the user; none in workers, which have them apart from this
   */
  public record Hop(Type type, Endpoint proxy, String user, boolean local, HopSecrets secrets) {

    static final Hop BLANK = new Hop(Type.SOCKS5, Endpoint.BLANK, "", false, HopSecrets.NONE);

    /** All but its secrets. */
    static Hop pass(ConfigWire wire, Hop it) throws ConfigCodecException {
      return new Hop(
          wire.constant(it.type, Type.values()),
          Endpoint.pass(wire, it.proxy),
          wire.text(it.user),
          wire.flag(it.local),
          HopSecrets.NONE);
    }
  }

  /** What a proxy speaks. */
  public enum Type {
    SOCKS5,
    SOCKS4,
    HTTP
  }
}
