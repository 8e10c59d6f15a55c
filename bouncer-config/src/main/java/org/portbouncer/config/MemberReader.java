package org.portbouncer.config;

import java.util.Objects;
import org.portbouncer.core.config.Endpoint;
import org.portbouncer.core.config.InvalidValueException;
import org.portbouncer.core.config.ProxyProtocol;
import org.portbouncer.core.config.SocketSettings;
import org.portbouncer.core.config.TargetGroup.Member;

/** Reads one member of a group of targets. Runs in the mother and in commands. */
final class MemberReader {

  static final Keys KEYS = new Keys("targets.NAME.members[]");

  private static final ConfigKey<String> NAME =
      KEYS.optional(
          "name", Form.words("name"), "`#1`, `#2`, …", "the member's name in logs and metrics");

  private static final ConfigKey<Endpoint> ADDRESS =
      KEYS.required(
          "address",
          new Form<>("target", (text, where) -> address(text.strip(), where)),
          "where it is: `HOST:PORT`, `[v6]:PORT` or `HOST:+N`; `udp:` before it, of all members or"
              + " none");

  private static final ConfigKey<Integer> WEIGHT =
      KEYS.withDefault("weight", Form.integer(1, 256), "1", "its share, where members take turns");

  private static final ConfigKey<Integer> MAX_SESSIONS =
      KEYS.optional(
          "max-sessions",
          Form.COUNT,
          "no limit",
          "live sessions of this member, over all workers; more go to others");

  private static final ConfigKey<ProxyProtocol.Send> SEND_PROXY =
      KEYS.optional(
          "send-proxy",
          ProxyReader.SEND,
          "the listener's",
          "the PROXY header that this member gets");

  private static final ConfigKey<Boolean> BACKUP =
      KEYS.withDefault("backup", Form.FLAG, "false", "used when no other member is up");

  private static final SocketKeys SOCKETS = SocketKeys.ofTargets(KEYS, "the group's");

  private MemberReader() {}

  static Member read(Section section, int position, SocketSettings ofGroup) {
    String standard = "#" + position;
    String name =
        section.read(
            NAME, (text, where) -> text.equals(standard) ? text : Names.require(text), standard);
    Endpoint address = section.read(ADDRESS);
    Integer weight = section.read(WEIGHT);
    Integer most = section.read(MAX_SESSIONS);
    Boolean backup = section.read(BACKUP);
    return new Member(
        Objects.requireNonNullElse(name, standard),
        address,
        Objects.requireNonNullElse(weight, 1),
        Objects.requireNonNullElse(most, 0),
        Boolean.TRUE.equals(backup),
        section.read(SEND_PROXY),
        SocketSettingsReader.read(section, SOCKETS).over(ofGroup));
  }

  /** The address of a member: a host, and its port; over TCP. */
  static Endpoint tcpAddress(String text, Where where) {
    Endpoint endpoint = address(text, where);
    if (endpoint.udp()) {
      throw new InvalidValueException("'" + text + "' cannot be reached over UDP");
    }
    return endpoint;
  }

  /** The address of a member: a host, and its port. */
  static Endpoint address(String text, Where where) {
    Endpoint endpoint = EndpointParser.target(text, where.directory());
    if (endpoint.kind() != Endpoint.Kind.INET && endpoint.kind() != Endpoint.Kind.NAME) {
      throw new InvalidValueException(
          "'"
              + text
              + "' cannot be one of several; a member is HOST:PORT or [v6]:PORT, or"
              + " either of them behind udp:");
    }
    return endpoint;
  }
}
