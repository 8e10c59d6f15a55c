package org.portbouncer.core.cluster;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.portbouncer.core.config.Cluster;
import org.portbouncer.core.control.ControlChannel;
import org.portbouncer.core.control.ControlException;
import org.portbouncer.core.control.Fields;

/**
 * What the mother and the cluster's process say to each other, one packet each, in turn:
 *
 * <pre>
 *   SETUP     1  places u8, of each: host as a text, port u16; ports u8, of each: u16; database i32,
 *                TLS u8, then master, user, token, token of Sentinels, cluster, member, label as texts
 *   CONFINE   2  a filter of system calls
 *   ASK       3  number i64, look u8, then of each limit: key i64, limit, held, used, wanted i64
 *   LEAVE     4  gives all back; the process ends
 *   ANSWER    5  number i64, outcome u8, members i32, tick i32, why as a text, limits u16, then of
 *                each: granted, target, held by all, used by all i64; others u16, then of each: label
 *                as a text, ms since it was heard i64
 *   TRUST     6  certificates as PEM, before SETUP; without it those that the JDK knows
 * </pre>
 *
 * A text is its length u16 and UTF-8. What a packet has too little or too much of is refused.
 */
public final class ClusterWire {

  public static final int SETUP = 1;
  public static final int CONFINE = 2;
  public static final int ASK = 3;
  public static final int LEAVE = 4;
  public static final int ANSWER = 5;
  public static final int TRUST = 6;

  /** To be answered by the same word once Redis was reached, or was not to be. */
  public static final int PREPARE = 7;

  /** The most limits in one packet. */
  public static final int MOST_LIMITS = 256;

  /** The most members that an answer names. */
  public static final int MOST_MEMBERS = 64;

  /** The longest label, and the longest reason, in bytes. */
  public static final int MOST_LABEL = 64;

  public static final int MOST_REASON = 200;

  private static final int MOST_TEXT = 4096;

  private ClusterWire() {}

  /**
   * Where Redis is, and who we are to it.
   *
   * @param redis its place, or several, or Sentinels that say it
   * @param ports of a master that Sentinels name
   * @param token what Redis asks for
   * @param sentinelToken what Sentinels ask for
   * @param member the name of this start of this server, as no other has it
   * @param label what people know it by
   */
  public record Setup(
      Cluster.Redis redis,
      List<Integer> ports,
      String token,
      String sentinelToken,
      String cluster,
      String member,
      String label) {}

  /** One limit, as it is asked for. */
  public record Wish(long key, long limit, long held, long used, long wanted) {}

  /** Everything that is asked for at once. */
  public record Ask(long number, boolean look, List<Wish> wishes) {}

  /** One limit, as it is answered. */
  public record Part(long granted, long target, long heldByAll, long usedByAll) {}

  /**
   * A server of the cluster.
   *
   * @param ageMs since Redis heard of it
   */
  public record Member(String label, long ageMs) {}

  /** How it went. */
  public enum Outcome {
    /** There are parts. */
    GRANTED,
    /** Redis gives nobody more for a moment: it is told what everybody has. */
    RECALLING,
    /** Redis is not reached, or says no. */
    AWAY
  }

  /**
   * What came of it.
   *
   * @param why one line, for AWAY
   * @param parts as many as were asked for, in their order; none for AWAY
   */
  public record Answer(
      long number,
      Outcome outcome,
      int members,
      int tickMs,
      String why,
      List<Part> parts,
      List<Member> others) {}

  /** The packet TRUST, to be sent. */
  public static void trust(ControlChannel link, String pem) {
    link.begin(TRUST).put(pem.getBytes(StandardCharsets.US_ASCII));
  }

  /** Reads TRUST. */
  public static String trust(Fields in) throws ControlException {
    return new String(in.rest(ControlChannel.MAX_BYTES), StandardCharsets.US_ASCII);
  }

  /** The packet SETUP, to be sent. */
  public static void setup(ControlChannel link, Setup setup) {
    ByteBuffer out = link.begin(SETUP);
    Cluster.Redis redis = setup.redis();
    out.put((byte) redis.places().size());
    for (Cluster.Place place : redis.places()) {
      put(out, place.host(), MOST_TEXT);
      out.putShort((short) place.port());
    }
    out.put((byte) setup.ports().size());
    for (int port : setup.ports()) {
      out.putShort((short) port);
    }
    out.putInt(redis.database()).put((byte) (redis.tls() ? 1 : 0));
    for (String text :
        List.of(
            redis.master(),
            redis.user(),
            setup.token(),
            setup.sentinelToken(),
            setup.cluster(),
            setup.member(),
            setup.label())) {
      put(out, text, MOST_TEXT);
    }
  }

  /** Reads SETUP. */
  public static Setup setup(Fields in) throws ControlException {
    List<Cluster.Place> places = new ArrayList<>();
    for (int left = in.u8(); left > 0; left--) {
      places.add(new Cluster.Place(text(in, MOST_TEXT), in.u16()));
    }
    List<Integer> ports = new ArrayList<>();
    for (int left = in.u8(); left > 0; left--) {
      ports.add(in.u16());
    }
    int database = in.i32();
    boolean tls = in.u8() == 1;
    String master = text(in, MOST_TEXT);
    String user = text(in, MOST_TEXT);
    String token = text(in, MOST_TEXT);
    String sentinelToken = text(in, MOST_TEXT);
    String cluster = text(in, MOST_TEXT);
    String member = text(in, MOST_TEXT);
    String label = text(in, MOST_TEXT);
    in.end();
    return new Setup(
        new Cluster.Redis(List.copyOf(places), master, user, database, tls),
        List.copyOf(ports),
        token,
        sentinelToken,
        cluster,
        member,
        label);
  }

  /** The packet ASK, to be sent. */
  public static void ask(ControlChannel link, Ask ask) {
    ByteBuffer out = link.begin(ASK);
    out.putLong(ask.number()).put((byte) (ask.look() ? 1 : 0));
    for (Wish wish : ask.wishes()) {
      out.putLong(wish.key()).putLong(wish.limit()).putLong(wish.held());
      out.putLong(wish.used()).putLong(wish.wanted());
    }
  }

  /** Reads ASK, whose length says how many there are. */
  public static Ask ask(Fields in, int bytes) throws ControlException {
    long number = in.i64();
    boolean look = in.u8() == 1;
    List<Wish> wishes = new ArrayList<>();
    for (int left = bytes - 10; left > 0; left -= 40) {
      wishes.add(new Wish(in.i64(), in.i64(), in.i64(), in.i64(), in.i64()));
    }
    in.end();
    return new Ask(number, look, wishes);
  }

  /** The packet ANSWER, to be sent. */
  public static void answer(ControlChannel link, Answer answer) {
    ByteBuffer out = link.begin(ANSWER);
    out.putLong(answer.number()).put((byte) answer.outcome().ordinal());
    out.putInt(answer.members()).putInt(answer.tickMs());
    put(out, answer.why(), MOST_REASON);
    out.putShort((short) answer.parts().size());
    for (Part part : answer.parts()) {
      out.putLong(part.granted()).putLong(part.target());
      out.putLong(part.heldByAll()).putLong(part.usedByAll());
    }
    List<Member> others =
        answer.others().subList(0, Math.min(MOST_MEMBERS, answer.others().size()));
    out.putShort((short) others.size());
    for (Member member : others) {
      put(out, member.label(), MOST_LABEL);
      out.putLong(member.ageMs());
    }
  }

  /**
   * Reads ANSWER; what no honest process would say is refused.
   *
   * @param asked what it must answer
   */
  public static Answer answer(Fields in, Ask asked) throws ControlException {
    long number = in.i64();
    int outcome = in.u8();
    if (number != asked.number() || outcome >= Outcome.values().length) {
      throw new ControlException("an answer to what was not asked");
    }
    int members = in.number();
    int tick = in.number();
    String why = text(in, MOST_REASON);
    int count = in.u16();
    if (count != (Outcome.values()[outcome] == Outcome.AWAY ? 0 : asked.wishes().size())) {
      throw new ControlException("parts of other limits than were asked for");
    }
    List<Part> parts = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      Part part = new Part(in.i64(), in.i64(), in.i64(), in.i64());
      Wish wish = asked.wishes().get(i);
      if (part.granted() < 0
          || part.target() < 0
          || part.granted() > Math.max(wish.limit(), wish.held())) {
        throw new ControlException("a part that is more than the limit");
      }
      parts.add(part);
    }
    int others = in.u16();
    if (others > MOST_MEMBERS) {
      throw new ControlException("too many members");
    }
    List<Member> named = new ArrayList<>();
    for (int i = 0; i < others; i++) {
      named.add(new Member(text(in, MOST_LABEL), in.i64()));
    }
    in.end();
    return new Answer(
        number, Outcome.values()[outcome], members, tick, why, parts, List.copyOf(named));
  }

  private static void put(ByteBuffer out, String text, int most) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    int length = Math.min(most, bytes.length);
    out.putShort((short) length).put(bytes, 0, length);
  }

  private static String text(Fields in, int most) throws ControlException {
    int length = in.u16();
    if (length > most) {
      throw new ControlException("a text that is too long");
    }
    return new String(in.bytes(length), StandardCharsets.UTF_8);
  }
}
