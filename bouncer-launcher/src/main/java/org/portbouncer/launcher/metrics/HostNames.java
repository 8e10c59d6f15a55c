package org.portbouncer.launcher.metrics;

import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * By which names the metrics server may be addressed. A page of a stranger's can have its own name
 * lead to this machine, and a browser here would let it read what is answered under that name (DNS
 * rebinding): so names that nobody has given the server get no answer. On the server's threads.
 */
final class HostNames {

  /** For a server behind something that looks at names itself. */
  private static final String ANY = "*";

  private static final String LOCALHOST = "localhost";

  private final Set<String> configured;

  /**
   * @param configured names that lead to it, beside its addresses and localhost
   */
  HostNames(List<String> configured) {
    this.configured = configured.stream().map(HostNames::canonical).collect(Collectors.toSet());
  }

  /**
   * Whether requests to that name are answered.
   *
   * @param host a Host header, with or without a port; null where there is none, as no browser
   *     sends it
   * @param local where the request has come in
   */
  boolean has(String host, InetAddress local) {
    if (host == null || configured.contains(ANY)) {
      return true;
    }
    String name = canonical(withoutPort(host.strip()));
    return name.equals(LOCALHOST) || configured.contains(name) || isOwnAddress(name, local);
  }

  private static String withoutPort(String host) {
    int end = host.startsWith("[") ? host.indexOf(']') + 1 : host.lastIndexOf(':');
    return end > 0 ? host.substring(0, end) : host;
  }

  private static String canonical(String name) {
    String lower = name.toLowerCase(Locale.ROOT);
    return lower.endsWith(".") ? lower.substring(0, lower.length() - 1) : lower;
  }

  private static boolean isOwnAddress(String name, InetAddress local) {
    try {
      boolean bracketed = name.startsWith("[") && name.endsWith("]");
      InetAddress address =
          InetAddress.ofLiteral(bracketed ? name.substring(1, name.length() - 1) : name);
      return address.equals(local) || NetworkInterface.getByInetAddress(address) != null;
    } catch (IllegalArgumentException | SocketException e) {
      return false;
    }
  }
}
