package org.portbouncer.core.config;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** Reads the chains of proxies. Runs in the mother and in commands. */
final class ChainReader {

  /** A session's record has 8 bits for its chain. */
  private static final int MOST = 254;

  private static final int MOST_HOPS = 16;

  /** Proxies cut a connection that says nothing for so long, or soon after. */
  private static final long USUAL_IDLE_MS = 300_000;

  private ChainReader() {}

  /** Every chain. */
  static List<Chain> all(Section chains, List<String> names) {
    List<Chain> all = new ArrayList<>();
    for (String name : names) {
      List<Chain.Hop> hops = new ArrayList<>();
      for (Section hop : chains.elements(name, "proxy")) {
        hops.add(hop(hop));
      }
      Where where = chains.whereOf(name);
      if ((hops.isEmpty() || hops.size() > MOST_HOPS) && !chains.problems().hasErrors()) {
        chains
            .problems()
            .error(where, "chains." + name + " has " + hops.size() + " proxies; 1 to 16 it needs");
      }
      all.add(new Chain(name, hops, where.file(), where.line()));
    }
    if (all.size() > MOST) {
      chains
          .problems()
          .error(chains.where(), all.size() + " chains are too many; " + MOST + " are possible");
    }
    return all;
  }

  private static Chain.Hop hop(Section hop) {
    Chain.Type type =
        hop.read(
            "type",
            Names.choice(
                Names.choices(
                    Map.entry("socks5", Chain.Type.SOCKS5),
                    Map.entry("socks4", Chain.Type.SOCKS4),
                    Map.entry("http", Chain.Type.HTTP))));
    Endpoint proxy = hop.read("proxy", ChainReader::proxy);
    String user = hop.read("user", ChainReader::user);
    if (user != null && type != null && type != Chain.Type.SOCKS4) {
      hop.problems().error(hop.whereOf("user"), "user is for socks4 alone");
    }
    // Many a server of SOCKS4 knows no names: whoever has one that does says so.
    String standard = type == Chain.Type.SOCKS4 ? "local" : "proxy";
    Boolean local =
        hop.read(
            "resolve",
            Names.choice(Names.choices(Map.entry("proxy", false), Map.entry("local", true))),
            standard);
    return new Chain.Hop(
        type, proxy, Objects.requireNonNullElse(user, ""), Boolean.TRUE.equals(local));
  }

  private static Endpoint proxy(String text, Where where) {
    Endpoint proxy = TargetsReader.tcpAddress(text.strip(), where);
    if (proxy.isRelative()) {
      throw new InvalidValueException("'" + text + "': a proxy has one port, HOST:PORT");
    }
    return proxy;
  }

  private static String user(String text, Where where) {
    if (text.length() > 255 || !text.matches("[!-~]*")) {
      throw new InvalidValueException("at most 255 visible ASCII characters are possible");
    }
    return text;
  }

  /** Says what cannot work of a listener that goes through a chain, or not for long. */
  static void check(Section listener, Endpoint target, TargetGroup group, Timeouts timeouts) {
    Where where = listener.whereOf("via");
    if (target != null && !target.isTcp() && !target.udp()) {
      listener
          .problems()
          .error(where, "no proxy leads to " + target.text() + "; a chain needs HOST:PORT");
    }
    if (timeouts.idleMs() == 0 || timeouts.idleMs() > USUAL_IDLE_MS) {
      listener
          .problems()
          .warn(
              where,
              "proxies cut connections that say nothing for 300 s or little more; timeouts.idle is"
                  + (timeouts.idleMs() == 0 ? " without limit" : " longer"));
    }
    if (group != null && group.check().type() != TargetGroup.Check.Type.NONE) {
      listener
          .problems()
          .warn(
              where,
              "the checks of group '"
                  + group.name()
                  + "' go to its members directly, not through"
                  + " the chain");
    }
  }
}
