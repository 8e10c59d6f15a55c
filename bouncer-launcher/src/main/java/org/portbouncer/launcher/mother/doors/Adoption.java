package org.portbouncer.launcher.mother.doors;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.portbouncer.config.Overlap;
import org.portbouncer.config.PortRanges;
import org.portbouncer.core.config.Configuration;
import org.portbouncer.core.config.Endpoint;
import org.portbouncer.core.config.Listener;
import org.portbouncer.core.sys.Const;
import org.portbouncer.core.sys.Interfaces;
import org.portbouncer.core.sys.Libc;
import org.portbouncer.core.sys.Native;
import org.portbouncer.core.sys.SockAddr;
import org.portbouncer.core.sys.Sockets;
import org.portbouncer.launcher.systemd.Notifier;
import org.portbouncer.launcher.systemd.PassedSockets.Passed;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds for each listener the sockets that the service manager passed for it: by name, and by
 * address where no name fits. In the mother, at start.
 */
public final class Adoption {

  private static final Logger LOG = LoggerFactory.getLogger(Adoption.class);

  /** How ListenSocket.name begins for {@code [::]}, and before it for datagrams. */
  private static final String ANY6 = "0:0:0:0:0:0:0:0 ";

  private static final String UDP = "udp:";

  /**
   * A listener's address that gets a passed socket.
   *
   * @param listener index into the configuration
   * @param address index into the listener's addresses
   * @param fd the socket; whoever takes this owns it
   * @param kept whether it comes from keeping
   * @param beside whether another socket, passed or not, has the rest of the address: this one has
   *     IPv4 clients of {@code [::]}
   */
  record Adopted(int listener, int address, int fd, boolean kept, boolean beside) {}

  /**
   * A passed socket.
   *
   * @param where where it listens, as ListenSocket.name has it
   * @param dual whether it is on all IPv6 addresses and takes IPv4 clients too
   */
  private record Candidate(Passed passed, String where, boolean dual) {
    boolean udp() {
      return where.startsWith(UDP);
    }

    /** Whether it is on this port of an IPv4 address, or of all. */
    boolean isV4(int port) {
      return where.indexOf(':') < 0 && where.endsWith(" " + port);
    }
  }

  private final Configuration configuration;
  private final List<Candidate> candidates = new ArrayList<>();
  private final List<Adopted> adopted = new ArrayList<>();

  /** By listener, the addresses that got the socket that is on them. */
  private final Map<String, List<Endpoint>> passed = new LinkedHashMap<>();

  private Adoption(Configuration configuration) {
    this.configuration = configuration;
  }

  /** Matches what was passed; what fits nowhere is closed, with a warning. */
  public static List<Adopted> of(
      Configuration configuration, List<Passed> passed, Notifier notifier) {
    Adoption adoption = new Adoption(configuration);
    for (Passed each : passed) {
      String where = where(each.fd());
      if (where.isEmpty()) {
        LOG.warn("descriptor {} ('{}') is no listening socket; closed", each.fd(), each.name());
        Libc.close(each.fd());
      } else {
        boolean any6 = where.startsWith(ANY6) || where.startsWith(UDP + ANY6);
        boolean dual = any6 && !Sockets.isSixOnly(each.fd());
        adoption.candidates.add(new Candidate(each, where, dual));
      }
    }
    adoption.match();
    adoption.passed.forEach(
        (name, endpoints) ->
            PortRanges.texts(endpoints)
                .forEach(
                    text ->
                        LOG.info("listener {}: {} was passed by the service manager", name, text)));
    for (Candidate left : adoption.candidates) {
      if (left.passed().kept()) {
        notifier.forget(left.passed().name());
      } else {
        LOG.warn(
            "the passed socket '{}' ({}{}) is of no listener, by name or by address; closed",
            left.passed().name(),
            left.where(),
            left.dual() ? ", IPv4 too" : "");
      }
      Libc.close(left.passed().fd());
    }
    return adoption.adopted;
  }

  private void match() {
    each((l, where) -> c -> named(c, l) && c.where().equals(where));
    each((l, where) -> c -> named(c, l) && !isBesideAny(c));
    each((l, where) -> c -> c.where().equals(where));
    // A unit's ListenStream=PORT is on [::] and takes IPv4 clients too.
    each((l, where) -> c -> c.dual() && where.equals(c.where().replace(ANY6, "0.0.0.0 ")));
    besideAny();
  }

  /** Whether a {@code [::]} takes in what an IPv4 socket is for. */
  private boolean isBesideAny(Candidate candidate) {
    return configuration.listeners().stream()
        .flatMap(listener -> listener.listen().stream())
        .anyMatch(endpoint -> takesIn(endpoint, candidate));
  }

  private boolean takesIn(Endpoint endpoint, Candidate candidate) {
    return Overlap.isAnyV6(endpoint)
        && !endpoint.udp()
        && candidate.isV4(endpoint.port())
        && !Overlap.leavesV4(endpoint, configuration);
  }

  /** Gives the IPv4 sockets that are left to the {@code [::]} that takes IPv4 clients too. */
  private void besideAny() {
    for (int i = 0; i < configuration.listeners().size(); i++) {
      Listener listener = configuration.listeners().get(i);
      for (int j = 0; j < listener.listen().size(); j++) {
        Endpoint endpoint = listener.listen().get(j);
        for (Candidate candidate : List.copyOf(candidates)) {
          if (takesIn(endpoint, candidate)) {
            candidates.remove(candidate);
            Passed passed = candidate.passed();
            adopted.add(new Adopted(i, j, passed.fd(), passed.kept(), true));
            LOG.info(
                "listener {}: {}, for IPv4 clients of {}, was passed by the service manager",
                listener.name(),
                candidate.where(),
                endpoint.text());
          }
        }
      }
    }
  }

  private static boolean named(Candidate candidate, Listener listener) {
    return candidate.passed().name().equals(listener.name());
  }

  @FunctionalInterface
  private interface Rule {
    Predicate<Candidate> of(Listener listener, String where);
  }

  /** Gives each address that has none yet the first socket for which the rule holds. */
  private void each(Rule rule) {
    for (int i = 0; i < configuration.listeners().size(); i++) {
      Listener listener = configuration.listeners().get(i);
      for (int j = 0; j < listener.listen().size(); j++) {
        int address = j;
        int index = i;
        if (adopted.stream().anyMatch(a -> a.listener() == index && a.address() == address)) {
          continue;
        }
        Endpoint endpoint = listener.listen().get(j);
        Predicate<Candidate> fits = rule.of(listener, ListenSocket.name(endpoint));
        candidates.stream()
            .filter(c -> c.udp() == endpoint.udp())
            .filter(fits)
            .findFirst()
            .ifPresent(c -> adopt(c, index, address));
      }
    }
  }

  private void adopt(Candidate candidate, int listener, int address) {
    candidates.remove(candidate);
    adopted.add(
        new Adopted(listener, address, candidate.passed().fd(), candidate.passed().kept(), false));
    Endpoint endpoint = configuration.listeners().get(listener).listen().get(address);
    String name = configuration.listeners().get(listener).name();
    if (candidate.where().equals(ListenSocket.name(endpoint))) {
      passed.computeIfAbsent(name, listeners -> new ArrayList<>()).add(endpoint);
    } else {
      LOG.warn(
          "listener {}: the service manager passed {} for it; that is used, and not {}",
          name,
          candidate.where(),
          endpoint.text());
    }
  }

  /** Where a socket listens, or takes everybody's datagrams; "" for anything that does not. */
  private static String where(int fd) {
    boolean datagrams =
        Sockets.option(fd, Const.SOL_SOCKET, Const.SO_PROTOCOL) == Const.IPPROTO_UDP;
    if (datagrams ? Sockets.isConnected(fd) : !Sockets.listens(fd)) {
      return "";
    }
    MemorySegment address = Native.allocate(SockAddr.ROOM + 8L);
    address.set(JAVA_INT, SockAddr.ROOM, SockAddr.ROOM);
    if (Libc.getsockname(fd, address.address(), address.address() + SockAddr.ROOM) < 0) {
      return "";
    }
    return switch (SockAddr.family(address, 0)) {
      case Const.AF_UNIX -> unix(address, address.get(JAVA_INT, SockAddr.ROOM));
      case Const.AF_INET, Const.AF_INET6 -> (datagrams ? UDP : "") + inet(address);
      default -> "";
    };
  }

  private static String inet(MemorySegment address) {
    String text = SockAddr.text(address, 0);
    String host = text.substring(0, text.lastIndexOf(':')).replace("[", "").replace("]", "");
    int scope = SockAddr.scope(address, 0);
    return InetAddress.ofLiteral(host).getHostAddress()
        + (scope == 0 ? "" : '%' + Interfaces.name(scope))
        + ' '
        + SockAddr.port(address, 0);
  }

  /** A path that is not there any more leads nobody to the socket. */
  private static String unix(MemorySegment address, int length) {
    byte[] bytes = address.asSlice(2, Math.max(0, length - 2)).toArray(JAVA_BYTE);
    String path = new String(bytes, StandardCharsets.UTF_8).replaceFirst("\0.*", "");
    return path.isEmpty() || !Files.exists(Path.of(path)) ? "" : "unix:" + path;
  }
}
