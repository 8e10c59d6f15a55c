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
