package org.portbouncer.config;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.portbouncer.core.config.Endpoint;
import org.portbouncer.core.config.InvalidValueException;

/**
 * Ranges of ports to listen on, {@code HOST:6000-6099}: each port is an address of its own, and
 * texts for people show those that follow each other as one. Used in the mother and in commands.
 */
public final class PortRanges {

  /** Addresses of all listeners: each has a socket, and each worker knows them all. */
  static final int MOST = 4096;

  private static final Pattern RANGE = Pattern.compile("(.*):([0-9]{1,5})-([0-9]{1,5})");

  private PortRanges() {}

  /**
   * What {@code listen} names: one address, or one for each port.
   *
   * @param directory where a relative path starts
   * @throws InvalidValueException for anything else
   */
  static List<Endpoint> listen(String text, Path directory) {
    Matcher range = RANGE.matcher(text);
    if (text.startsWith("unix:") || !range.matches()) {
      return List.of(EndpointParser.listen(text, directory));
    }
    int first = Integer.parseInt(range.group(2));
    int last = Integer.parseInt(range.group(3));
    if (first < 1 || last > 65_535 || first > last) {
      throw new InvalidValueException(
          "'"
              + text
              + "' has the ports '"
              + range.group(2)
              + "-"
              + range.group(3)
              + "'; FIRST-LAST within 1 to 65535 is possible");
    }
    if (last - first >= MOST) {
      throw new InvalidValueException(
          "'"
              + text
              + "' is "
              + (last - first + 1)
              + " ports; "
              + MOST
              + " addresses are possible,"
              + " and to take all ports of an address is for a rule of the firewall that redirects"
              + " them to one");
    }
    Endpoint one = EndpointParser.listen(range.group(1) + ':' + first, directory);
    List<Endpoint> all = new ArrayList<>();
    for (int port = first; port <= last; port++) {
      all.add(one.withPort(port, Endpoint.Ports.OF_RANGE));
    }
    return all;
  }

  /**
   * Addresses as an operator would write them: ports of a range that follow each other are one
   * text.
   */
  public static List<String> texts(List<Endpoint> endpoints) {
    List<String> texts = new ArrayList<>();
    for (int from = 0; from < endpoints.size(); ) {
      int to = from + 1;
      while (to < endpoints.size() && follows(endpoints.get(to - 1), endpoints.get(to))) {
        to++;
      }
      texts.add(text(endpoints.get(from), endpoints.get(to - 1)));
      from = to;
    }
    return texts;
  }

  /** Whether both are of a range, and the second is the next one of the first. */
  public static boolean follows(Endpoint before, Endpoint next) {
    return before.ports() == Endpoint.Ports.OF_RANGE
        && next.ports() == Endpoint.Ports.OF_RANGE
        && next.port() == before.port() + 1
        && next.udp() == before.udp()
        && next.host().equals(before.host());
  }

  /** All from the first to the last, which follow each other. */
  public static String text(Endpoint first, Endpoint last) {
    return first.equals(last) ? first.text() : first.text() + '-' + last.port();
  }
}
