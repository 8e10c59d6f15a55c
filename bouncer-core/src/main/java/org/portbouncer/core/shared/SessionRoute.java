package org.portbouncer.core.shared;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import org.portbouncer.core.sys.SockAddr;

/**
 * What a session's record says of the way from the real peer to the real server, where that is more
 * than a client and its listener's target: the fourth part of a record of the {@link SessionTable},
 * a cache line that a session to a plain address does not touch, unless that cannot be connected.
 *
 * <pre>
 *    0 peer 28, who really connected, where a PROXY header has said who the client is
 *   28 server 28, the address that was connected to, or tried last
 *   56 member s16, index into the members of the listener's target, -1 is none
 *   58 attempts u8, members that were tried
 *   59 chain u8, index into the configuration's chains and 1, 0 is none
 *   60 hop u8, which proxy of the chain it came to, from 1; 0 is none
 *   61 free u8
 *   62 place u16, of the member on the TargetBoard, where the session is counted there
 * </pre>
 *
 * Which of them are there stands in the first line of the record. Written by the process that has
 * the session, read by whoever writes its log line and by the mother.
 */
public final class SessionRoute {

  static final int BYTES = 64;

  private static final VarHandle SHORT = ValueLayout.JAVA_SHORT.varHandle();

  static final Layout LAYOUT = new Layout("a session's route");

  private static final int PEER = LAYOUT.bytes("peer", SockAddr.BYTES);
  private static final int SERVER = LAYOUT.bytes("server", SockAddr.BYTES);
  private static final int MEMBER = LAYOUT.u16("member");
  private static final int ATTEMPTS = LAYOUT.u8("attempts");
  private static final int CHAIN = LAYOUT.u8("chain");
  private static final int HOP = LAYOUT.u8("hop");

  static {
    LAYOUT.align(Short.BYTES);
  }

  private static final int PLACE = LAYOUT.u16("place");

  static {
    LAYOUT.within(BYTES);
  }

  private static final int HAS_PEER = 1;
  private static final int HAS_SERVER = 2;
  private static final int HAS_ATTEMPTS = 4;
  private static final int HAS_CHAIN = 8;
  private static final int COUNTED = 16;

  private final SessionTable table;
  private final MemorySegment memory;

  SessionRoute(SessionTable table) {
    this.table = table;
    this.memory = table.memory();
  }

  private long at(int record, int offset) {
    return table.at(record, RecordLayout.ROUTE + offset);
  }

  /** Which of its fields are there; they stand in the first line of the record. */
  private int flags(int record) {
    return memory.get(ValueLayout.JAVA_BYTE, table.at(record, RecordLayout.ROUTE_FLAGS)) & 0xff;
  }

  private void flags(int record, int flags) {
    memory.set(ValueLayout.JAVA_BYTE, table.at(record, RecordLayout.ROUTE_FLAGS), (byte) flags);
  }

  private boolean has(int record, int what) {
    return (flags(record) & what) != 0;
  }

  private void now(int record, int has) {
    flags(record, flags(record) | has);
  }

  /** For a new session, of which nothing is said yet. */
  void clear(int record) {
    flags(record, 0);
  }

  /** Notes who really connected: a sockaddr. */
  public void peer(int record, MemorySegment from, long offset) {
    MemorySegment.copy(from, offset, memory, at(record, PEER), SockAddr.BYTES);
    now(record, HAS_PEER);
  }

  /** Who really connected, as text; "" where that is the client. */
  public String peer(int record) {
    return has(record, HAS_PEER) ? SockAddr.text(memory, at(record, PEER)) : "";
  }

  /** Whether somebody else than the client really connected. */
  public boolean hasPeer(int record) {
    return has(record, HAS_PEER);
  }

  /** Where that one's address stands in the table's memory, where there is one. */
  public long peerOffset(int record) {
    return at(record, PEER);
  }

  /** Notes the address that is tried or was connected to: a sockaddr. */
  public void server(int record, MemorySegment from, long offset) {
    MemorySegment.copy(from, offset, memory, at(record, SERVER), SockAddr.BYTES);
    now(record, HAS_SERVER);
  }

  /** Whether an address was noted that was connected to. */
  public boolean hasServer(int record) {
    return has(record, HAS_SERVER);
  }

  /** Where that stands in the table's memory, where there is one. */
  public long serverOffset(int record) {
    return at(record, SERVER);
  }

  /** The address that was connected to, or tried last; "" where none was noted. */
  public String server(int record) {
    return has(record, HAS_SERVER) ? SockAddr.text(memory, at(record, SERVER)) : "";
  }

  /**
   * Notes which member is tried.
   *
   * @param member its index; -1 for none
   * @param attempts how many were tried, this one included
   */
  public void attempt(int record, int member, int attempts) {
    SHORT.setOpaque(memory, at(record, MEMBER), (short) member);
    memory.set(ValueLayout.JAVA_BYTE, at(record, ATTEMPTS), (byte) Math.min(attempts, 255));
    now(record, HAS_ATTEMPTS);
  }

  /** The member that was tried last; -1 where none was noted. */
  public int member(int record) {
    return has(record, HAS_ATTEMPTS) ? (short) SHORT.getOpaque(memory, at(record, MEMBER)) : -1;
  }

  /** How many members were tried; 0 where that was not noted. */
  public int attempts(int record) {
    return has(record, HAS_ATTEMPTS)
        ? memory.get(ValueLayout.JAVA_BYTE, at(record, ATTEMPTS)) & 0xff
        : 0;
  }

  /**
   * Counts the session at a member, of which it may be one; in the connect worker that has it.
   *
   * @param place the member's
   * @param most as many may be there; 0 for no limit
   * @return false where there are
   */
  public boolean enter(int record, TargetBoard board, int place, int most) {
    SHORT.setVolatile(memory, at(record, PLACE), (short) place);
    if (!board.enter(place, most)) {
      return false;
    }
    now(record, COUNTED);
    return true;
  }

  /**
   * Gives back what {@link #enter} has counted, if anything; whoever has the session or ends it.
   */
  public void leave(int record, TargetBoard board) {
    if (has(record, COUNTED)) {
      flags(record, flags(record) & ~COUNTED);
      board.leave((short) SHORT.getVolatile(memory, at(record, PLACE)) & 0xffff);
    }
  }

  /** The place of the member that the session is counted at; -1 for none. */
  public int place(int record) {
    return has(record, COUNTED)
        ? (short) SHORT.getVolatile(memory, at(record, PLACE)) & 0xffff
        : -1;
  }

  /**
   * Notes that it goes through proxies.
   *
   * @param chain index into the configuration's chains, below 255
   * @param hop which of its proxies it has come to, from 1; 0 for none yet
   */
  public void chain(int record, int chain, int hop) {
    memory.set(ValueLayout.JAVA_BYTE, at(record, CHAIN), (byte) (chain + 1));
    memory.set(ValueLayout.JAVA_BYTE, at(record, HOP), (byte) hop);
    now(record, HAS_CHAIN);
  }

  /** The chain it goes through; -1 for none. */
  public int chain(int record) {
    return has(record, HAS_CHAIN)
        ? (memory.get(ValueLayout.JAVA_BYTE, at(record, CHAIN)) & 0xff) - 1
        : -1;
  }

  /** Which proxy of its chain it came to, from 1; 0 for none. */
  public int hop(int record) {
    return has(record, HAS_CHAIN) ? memory.get(ValueLayout.JAVA_BYTE, at(record, HOP)) & 0xff : 0;
  }
}
