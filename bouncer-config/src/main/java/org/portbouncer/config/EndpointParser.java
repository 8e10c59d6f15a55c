package org.portbouncer.config;

import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.portbouncer.core.config.Endpoint;
import org.portbouncer.core.config.InvalidValueException;
import org.portbouncer.core.config.IpAddress;
import org.portbouncer.core.config.Nearest;
import org.portbouncer.core.sys.SockAddr;

/**
 * Reads addresses and targets; never asks DNS. Runs in the mother and in commands. Both forms throw
 * {@link InvalidValueException} for anything else.
 */
public final class EndpointParser {

  /** The longest path a Unix socket can have, in bytes. */
  public static final int MAX_SOCKET_PATH = SockAddr.MOST_PATH;

  private static final String UNIX = "unix:";
  private static final String UDP = "udp:";
  private static final String INTERNAL = "internal:";
  private static final String GROUP = "group:";
  private static final List<String> SERVICES = List.of("http", "echo", "discard");

  /** {@code HOST:+N}. */
  private static final Pattern ADDED = Pattern.compile("(.*):[+](.*)");

  private EndpointParser() {}

  /**
   * An address to listen on: {@code HOST:PORT}, {@code [v6]:PORT}, either of them behind {@code
   * udp:}, or {@code unix:PATH}. "*" or no host is 0.0.0.0; port 0 lets the kernel pick one.
   *
   * @param directory where a relative path starts
   */
  public static Endpoint listen(String text, Path directory) {
    if (text.startsWith(UDP)) {
      return listen(behindUdp(text), directory).overUdp(text);
    }
    if (text.startsWith(INTERNAL) || text.startsWith(GROUP)) {
      throw new InvalidValueException("'" + text + "' is a target, not an address to listen on");
    }
    boolean anyHost = text.startsWith("*:") || text.startsWith(":");
    boolean anyV6 = text.startsWith("::");
    Endpoint endpoint =
        anyHost && !anyV6
            ? inet(text, "0.0.0.0", text.substring(text.indexOf(':') + 1))
            : parse(text, directory);
    if (endpoint.kind() == Endpoint.Kind.NAME) {
      throw new InvalidValueException(
          "'"
              + endpoint.host()
              + "' is a name; listening needs an address, as in 127.0.0.1:"
              + endpoint.port());
    }
    return endpoint;
  }

  /**
   * Where sessions go: {@code HOST:PORT}, {@code [v6]:PORT}, {@code HOST:+N}, any of them behind
   * {@code udp:}, {@code unix:PATH}, {@code internal:SERVICE} or {@code group:NAME}. A name is
   * kept, to be resolved when connecting.
   *
   * @param directory where a relative path starts
   */
  public static Endpoint target(String text, Path directory) {
    if (text.startsWith(UDP)) {
      return target(behindUdp(text), directory).overUdp(text);
    }
    if (text.startsWith(GROUP)) {
      String name = text.substring(GROUP.length());
      return new Endpoint(Endpoint.Kind.GROUP, text, "", 0, name);
    }
    Matcher added = ADDED.matcher(text);
    if (added.matches() && !text.startsWith(UNIX)) {
      return added(text, added.group(1), added.group(2), directory);
    }
    Endpoint endpoint = text.startsWith(INTERNAL) ? internal(text) : parse(text, directory);
    boolean hasPort =
        endpoint.kind() == Endpoint.Kind.INET || endpoint.kind() == Endpoint.Kind.NAME;
    if (hasPort && endpoint.port() == 0) {
      throw new InvalidValueException("'" + text + "' has port 0; a target's port is 1 to 65535");
    }
    return endpoint;
  }

  private static Endpoint added(String text, String host, String more, Path directory) {
    if (!more.matches("[0-9]{1,5}") || Integer.parseInt(more) > 65_534) {
      throw new InvalidValueException(
          "'" + text + "' adds '" + more + "' to the port; +0 to +65534 is possible");
    }
    Endpoint one = parse(host + ":1", directory);
    return new Endpoint(
        one.kind(), text, one.host(), Integer.parseInt(more), "", Endpoint.Ports.ADDED);
  }

  /** What stands behind {@code udp:}, an address and a port. */
  private static String behindUdp(String text) {
    String rest = text.substring(UDP.length());
    for (String other : List.of(UDP, UNIX, INTERNAL, GROUP)) {
      if (rest.startsWith(other)) {
        throw new InvalidValueException(
            "'" + text + "' is not possible; behind udp: is HOST:PORT or [v6]:PORT");
      }
    }
    return rest;
  }

  private static Endpoint internal(String text) {
    String service = text.substring(INTERNAL.length());
    if (!SERVICES.contains(service)) {
      throw new InvalidValueException(
          "'" + service + "' is not an internal service" + Nearest.hint(service, SERVICES));
    }
    return new Endpoint(Endpoint.Kind.INTERNAL, text, "", 0, service);
  }

  private static Endpoint parse(String text, Path directory) {
    requireOne(text);
    if (text.startsWith(UNIX)) {
      String path = socketPath(text.substring(UNIX.length()), directory);
      return new Endpoint(Endpoint.Kind.UNIX, text, "", 0, path);
    }
    if (text.startsWith("[")) {
      return bracketed(text);
    }
    int colon = text.lastIndexOf(':');
    if (colon <= 0) {
      throw new InvalidValueException(
          "'" + text + "' is not HOST:PORT, [v6]:PORT or unix:/path" + hintFor(text, colon));
    }
    String host = text.substring(0, colon);
    String port = text.substring(colon + 1);
    if (host.indexOf(':') >= 0) {
      boolean whole = IpAddress.parse(text) != null;
      throw new InvalidValueException(
          whole || IpAddress.parse(withoutScope(host)) == null
              ? "'" + text + "' needs brackets and a port, as in [::1]:8080"
              : "'" + text + "' needs brackets; [" + host + "]:" + port + " was meant");
    }
    IpAddress address = IpAddress.parse(host);
    if (address != null) {
      return inet(text, address.toString(), port);
    }
    requireName(host, text);
    return new Endpoint(Endpoint.Kind.NAME, text, host, port(port, text), "");
  }

  private static String hintFor(String text, int colon) {
    if (colon == 0) {
      return "; the host is missing";
    }
    return text.matches("[0-9]{1,5}") ? "; 127.0.0.1:" + text + " or *:" + text + " was meant" : "";
  }

  private static Endpoint bracketed(String text) {
    int close = text.indexOf(']');
    String inside = close < 0 ? "" : text.substring(1, close);
    IpAddress address = IpAddress.parse(withoutScope(inside));
    if (address == null || inside.indexOf(':') < 0) {
      throw new InvalidValueException(
          "'" + text + "' does not have an IPv6 address in its brackets, as in [::1]:8080");
    }
    if (close + 1 >= text.length() || text.charAt(close + 1) != ':') {
      throw new InvalidValueException("'" + text + "' has no port, as in [::1]:8080");
    }
    return inet(text, address + scope(inside, text), text.substring(close + 2));
  }

  private static String withoutScope(String host) {
    int percent = host.indexOf('%');
    return percent < 0 ? host : host.substring(0, percent);
  }

  /** The interface of a link-local address, with the "%" before it; "" for any other address. */
  private static String scope(String host, String text) {
    String scope = host.substring(withoutScope(host).length());
    boolean linkLocal = host.toLowerCase(Locale.ROOT).matches("fe[89ab][0-9a-f]:.*");
    if (linkLocal == scope.isEmpty()) {
      throw new InvalidValueException(
          linkLocal
              ? "'" + text + "' is link-local, and needs its interface, as in [fe80::1%eth0]:80"
              : "'" + text + "' has an interface, which only link-local addresses (fe80::) have");
    }
    if (linkLocal && !scope.matches("%[^/%\\s:\\]]{1,15}")) {
      throw new InvalidValueException(
          "'" + scope.substring(1) + "' in '" + text + "' is not the name of an interface");
    }
    return scope;
  }

  /** Nothing that looks like an address and is something else. */
  private static void requireOne(String text) {
    int slashes = text.indexOf("://");
    if (slashes > 0) {
      String rest = text.substring(slashes + 3).replaceFirst("/.*", "");
      throw new InvalidValueException(
          "'" + text + "' is a URL; an address is HOST:PORT, as in " + rest);
    }
    if (text.indexOf(',') >= 0 && !text.startsWith(UNIX)) {
      String list = text.replaceAll("\\s*,\\s*", "\", \"");
      throw new InvalidValueException(
          "'" + text + "' holds several addresses; a list of them is [\"" + list + "\"]");
    }
    if (text.startsWith(UNIX + "@")) {
      throw new InvalidValueException(
          "'"
              + text
              + "' is an abstract name, which nobody guards: not possible here; a socket is a path,"
              + " and unix:./"
              + text.substring(UNIX.length())
              + " a file of that name");
    }
  }

  private static Endpoint inet(String text, String host, String port) {
    return new Endpoint(Endpoint.Kind.INET, text, host, port(port, text), "");
  }

  private static int port(String port, String text) {
    int value = port.matches("[0-9]{1,5}") ? Integer.parseInt(port) : -1;
    if (value < 0 || value > 65535) {
      throw new InvalidValueException(
          "'" + text + "' has the port '" + port + "'; 0 to 65535 is possible");
    }
    return value;
  }

  private static void requireName(String host, String text) {
    if (host.matches("[0-9.]+")) {
      throw new InvalidValueException("'" + host + "' in '" + text + "' is not an IPv4 address");
    }
    boolean label = true;
    String relative = host.endsWith(".") ? host.substring(0, host.length() - 1) : host;
    for (String part : relative.split("[.]", -1)) {
      label &= part.matches("[A-Za-z0-9_][A-Za-z0-9_-]{0,62}");
    }
    if (!label || host.length() > 253) {
      throw new InvalidValueException(
          "'" + host + "' in '" + text + "' is neither an address nor a host name");
    }
  }

  /**
   * The absolute path of a Unix socket.
   *
   * @param directory where a relative path starts
   */
  static String socketPath(String path, Path directory) {
    String absolute = path(path, directory);
    int bytes = absolute.getBytes(StandardCharsets.UTF_8).length;
    if (bytes > MAX_SOCKET_PATH) {
      throw new InvalidValueException(
          "the socket path "
              + absolute
              + " has "
              + bytes
              + " bytes; at most "
              + MAX_SOCKET_PATH
              + " are possible");
    }
    return absolute;
  }

  /** The absolute, normal form of a path. */
  static String path(String path, Path directory) {
    if (path.isBlank()) {
      throw new InvalidValueException("the path is empty");
    }
    try {
      return directory.resolve(path).normalize().toString();
    } catch (InvalidPathException e) {
      throw new InvalidValueException("'" + path + "' is not a path: " + e.getReason());
    }
  }
}
