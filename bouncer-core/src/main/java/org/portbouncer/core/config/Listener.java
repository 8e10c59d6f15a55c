package org.portbouncer.core.config;

import java.util.List;

/**
 * One named listener: where clients connect and where they are sent.
 *
 * @param name the key under `listeners`
 * @param listen one or more addresses
 * @param target the fixed target
 * @param group index into {@link Configuration#targets()} where that is a group, else -1
 * @param acl index into {@link Configuration#acls()}, or -1 where everyone may connect
 * @param bandwidth index into {@link Configuration#bandwidth()}, or -1 for none
 * @param via index into {@link Configuration#chains()}, or -1 for none
 * @param timeouts the global ones with this listener's overrides applied
 * @param keepAlive of its sockets and those to its target
 * @param options how its sockets are made
 * @param sockets how those to its target are made, and some of it those to clients
 * @param proxy which PROXY headers it takes and sends
 * @param answers datagrams of the target after which a session of datagrams ends; 0 for no such end
 * @param file the file that names it
 * @param line its line there
 */
public record Listener(
    String name,
    List<Endpoint> listen,
    Endpoint target,
    int group,
    int acl,
    int bandwidth,
    int via,
    Timeouts timeouts,
    KeepAlive keepAlive,
    ListenOptions options,
    SocketSettings sockets,
    ProxyProtocol proxy,
    int answers,
    String file,
    int line) {

  static final Listener BLANK = of("", List.of(), Endpoint.BLANK, -1, Timeouts.NONE, "", 0);

  /** One of which no more is set than this. */
  public static Listener of(
      String name,
      List<Endpoint> listen,
      Endpoint target,
      int acl,
      Timeouts timeouts,
      String file,
      int line) {
    return new Listener(
        name,
        listen,
        target,
        -1,
        acl,
        -1,
        -1,
        timeouts,
        KeepAlive.SYSTEMS,
        ListenOptions.NONE,
        SocketSettings.NONE,
        ProxyProtocol.UNUSED,
        0,
        file,
        line);
  }

  static Listener pass(ConfigWire wire, Listener it) throws ConfigCodecException {
    return new Listener(
        wire.text(it.name),
        wire.list(it.listen, Endpoint.BLANK, Endpoint::pass),
        Endpoint.pass(wire, it.target),
        wire.integer(it.group, -1),
        wire.integer(it.acl, -1),
        wire.integer(it.bandwidth, -1),
        wire.integer(it.via, -1),
        Timeouts.pass(wire, it.timeouts),
        KeepAlive.pass(wire, it.keepAlive),
        ListenOptions.pass(wire, it.options),
        SocketSettings.pass(wire, it.sockets),
        ProxyProtocol.pass(wire, it.proxy),
        wire.integer(it.answers, 0),
        wire.text(it.file),
        wire.integer(it.line, Integer.MIN_VALUE));
  }

  /** The same on other addresses, such as have the ports that the kernel chose. */
  public Listener withListen(List<Endpoint> others) {
    return new Listener(
        name, others, target, group, acl, bandwidth, via, timeouts, keepAlive, options, sockets,
        proxy, answers, file, line);
  }

  /** Whether its clients send datagrams. */
  public boolean udp() {
    return !listen.isEmpty() && listen.getFirst().udp();
  }
}
