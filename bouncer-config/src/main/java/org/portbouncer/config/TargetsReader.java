package org.portbouncer.config;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.portbouncer.core.config.Endpoint;
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

  static final Keys KEYS = new Keys("targets.NAME");

  static {
    KEYS.add(MemberReader.KEYS);
  }

  private static final ConfigKey<Balance> BALANCE =
      KEYS.withDefault(
          "balance",
          Form.choice(
              Map.entry("order", Balance.ORDER),
              Map.entry("round-robin", Balance.ROUND_ROBIN),
              Map.entry("least-sessions", Balance.LEAST_SESSIONS),
              Map.entry("source", Balance.SOURCE)),
          "order",
          "which of those that are up is first; `source`: always the same for a source");

  private static final SocketKeys SOCKETS = SocketKeys.ofTargets(KEYS, "the listener's");

  static {
    KEYS.add(CheckReader.KEYS);
  }

  private static final ConfigKey<Integer> FAILURES =
      KEYS.withDefault(
          "eject.failures",
          Form.from(0, 1_000_000),
          "3",
          "sessions in a row that could not be connected, which eject a member; `0`: never");

  private static final ConfigKey<Long> WITHIN =
      KEYS.withDefault("eject.within", Form.DURATION, "10s", "from the first of them to the last");

  private static final ConfigKey<Long> FOR =
      KEYS.withDefault("eject.for", Form.DURATION, "10s", "how long it gets no session then");

  private static final ConfigKey<Integer> ATTEMPTS =
      KEYS.withDefault(
          "attempts",
          Form.integer(1, TargetGroup.MOST_ATTEMPTS),
          "3",
          "members tried for one session, all within `timeouts.connect`");

  private static final ConfigKey<Long> RESOLVE =
      KEYS.withDefault(
          "resolve",
          Form.DURATION,
          "30s",
          "names of members are looked up again this often; a look-up that fails keeps the last"
              + " addresses");

  private static final ConfigKey<WhenAllDown> WHEN_ALL_DOWN =
      KEYS.withDefault(
          "when-all-down",
          Form.choice(Map.entry("try", WhenAllDown.TRY), Map.entry("refuse", WhenAllDown.REFUSE)),
          "try",
          "where no member is up: as if all were, or close at once");

  private static final ConfigKey<Boolean> ON_DOWN =
      KEYS.withDefault(
          "on-down",
          Form.choice(Map.entry("keep", false), Map.entry("end", true)),
          "keep",
          "what becomes of the sessions of a member that checks find down");

  private static final ConfigKey<Long> SLOW_START =
      KEYS.withDefault(
          "slow-start",
          Form.DURATION,
          "0s",
          "a member that comes up gets its share over this time");

  private static final ConfigKey<Integer> SPARE_CONNECTIONS =
      KEYS.withDefault(
          "spare-connections",
          Form.integer(0, TargetGroup.MOST_SPARES),
          "0",
          "connections that each connect worker opens ahead to each member that is up, for targets"
              + " where the client speaks first");

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
    List<Member> members = members(section, name, SocketSettingsReader.read(section, SOCKETS));
    Balance balance = section.read(BALANCE);
    Check check = CheckReader.read(section.section("check"));
    Section ejection = section.section("eject");
    Eject eject =
        new Eject(
            number(ejection, FAILURES, 0), duration(ejection, WITHIN), duration(ejection, FOR));
    requireOneKind(section, name, members, check);
    int attempts = number(section, ATTEMPTS, 1);
    long resolveMs = duration(section, RESOLVE);
    WhenAllDown whenAllDown = section.read(WHEN_ALL_DOWN);
    Boolean endOnDown = section.read(ON_DOWN);
    warn(section, name, members, check);
    long slowStartMs = duration(section, SLOW_START);
    int spares = number(section, SPARE_CONNECTIONS, 0);
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
      Member member = MemberReader.read(section, members.size() + 1, sockets);
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

  private static int number(Section section, ConfigKey<Integer> key, int otherwise) {
    return Objects.requireNonNullElse(section.read(key), otherwise);
  }

  private static long duration(Section section, ConfigKey<Long> key) {
    return Objects.requireNonNullElse(section.read(key), 0L);
  }
}
