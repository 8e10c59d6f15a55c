package org.portbouncer.launcher.mother.doors;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.portbouncer.config.Overlap;
import org.portbouncer.core.config.Configuration;
import org.portbouncer.core.config.Endpoint;
import org.portbouncer.core.config.Listener;
import org.portbouncer.launcher.mother.ground.StartException;
import org.portbouncer.launcher.mother.handover.HandoverLink;
import org.portbouncer.launcher.privilege.RunAs;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The listening sockets of one configuration, by listener and in the order of its addresses. A
 * reload makes a new one that shares the sockets of addresses that stay. In the mother, on her
 * loop's thread.
 */
public final class Listeners {

  private static final Logger LOG = LoggerFactory.getLogger(Listeners.class);

  /**
   * One socket and what it belongs to.
   *
   * @param listener index into the configuration
   * @param address index into the listener's addresses
   */
  record Entry(int listener, int address, ListenSocket socket) {}

  private final List<Entry> entries = new ArrayList<>();

  /** Those that were bound for this configuration and none before it. */
  private final Set<ListenSocket> opened = new HashSet<>();

  /** Sockets of the configuration before that this one may take over, by what they listen on. */
  private final Map<String, ListenSocket> before = new HashMap<>();

  /** Of those, the ones that no address of this configuration needs. */
  private final Set<ListenSocket> leaving = new HashSet<>();

  /** The class of packets to clients, where it is set. */
  private final Map<ListenSocket, Integer> classes = new HashMap<>();

  /** Those that may have one of an earlier configuration. */
  private final Set<ListenSocket> classified = new HashSet<>();

  /** Sockets of older configurations, which are about to be closed. */
  private Collection<ListenSocket> closing = List.of();

  /** Passed IPv4 sockets that no address names, but that a {@code [::]} takes in. */
  private final List<ListenSocket> v4Beside = new ArrayList<>();

  private Listeners() {}

  /**
   * Binds everything that was not passed.
   *
   * @param adopted sockets that the service manager passed
   * @param runAs who makes socket files
   * @throws StartException for the first that fails; nothing stays bound then
   */
  public static Listeners open(
      Configuration configuration, List<Adoption.Adopted> adopted, RunAs runAs)
      throws StartException {
    Listeners listeners = new Listeners();
    for (Adoption.Adopted each : adopted) {
      Listener listener = configuration.listeners().get(each.listener());
      Endpoint endpoint = listener.listen().get(each.address());
      ListenSocket socket =
          each.beside()
              ? ListenSocket.adopt(each.fd(), ListenSocket.written(each.fd()), null, each.kept())
              : ListenSocket.adopt(
                  each.fd(), endpoint, ListenSocket.anyPort(listener, each.address()), each.kept());
      if (each.beside()) {
        listeners.v4Beside.add(socket);
      }
      socket.names().forEach(name -> listeners.before.put(name, socket));
      if (each.kept()) {
        // By the configuration of another start.
        listeners.classified.add(socket);
      }
    }
    return listeners.bind(configuration, runAs);
  }

  /**
   * Takes those of the server before this one, and binds what it did not have.
   *
   * @throws StartException for the first that fails; nothing stays bound then
   */
  public static Listeners inherit(
      Configuration configuration, List<HandoverLink.Kept> sockets, RunAs runAs)
      throws StartException {
    Listeners listeners = new Listeners();
    for (HandoverLink.Kept each : sockets) {
      ListenSocket socket = ListenSocket.inherit(each);
      if (each.passed() && Overlap.isV4(each.endpoint())) {
        listeners.v4Beside.add(socket);
      }
      socket.names().forEach(name -> listeners.before.put(name, socket));
    }
    return listeners.bind(configuration, runAs);
  }

  /** What {@link #inherit} takes: every socket once. */
  public List<HandoverLink.Kept> toInherit() {
    return entries.stream().map(Entry::socket).distinct().map(ListenSocket::toInherit).toList();
  }

  /** Lets go of all: another server has them. */
  public void letGo() {
    entries.stream().map(Entry::socket).distinct().forEach(ListenSocket::letGo);
    entries.clear();
  }

  /**
   * The listeners of a newer configuration: sockets of addresses that stay, and new ones, which are
   * bound beside those that are not wanted any more.
   *
   * @param closing sockets of older configurations that are not closed yet
   * @throws StartException for the first that fails; all is as it was then
   */
  public Listeners reopen(Configuration configuration, Collection<ListenSocket> closing)
      throws StartException {
    Listeners newer = new Listeners();
    newer.closing = closing;
    newer.classified.addAll(classes.keySet());
    newer.v4Beside.addAll(v4Beside);
    for (Entry entry : entries) {
      for (String name : entry.socket.names()) {
        newer.before.put(name, entry.socket);
      }
    }
    // Whom the mother was to become she is by now.
    return newer.bind(configuration, RunAs.UNCHANGED);
  }

  private Listeners bind(Configuration configuration, RunAs runAs) throws StartException {
    try {
      List<Entry> missing = keep(configuration);
      leaving.addAll(before.values());
      entries.forEach(entry -> leaving.remove(entry.socket));
      Set<ListenSocket> beside = new HashSet<>(leaving);
      beside.addAll(closing);
      for (Entry entry : missing) {
        Listener listener = configuration.listeners().get(entry.listener);
        Endpoint endpoint = listener.listen().get(entry.address);
        if (isTakenBy(entry, endpoint, configuration)) {
          continue;
        }
        ListenSocket socket =
            new Binding(
                    endpoint,
                    listener.options(),
                    listener.sockets().isMptcp(),
                    leavesV4(configuration, endpoint),
                    runAs)
                .open(ListenSocket.anyPort(listener, entry.address), beside);
        opened.add(socket);
        entries.add(new Entry(entry.listener, entry.address, socket));
      }
      for (Entry entry : entries) {
        int dscp = configuration.listeners().get(entry.listener).sockets().dscp();
        if (dscp >= 0) {
          classes.put(entry.socket, dscp);
        }
      }
      before.clear();
      v4Beside.removeIf(socket -> entries.stream().noneMatch(e -> e.socket == socket));
      return this;
    } catch (StartException e) {
      withdraw();
      throw e;
    }
  }

  /**
   * Takes over the sockets of addresses that stay.
   *
   * @return the entries that have no socket yet
   */
  private List<Entry> keep(Configuration configuration) {
    List<Entry> missing = new ArrayList<>();
    for (int i = 0; i < configuration.listeners().size(); i++) {
      Listener listener = configuration.listeners().get(i);
      for (int j = 0; j < listener.listen().size(); j++) {
        Endpoint endpoint = listener.listen().get(j);
        ListenSocket socket = before.get(ListenSocket.name(endpoint));
        if (endpoint.port() == 0 && endpoint.kind() == Endpoint.Kind.INET) {
          socket = before.get(ListenSocket.anyPort(listener, j));
        }
        // A unit's stays as it is.
        boolean stays =
            socket != null
                && (socket.passed()
                    || socket.sixOnly() == leavesV4(configuration, endpoint)
                        && (endpoint.kind() != Endpoint.Kind.INET
                            || endpoint.udp()
                            || socket.mptcp() == listener.sockets().isMptcp()));
        (stays ? entries : missing).add(new Entry(i, j, stays ? socket : null));
        keepBeside(i, j, endpoint, configuration);
      }
    }
    return missing;
  }

  /** Adds what was passed for IPv4 clients of {@code [::]}, unless an address names it by now. */
  private void keepBeside(int listener, int address, Endpoint endpoint, Configuration c) {
    if (Overlap.isAnyV6(endpoint) && !Overlap.leavesV4(endpoint, c)) {
      for (ListenSocket socket : v4Beside) {
        if (socket.takesV4(endpoint.port())) {
          entries.add(new Entry(listener, address, socket));
        }
      }
    }
  }

  /** Whether IPv4 clients are left to others, of this configuration or passed beside it. */
  private boolean leavesV4(Configuration configuration, Endpoint endpoint) {
    return Overlap.leavesV4(endpoint, configuration)
        || Overlap.isAnyV6(endpoint)
            && v4Beside.stream().anyMatch(socket -> socket.takesV4(endpoint.port()));
  }

  /**
   * Whether a socket that was made elsewhere, on all IPv6 addresses, takes the IPv4 clients of an
   * address too: it cannot be told to leave them any more.
   *
   * @throws StartException where they would come to another listener
   */
  private boolean isTakenBy(Entry missing, Endpoint endpoint, Configuration configuration)
      throws StartException {
    if (!Overlap.isV4(endpoint) || endpoint.port() == 0) {
      return false;
    }
    for (Entry entry : entries) {
      // One of our own is bound anew.
      if (!entry.socket.passed() || !entry.socket.takesBoth(endpoint.port())) {
        continue;
      }
      String name = configuration.listeners().get(entry.listener).name();
      if (entry.listener != missing.listener) {
        throw new StartException(
            "cannot listen on "
                + endpoint.text()
                + ": the socket on [::]:"
                + endpoint.port()
                + " that the service manager passed for listener '"
                + name
                + "' takes IPv4 clients too; BindIPv6Only=ipv6-only in its unit leaves them");
      }
      LOG.info(
          "listener {}: clients of {} come to the passed socket on [::]:{}",
          name,
          endpoint.text(),
          endpoint.port());
      return true;
    }
    return false;
  }

  /** Which clients come to an address, in words; "" where there is no question. */
  public String takes(int listener, int address, Endpoint endpoint) {
    if (!Overlap.isAnyV6(endpoint)) {
      return "";
    }
    boolean six = false;
    boolean four = false;
    for (Entry entry : entries) {
      if (entry.listener == listener && entry.address == address) {
        boolean both = entry.socket.takesBoth(endpoint.port());
        four |= both || entry.socket.takesV4(endpoint.port());
        six |= both || entry.socket.sixOnly();
      }
    }
    return six && four ? " for IPv6 and IPv4" : six ? " for IPv6" : " for IPv4";
  }

  public List<Entry> entries() {
    return entries;
  }

  /** The configuration with the ports that the kernel, or a socket unit, chose. */
  public Configuration withPorts(Configuration c) {
    Map<List<Integer>, Endpoint> chosen = new HashMap<>();
    Map<List<Integer>, ListenSocket> elsewhere = new HashMap<>();
    for (Entry entry : entries) {
      List<Integer> which = List.of(entry.listener, entry.address);
      chosen.put(which, entry.socket.endpoint());
      if (entry.socket.passed() && entry.socket.endpoint().kind() == Endpoint.Kind.INET) {
        elsewhere.put(which, entry.socket);
      }
    }
    List<Listener> bound = new ArrayList<>();
    for (int i = 0; i < c.listeners().size(); i++) {
      Listener l = c.listeners().get(i);
      List<Endpoint> endpoints = new ArrayList<>();
      for (int j = 0; j < l.listen().size(); j++) {
        Endpoint written = l.listen().get(j);
        boolean open = written.kind() == Endpoint.Kind.INET && written.port() == 0;
        ListenSocket passed = elsewhere.get(List.of(i, j));
        endpoints.add(
            open ? chosen.get(List.of(i, j)) : passed == null ? written : passed.with(written));
      }
      bound.add(l.withListen(List.copyOf(endpoints)));
    }
    return c.withListeners(List.copyOf(bound));
  }

  /** Sockets of the configuration before, or of a start before, that are to be closed now. */
  public Set<ListenSocket> leaving() {
    return leaving;
  }

  /** Sockets that were bound for this configuration. */
  public Set<ListenSocket> opened() {
    return opened;
  }

  /** The configuration comes into force: what was bound beside another has its address alone. */
  public void comeIntoForce() {
    opened.forEach(ListenSocket::keepToItself);
    for (ListenSocket socket : classified) {
      if (!classes.containsKey(socket)) {
        socket.dscp(0);
      }
    }
    classes.forEach(ListenSocket::dscp);
    opened.clear();
    leaving.clear();
  }

  /** Closes what was bound for this configuration alone: it does not come into force after all. */
  public void withdraw() {
    opened.forEach(ListenSocket::close);
    leaving.forEach(ListenSocket::keepToItself);
    opened.clear();
    leaving.clear();
    entries.clear();
  }

  /** Closes all. */
  public void close() {
    for (Entry entry : entries) {
      entry.socket().close();
    }
    entries.clear();
  }
}
