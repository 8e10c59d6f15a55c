package org.portbouncer.config;

import java.util.List;
import java.util.Set;
import org.portbouncer.core.config.Endpoint;
import org.portbouncer.core.config.ProxyProtocol;

/**
 * Says what cannot be of a listener's addresses, target and other keys where clients send
 * datagrams, and what has no effect there, or has one there alone. In the mother and in commands.
 */
final class DatagramDoubts {

  private static final String LISTENER = "listeners.NAME.";
  private static final List<String> OF_DATAGRAMS = List.of("answers", "timeouts.udp");
  private static final List<String> OF_CONNECTIONS =
      List.of("user-timeout", "keep-alive", "timeouts.idle", "timeouts.half-closed");

  private final Section listener;
  private final String name;

  private DatagramDoubts(Section listener, String name) {
    this.listener = listener;
    this.name = name;
  }

  /**
   * Checks a listener that has been read.
   *
   * @param listen its addresses; null, and reported, where they are wrong
   * @param target likewise
   * @param acceptsProxy whether it takes PROXY headers of clients
   * @param sends every kind of PROXY header that its sessions may send
   * @param timeouts its block of that name
   */
  static void check(
      Section listener,
      String name,
      List<Endpoint> listen,
      Endpoint target,
      boolean acceptsProxy,
      Set<ProxyProtocol.Send> sends,
      Section timeouts) {
    if (listen == null || listen.isEmpty()) {
      return;
    }
    DatagramDoubts doubts = new DatagramDoubts(listener, name);
    boolean udp = listen.getFirst().udp();
    if (listen.stream().anyMatch(one -> one.udp() != udp)) {
      doubts.error("listen", "listen mixes udp: and others; all of a listener are of one kind");
    } else if (target != null && target.udp() != udp) {
      doubts.error(
          "target",
          udp
              ? "target: datagrams go to a udp: target, and " + target.text() + " is none"
              : "target: " + target.text() + " takes datagrams, and clients of listen connect");
    }
    if (udp) {
      doubts.ofDatagrams(acceptsProxy, sends);
    }
    for (String key : udp ? OF_CONNECTIONS : OF_DATAGRAMS) {
      int dot = key.indexOf('.');
      boolean ofTimeouts = dot > 0;
      withoutEffect(ofTimeouts ? timeouts : listener, key.substring(dot + 1), udp, ofTimeouts);
    }
  }

  /**
   * Whether a key of a listener says nothing there.
   *
   * @param path of the key as the schema has it
   */
  static boolean hasNoEffect(String path, boolean udp) {
    if (!path.startsWith(LISTENER)) {
      return false;
    }
    String key = path.substring(LISTENER.length());
    List<String> others = udp ? OF_CONNECTIONS : OF_DATAGRAMS;
    return others.contains(key) || others.stream().anyMatch(one -> key.startsWith(one + "."));
  }

  private void ofDatagrams(boolean acceptsProxy, Set<ProxyProtocol.Send> sends) {
    if (acceptsProxy) {
      error("accept-proxy", "accept-proxy is for connections, and not for udp:");
    }
    if (sends.contains(ProxyProtocol.Send.V1)) {
      error("send-proxy", "send-proxy: a v1 header is for connections; datagrams take v2");
    }
    if (!listener.isAbsent("via")) {
      error("via", "via is for connections: no proxy of a chain takes datagrams");
    }
  }

  private void error(String key, String what) {
    listener.problems().error(listener.whereOf(key), "listeners." + name + "." + what);
  }

  private static void withoutEffect(Section section, String key, boolean udp, boolean timeout) {
    if (!section.isAbsent(key)) {
      String other = timeout ? "connections; timeouts.udp is for datagrams" : "connections";
      section
          .problems()
          .warn(
              section.whereOf(key),
              "'" + key + "' has no effect: it is for " + (udp ? other : "udp: addresses"));
    }
  }
}
