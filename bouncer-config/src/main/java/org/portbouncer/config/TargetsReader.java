package org.portbouncer.config;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.portbouncer.core.config.Endpoint;
import org.portbouncer.core.config.InvalidValueException;
import org.portbouncer.core.config.SocketSettings;
import org.portbouncer.core.config.TargetGroup;
import org.portbouncer.core.config.TargetGroup.Balance;
import org.portbouncer.core.config.TargetGroup.Check;
import org.portbouncer.core.config.TargetGroup.Eject;
import org.portbouncer.core.config.TargetGroup.Member;
import org.portbouncer.core.config.TargetGroup.WhenAllDown;

/** Reads the groups of targets. Runs in the mother and in commands. */
final class TargetsReader {

  /** Each member has a place in shared memory, and so have some that a reload took away. */
  static final int MOST_MEMBERS = 2048;

  private static final int MOST_WEIGHT = 256;

  /** Of what a check sends, and looks for in as much of an answer. */
  private static final int MOST_BYTES = 4096;

  private TargetsReader() {}

  /** Every group. */
  static List<TargetGroup> all(Section targets) {
    List<TargetGroup> all = new ArrayList<>();
    for (String name : Names.of(targets)) {
      if (!name.substring(0, 1).matches("[A-Za-z]")) {
        targets
            .problems()
            .error(targets.whereOf(name), "the name of a group begins with a letter: " + name);
      }
      Section section = targets.named(name);
      if (targets.isBlock(name)) {
        all.add(group(section, name));
      }
    }
    return all;
  }

  /** The group that a listener's own list of targets is. */
  static TargetGroup ofListener(String listener, List<Endpoint> addresses, Where where) {
    List<Member> members = new ArrayList<>();
    for (Endpoint address : addresses) {
      members.add(
          new Member("#" + (members.size() + 1), address, 1, 0, false, null, SocketSettings.NONE));
    }
    return new TargetGroup(
        "listeners." + listener,
        members,
        Balance.ORDER,
        3,
        new Eject(3, 10_000, 10_000),
        new Check(Check.Type.NONE, 2000, 1000, 2, 3, "", "", 0),
        30_000,
        WhenAllDown.TRY,
        false,
        0,
        0,
        where.file(),
        where.line());
  }

  private static TargetGroup group(Section section, String name) {
    List<Member> members = members(section, name, SocketSettingsReader.readAll(section));
    Balance balance =
        section.read(
            "balance",
            Names.choice(
                Names.choices(
                    Map.entry("order", Balance.ORDER),
                    Map.entry("round-robin", Balance.ROUND_ROBIN),
                    Map.entry("least-sessions", Balance.LEAST_SESSIONS),
                    Map.entry("source", Balance.SOURCE))));
    Check check = check(section.section("check"));
    Section ejection = section.section("eject");
    Eject eject =
        new Eject(
            number(ejection, "failures", 0, 1_000_000),
            duration(ejection, "within"),
            duration(ejection, "for"));
    requireOneKind(section, name, members, check);
    int attempts = number(section, "attempts", 1, 255);
    long resolveMs = duration(section, "resolve");
    WhenAllDown whenAllDown =
        section.read(
            "when-all-down",
            Names.choice(
                Names.choices(
                    Map.entry("try", WhenAllDown.TRY), Map.entry("refuse", WhenAllDown.REFUSE))));
    Boolean endOnDown =
        section.read(
            "on-down",
            Names.choice(Names.choices(Map.entry("keep", false), Map.entry("end", true))));
    warn(section, name, members, check);
    long slowStartMs = duration(section, "slow-start");
    int spares = number(section, "spare-connections", 0, TargetGroup.MOST_SPARES);
    requireSparesPossible(section, name, members, spares);
    return new TargetGroup(
        name,
        members,
        balance,
        attempts,
        eject,
        check,
        resolveMs,
        whenAllDown,
        Boolean.TRUE.equals(endOnDown),
        slowStartMs,
        spares,
        section.where().file(),
        section.where().line());
  }

  /** Nothing can be connected before the client is there where it decides about the socket. */
  private static void requireSparesPossible(
      Section section, String name, List<Member> members, int spares) {
    if (spares == 0) {
      return;
    }
    for (Member member : members) {
      Endpoint address = member.address();
      String why =
          address == null
              ? ""
              : address.udp()
                  ? "is reached by datagrams, which need no connection"
                  : address.isRelative()
                      ? "has the port that the client came to"
                      : member.sockets().source().equals(SocketSettings.CLIENT)
                          ? "is connected from the client's own address"
                          : "";
      if (!why.isEmpty()) {
        section
            .problems()
            .error(
                section.where(),
                "targets."
                    + name
                    + ".spare-connections: member "
                    + member.name()
                    + ' '
                    + why
                    + ": none can be opened ahead; leave spare-connections out");
      }
    }
  }

  private static void warn(Section section, String name, List<Member> members, Check check) {
    boolean backups = members.stream().anyMatch(Member::backup);
    if (backups && members.stream().allMatch(Member::backup)) {
      section
          .problems()
          .warn(section.where(), "targets." + name + ": every member is a backup, so none is");
    } else if (backups && check != null && check.type() == Check.Type.NONE) {
      section
          .problems()
          .warn(
              section.where(),
              "targets."
                  + name
                  + ": there is no check, so a backup is used only while sessions that failed have"
                  + " ejected every other member");
    }
  }

  private static List<Member> members(Section group, String name, SocketSettings sockets) {
    List<Member> members = new ArrayList<>();
    Map<String, Where> seen = new HashMap<>();
    for (Section section : group.blocks("members", "member")) {
      Member member = member(section, members.size() + 1, sockets);
      Where before = seen.putIfAbsent(member.name(), section.where());
      if (before != null) {
        group
            .problems()
            .error(
                section.where(),
                "targets."
                    + name
                    + " has a second member '"
                    + member.name()
                    + "'; the first is at "
                    + before);
      }
      members.add(member);
    }
    if (members.isEmpty() && !group.problems().hasErrors()) {
      group
          .problems()
          .error(
              group.where(),
              "targets."
                  + name
                  + " has no member; at least one is needed, as in members = [ { address ="
                  + " \"192.0.2.10:80\" } ]");
    }
    return members;
  }

  private static Member member(Section section, int position, SocketSettings ofGroup) {
    String standard = "#" + position;
    String name =
        section.read(
            "name", (text, where) -> text.equals(standard) ? text : Names.require(text), standard);
    Endpoint address = section.read("address", (text, where) -> address(text.strip(), where));
    int weight = number(section, "weight", 1, MOST_WEIGHT);
    Integer most =
        section.read(
            "max-sessions", (text, where) -> Quantities.integer(text, 1, Integer.MAX_VALUE));
    Boolean backup = section.read("backup", ConfigurationReader::flag);
    return new Member(
        Objects.requireNonNullElse(name, standard),
        address,
        weight,
        Objects.requireNonNullElse(most, 0),
        Boolean.TRUE.equals(backup),
        section.read("send-proxy", ProxyReader.SEND),
        SocketSettingsReader.readAll(section).over(ofGroup));
  }

  /** What all members of a group are, and its checks, where they are reached by datagrams. */
  private static void requireOneKind(Section section, String name, List<Member> members, Check c) {
    List<Endpoint> known = members.stream().map(Member::address).filter(Objects::nonNull).toList();
    if (known.stream().map(Endpoint::udp).distinct().count() > 1) {
      section
          .problems()
          .error(
              section.where(),
              "targets." + name + " mixes udp: and TCP; all members of a group are of one kind");
    } else if (!known.isEmpty() && known.getFirst().udp()) {
      Check.Type type = c.type();
      if (type == Check.Type.CONNECT || type == Check.Type.EXPECT && c.send().isEmpty()) {
        section
            .problems()
            .error(
                section.where(),
                "targets."
                    + name
                    + ".check: a udp: member says nothing unasked; a check of it is of type expect,"
                    + " with 'send'");
      }
    }
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

  private static Check check(Section section) {
    Check.Type type =
        section.read(
            "type",
            Names.choice(
                Names.choices(
                    Map.entry("none", Check.Type.NONE),
                    Map.entry("connect", Check.Type.CONNECT),
                    Map.entry("expect", Check.Type.EXPECT))));
    ValueReader<String> bytes = (text, where) -> bytes(text);
    Check check =
        new Check(
            type == null ? Check.Type.NONE : type,
            duration(section, "every"),
            duration(section, "timeout"),
            number(section, "rise", 1, 1000),
            number(section, "fall", 1, 1000),
            Objects.requireNonNullElse(section.read("send", bytes), ""),
            Objects.requireNonNullElse(section.read("expect", bytes), ""),
            number(section, "port", 0, 65_535));
    if (type == Check.Type.EXPECT && check.expect().isEmpty()) {
      section
          .problems()
          .error(section.where(), "a check of type expect needs 'expect': what the answer holds");
    }
    return check;
  }

  private static String bytes(String text) {
    String bytes = Escapes.bytes(text);
    if (bytes.length() > MOST_BYTES) {
      throw new InvalidValueException(
          bytes.length() + " bytes are too many; " + MOST_BYTES + " are possible");
    }
    return bytes;
  }

  private static int number(Section section, String key, int least, int most) {
    Integer number = section.read(key, (text, where) -> Quantities.integer(text, least, most));
    return Objects.requireNonNullElse(number, least);
  }

  private static long duration(Section section, String key) {
    Long ms = section.read(key, (text, where) -> Quantities.durationMs(text));
    return Objects.requireNonNullElse(ms, 0L);
  }
}
