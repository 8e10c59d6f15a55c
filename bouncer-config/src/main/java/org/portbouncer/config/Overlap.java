package org.portbouncer.config;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.portbouncer.core.config.Configuration;
import org.portbouncer.core.config.Endpoint;
import org.portbouncer.core.config.Listener;

/**
 * Which listening addresses can stand beside each other, and what {@code [::]} takes: every client,
 * unless an address of our own has the same port for IPv4; then IPv6 clients alone. The same rules
 * for whoever checks a configuration and for whoever binds it. Used in the mother and in commands.
 */
public final class Overlap {

  private static final String ANY4 = "0.0.0.0";
  private static final String ANY6 = "::";

  private Overlap() {}

  /** Whether the kernel would refuse the second of them. */
  static boolean clash(Endpoint a, Endpoint b) {
    if (a.kind() != b.kind() || a.udp() != b.udp()) {
      return false;
    }
    if (a.kind() == Endpoint.Kind.UNIX) {
      return a.path().equals(b.path());
    }
    boolean sameHost = a.host().equals(b.host()) || isAny(a.host()) || isAny(b.host());
    return samePort(a, b) && isV4(a) == isV4(b) && sameHost;
  }

  /** Whether clients of all IPv6 addresses, and perhaps of IPv4, come to it. */
  public static boolean isAnyV6(Endpoint endpoint) {
    return endpoint.kind() == Endpoint.Kind.INET && endpoint.host().equals(ANY6);
  }

  /** Whether it is an IPv4 address. */
  public static boolean isV4(Endpoint endpoint) {
    return endpoint.kind() == Endpoint.Kind.INET && endpoint.host().indexOf(':') < 0;
  }

  /** Whether both have the same port, which the kernel does not choose. */
  public static boolean samePort(Endpoint a, Endpoint b) {
    return a.kind() == Endpoint.Kind.INET
        && b.kind() == Endpoint.Kind.INET
        && a.udp() == b.udp()
        && a.port() != 0
        && a.port() == b.port();
  }

  /** Whether IPv4 clients are left to other addresses of this configuration. */
  public static boolean leavesV4(Endpoint endpoint, Configuration configuration) {
    return isAnyV6(endpoint) && !besideIt(endpoint, configuration).isEmpty();
  }

  /**
   * What {@code [::]} takes, in words.
   *
   * @return "" for any other address
   */
  static String words(Endpoint endpoint, Configuration configuration) {
    if (!isAnyV6(endpoint)) {
      return "";
    }
    List<String> beside = besideIt(endpoint, configuration);
    return beside.isEmpty()
        ? "takes IPv6 and IPv4 clients"
        : "takes IPv6 clients only; for IPv4 " + String.join(" and ", beside) + " has the port";
  }

  /** Warns where {@code [::]} takes more, or less, than whoever wrote it may think. */
  static void warn(Configuration configuration, Problems problems) {
    for (Listener listener : configuration.listeners()) {
      for (String doubt : words(listener, endpoint -> doubt(endpoint, configuration))) {
        problems.add(
            listener.file(),
            listener.line(),
            "listeners." + listener.name() + ": " + doubt,
            Problem.Severity.WARNING);
      }
    }
  }

  /** What each {@code [::]} of a listener takes, in words that begin with the address. */
  static List<String> words(Listener listener, Configuration configuration) {
    return words(listener, endpoint -> words(endpoint, configuration));
  }

  /** The words for each address that has any; of a range once for all that have the same. */
  private static List<String> words(Listener listener, Function<Endpoint, String> of) {
    List<String> words = new ArrayList<>();
    List<Endpoint> all = listener.listen();
    for (int from = 0, to; from < all.size(); from = to) {
      Endpoint first = all.get(from);
      String mine = of.apply(first);
      to = from + 1;
      while (to < all.size()
          && PortRanges.follows(all.get(to - 1), all.get(to))
          && of.apply(all.get(to))
              .replace(":" + all.get(to).port(), ":" + first.port())
              .equals(mine)) {
        to++;
      }
      if (!mine.isEmpty()) {
        String text = PortRanges.text(first, all.get(to - 1));
        String ports = text.substring(text.lastIndexOf(':'));
        words.add(text + " " + mine.replace(":" + first.port(), ports));
      }
    }
    return words;
  }

  /** What is to be warned of; "" for nothing. */
  private static String doubt(Endpoint endpoint, Configuration configuration) {
    if (!isAnyV6(endpoint)) {
      return "";
    }
    List<String> beside = besideIt(endpoint, configuration);
    if (beside.isEmpty() && endpoint.port() != 0) {
      return words(endpoint, configuration)
          + "; to say so, listen on [\"0.0.0.0:"
          + endpoint.port()
          + "\", \"[::]:"
          + endpoint.port()
          + "\"]";
    }
    return beside.isEmpty() || hasAnyV4(endpoint, configuration)
        ? ""
        : words(endpoint, configuration) + ", and nobody has it on other IPv4 addresses";
  }

  private static boolean hasAnyV4(Endpoint endpoint, Configuration configuration) {
    return configuration.listeners().stream()
        .flatMap(listener -> listener.listen().stream())
        .anyMatch(other -> other.host().equals(ANY4) && samePort(other, endpoint));
  }

  /** The IPv4 addresses with the same port, and whose they are. */
  private static List<String> besideIt(Endpoint endpoint, Configuration configuration) {
    List<String> beside = new ArrayList<>();
    for (Listener listener : configuration.listeners()) {
      for (Endpoint other : listener.listen()) {
        if (isV4(other) && samePort(other, endpoint)) {
          beside.add(other.text() + " of listener '" + listener.name() + "'");
        }
      }
    }
    Endpoint metrics = configuration.metrics().listen();
    if (metrics != null && isV4(metrics) && samePort(metrics, endpoint)) {
      beside.add(metrics.text() + " of metrics");
    }
    return beside;
  }

  /** Whether an address, as text, stands for all of its family. */
  public static boolean isAny(String host) {
    return host.equals(ANY4) || host.equals(ANY6);
  }
}
