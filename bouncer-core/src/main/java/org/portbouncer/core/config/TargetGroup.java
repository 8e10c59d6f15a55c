package org.portbouncer.core.config;

import java.util.List;

/**
 * Servers that do the same, of which each session gets one.
 *
 * @param name the key under `targets`; of a listener's own list `listeners.` and its name
 * @param members in the order of the file, at least one
 * @param balance which of those that are up is first
 * @param attempts members tried for one session, at least 1
 * @param eject when a member that fails sessions is left alone for a while
 * @param check how members are asked whether they are up
 * @param resolveMs how long an answer of name service serves
 * @param whenAllDown what happens where no member is up
 * @param endOnDown whether the sessions of a member end when checks find it down
 * @param slowStartMs a member that comes up gets its share over this time; 0 for at once
 * @param spareConnections opened ahead to each member that is up, by each connect worker
 * @param file the file that names it
 * @param line its line there
 */
public record TargetGroup(
    String name,
    List<Member> members,
    Balance balance,
    int attempts,
    Eject eject,
    Check check,
    long resolveMs,
    WhenAllDown whenAllDown,
    boolean endOnDown,
    long slowStartMs,
    int spareConnections,
    String file,
    int line) {

  /** The most members that are tried for one session. */
  public static final int MOST_ATTEMPTS = 255;

  /** So many connections may be opened ahead to a member, by a worker. */
  public static final int MOST_SPARES = 1000;

  static final TargetGroup BLANK =
      new TargetGroup(
          "",
          List.of(),
          Balance.ORDER,
          1,
          Eject.BLANK,
          Check.BLANK,
          0,
          WhenAllDown.TRY,
          false,
          0,
          0,
          "",
          0);

  static TargetGroup pass(ConfigWire wire, TargetGroup it) throws ConfigCodecException {
    return new TargetGroup(
        wire.text(it.name),
        wire.list(it.members, Member.BLANK, Member::pass),
        wire.constant(it.balance, Balance.values()),
        wire.integer(it.attempts, 1, MOST_ATTEMPTS),
        Eject.pass(wire, it.eject),
        Check.pass(wire, it.check),
        wire.longInteger(it.resolveMs, 0),
        wire.constant(it.whenAllDown, WhenAllDown.values()),
        wire.flag(it.endOnDown),
        wire.longInteger(it.slowStartMs, 0),
        wire.integer(it.spareConnections, 0, MOST_SPARES),
        wire.text(it.file),
        wire.integer(it.line, Integer.MIN_VALUE));
  }

  /** Copies the list. */
  public TargetGroup {
    members = List.copyOf(members);
  }

  /** Whether its members are reached by datagrams. */
  public boolean udp() {
    return !members.isEmpty()
        && members.getFirst().address() != null
        && members.getFirst().address().udp();
  }

  /** A member of it in the words of messages. */
  public String named(Member member) {
    return "group " + name + ": member " + member.name + " (" + member.address.text() + ")";
  }

  /**
   * One server.
   *
   * @param name in logs and metrics; `#` and its number where the file has none
   * @param address a host, by address or name, and its port
   * @param weight its share, from 1
   * @param maxSessions sessions at once; 0 for no limit
   * @param backup whether it is used only when no other is up
   * @param send which PROXY header it gets; null for what the listener says
   * @param sockets how those to it are made: its own settings, and the group's behind them
   */
  public record Member(
      String name,
      Endpoint address,
      int weight,
      int maxSessions,
      boolean backup,
      ProxyProtocol.Send send,
      SocketSettings sockets) {

    static final Member BLANK =
        new Member("", Endpoint.BLANK, 1, 0, false, null, SocketSettings.NONE);

    static Member pass(ConfigWire wire, Member it) throws ConfigCodecException {
      return new Member(
          wire.text(it.name),
          Endpoint.pass(wire, it.address),
          wire.integer(it.weight, 1),
          wire.integer(it.maxSessions, 0),
          wire.flag(it.backup),
          wire.nullable(
              it.send,
              ProxyProtocol.Send.NONE,
              (each, send) -> each.constant(send, ProxyProtocol.Send.values())),
          SocketSettings.pass(wire, it.sockets));
    }
  }

  /** Which member a session gets. */
  public enum Balance {
    /** The first that is up. */
    ORDER("order"),
    /** Each in turn, by weight. */
    ROUND_ROBIN("round-robin"),
    /** The one with the fewest sessions for its weight. */
    LEAST_SESSIONS("least-sessions"),
    /** The same for the same source, by weight; one that goes moves only its own sources. */
    SOURCE("source");

    private final String text;

    Balance(String text) {
      this.text = text;
    }

    /** The word in configuration and status. */
    public String text() {
      return text;
    }
  }

  /** What to do where no member is up. */
  public enum WhenAllDown {
    /** As if all were up. */
    TRY,
    /** Close at once. */
    REFUSE
  }

  /**
   * Ejection by sessions that could not be connected.
   *
   * @param failures in a row; 0 for never
   * @param withinMs from the first of them to the last
   * @param forMs for so long the member gets no session
   */
  public record Eject(int failures, long withinMs, long forMs) {

    static final Eject BLANK = new Eject(0, 0, 0);

    static Eject pass(ConfigWire wire, Eject it) throws ConfigCodecException {
      return new Eject(
          wire.integer(it.failures, 0),
          wire.longInteger(it.withinMs, 0),
          wire.longInteger(it.forMs, 0));
    }
  }

  /**
   * Health checks.
   *
   * @param type whether there are any, and how far they go
   * @param everyMs from one to the next
   * @param timeoutMs for the whole of one
   * @param rise successes in a row that make a member up
   * @param fall failures in a row that make it down
   * @param send sent after connecting; "" for nothing; each char is a byte
   * @param expect looked for in the first 4 KiB of the answer; each char is a byte
   * @param port asked instead of the member's own; 0 for that
   */
  public record Check(
      Type type,
      long everyMs,
      long timeoutMs,
      int rise,
      int fall,
      String send,
      String expect,
      int port) {

    static final Check BLANK = new Check(Type.NONE, 0, 0, 1, 1, "", "", 0);

    static Check pass(ConfigWire wire, Check it) throws ConfigCodecException {
      return new Check(
          wire.constant(it.type, Type.values()),
          wire.longInteger(it.everyMs, 0),
          wire.longInteger(it.timeoutMs, 0),
          wire.integer(it.rise, 1),
          wire.integer(it.fall, 1),
          wire.text(it.send),
          wire.text(it.expect),
          wire.integer(it.port, 0, 65535));
    }

    /** How far a check goes. */
    public enum Type {
      NONE,
      CONNECT,
      EXPECT
    }
  }
}
