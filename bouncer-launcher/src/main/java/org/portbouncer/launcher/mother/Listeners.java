package org.portbouncer.launcher.mother;

import java.util.ArrayList;
import java.util.List;
import org.portbouncer.core.config.Configuration;
import org.portbouncer.core.config.Endpoint;
import org.portbouncer.core.config.Listener;
import org.portbouncer.launcher.privilege.RunAs;

/** All listening sockets of the mother, by listener and in the order of its addresses. */
final class Listeners {

  /**
   * One socket and what it belongs to.
   *
   * @param listener index into the configuration
   * @param address index into the listener's addresses
   */
  record Entry(int listener, int address, ListenSocket socket) {}

  private final List<Entry> entries = new ArrayList<>();

  /**
   * Binds everything.
   *
   * @param runAs who makes socket files
   * @throws StartException for the first that fails; nothing stays bound then
   */
  static Listeners open(Configuration configuration, RunAs runAs) throws StartException {
    Listeners listeners = new Listeners();
    try {
      for (int i = 0; i < configuration.listeners().size(); i++) {
        Listener listener = configuration.listeners().get(i);
        for (int j = 0; j < listener.listen().size(); j++) {
          Endpoint endpoint = listener.listen().get(j);
          ListenSocket socket =
              ListenSocket.open(endpoint, sharesPortWithV4(configuration, endpoint), runAs);
          listeners.entries.add(new Entry(i, j, socket));
        }
      }
      return listeners;
    } catch (StartException e) {
      listeners.close();
      throw e;
    }
  }

  /** Whether `[::]:P` stands beside `0.0.0.0:P`, which is no conflict but a division of work. */
  private static boolean sharesPortWithV4(Configuration configuration, Endpoint endpoint) {
    if (!endpoint.host().equals("::")) {
      return false;
    }
    for (Listener listener : configuration.listeners()) {
      for (Endpoint other : listener.listen()) {
        if (other.host().equals("0.0.0.0") && other.port() == endpoint.port()) {
          return true;
        }
      }
    }
    return false;
  }

  List<Entry> entries() {
    return entries;
  }

  /** The configuration with the ports that the kernel chose. */
  Configuration withPorts(Configuration c) {
    List<Listener> bound = new ArrayList<>();
    for (int i = 0; i < c.listeners().size(); i++) {
      Listener l = c.listeners().get(i);
      List<Endpoint> endpoints = new ArrayList<>();
      for (Entry entry : entries) {
        if (entry.listener() == i) {
          endpoints.add(entry.socket().endpoint());
        }
      }
      bound.add(
          new Listener(
              l.name(),
              List.copyOf(endpoints),
              l.target(),
              l.acl(),
              l.bandwidth(),
              l.timeouts(),
              l.file(),
              l.line()));
    }
    return new Configuration(
        c.file(),
        List.copyOf(bound),
        c.acls(),
        c.bandwidth(),
        c.sourcePrefix(),
        c.workers(),
        c.stateTransfer(),
        c.timeouts(),
        c.drainMs(),
        c.orphanMs(),
        c.maxSessions(),
        c.admin(),
        c.metricsListen(),
        c.log(),
        c.user(),
        c.group(),
        c.confine());
  }

  void close() {
    for (Entry entry : entries) {
      entry.socket().close();
    }
    entries.clear();
  }
}
