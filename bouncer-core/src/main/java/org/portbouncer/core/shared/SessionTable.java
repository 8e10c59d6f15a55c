package org.portbouncer.core.shared;

import static org.portbouncer.core.shared.RecordLayout.ACCEPTED;
import static org.portbouncer.core.shared.RecordLayout.ACCEPTED_WALL;
import static org.portbouncer.core.shared.RecordLayout.ACTIVITY;
import static org.portbouncer.core.shared.RecordLayout.BANDWIDTH;
import static org.portbouncer.core.shared.RecordLayout.BYTES_DOWN;
import static org.portbouncer.core.shared.RecordLayout.BYTES_UP;
import static org.portbouncer.core.shared.RecordLayout.CLIENT;
import static org.portbouncer.core.shared.RecordLayout.DATAGRAMS;
import static org.portbouncer.core.shared.RecordLayout.ENDPOINT;
import static org.portbouncer.core.shared.RecordLayout.EPOCH;
import static org.portbouncer.core.shared.RecordLayout.HELD;
import static org.portbouncer.core.shared.RecordLayout.HOPS;
import static org.portbouncer.core.shared.RecordLayout.HOP_TIME;
import static org.portbouncer.core.shared.RecordLayout.ID;
import static org.portbouncer.core.shared.RecordLayout.LISTENER;
import static org.portbouncer.core.shared.RecordLayout.LOCAL;
import static org.portbouncer.core.shared.RecordLayout.OWN_LINES;
import static org.portbouncer.core.shared.RecordLayout.RECORD;
import static org.portbouncer.core.shared.RecordLayout.RULE;
import static org.portbouncer.core.shared.RecordLayout.SETUP_US;
import static org.portbouncer.core.shared.RecordLayout.SLOT;
import static org.portbouncer.core.shared.RecordLayout.TAKEN;
import static org.portbouncer.core.shared.RecordLayout.THROTTLED;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import org.portbouncer.core.session.SessionState;
import org.portbouncer.core.session.StageId;
import org.portbouncer.core.sys.Coded;
import org.portbouncer.core.sys.SockAddr;

/**
 * One record for every session between accept and end, in shared memory. The mother allocates
 * records, the process that has the session writes its own part, and whoever ends it frees it. It
 * is what `sessions` and the limits read, and what the mother walks when a worker dies.
 *
 * <p>How a record lies is {@link RecordLayout}'s, whose it is {@link RecordPhases}'; what is said
 * of the way through it has parts of its own, {@link SessionRoute} and {@link SessionFlow}. The
 * counters of a session that moves bytes have a cache line of their own.
 */
public final class SessionTable extends RecordPhases {

  private static final VarHandle LONG = ValueLayout.JAVA_LONG.varHandle();
  private static final VarHandle INT = ValueLayout.JAVA_INT.varHandle();
  private static final VarHandle SHORT = ValueLayout.JAVA_SHORT.varHandle();

  /** What {@link #arrive} says of a session that has ended. */
  public static final int GONE = -1;

  /** What a record is doing. */
  public enum Phase implements Coded {
    /** Nobody's. */
    FREE(0),
    /** Taken for a client who may come. */
    OPEN(1),
    /** In the inbox of its stage. */
    QUEUED(2),
    /** In the hands of its owner. */
    HELD(3),
    /** Being ended by its owner. */
    ENDING(4);

    /**
     * By the bits of the word. What is no phase, which only a worker gone wrong writes, is an end
     * that was begun: it is finished when its owner dies, and nobody else takes the record.
     */
    private static final Phase[] BY_BITS = new Phase[16];

    static {
      Arrays.fill(BY_BITS, ENDING);
      for (Phase phase : values()) {
        BY_BITS[phase.code] = phase;
      }
    }

    private final int code;

    /** By the four bits of the word. */
    static Phase withBits(int bits) {
      return BY_BITS[bits];
    }

    Phase(int code) {
      this.code = code;
    }

    @Override
    public int code() {
      return code;
    }
  }

  private final SessionRoute route;
  private final SessionFlow flow;
  private final SessionOutcome outcome;
  private final SessionTransfer transfer;
  private final SessionDatagrams datagrams;

  SessionTable(MemorySegment memory, int capacity) {
    super(memory, capacity);
    this.route = new SessionRoute(this);
    this.flow = new SessionFlow(this);
    this.outcome = new SessionOutcome(this);
    this.transfer = new SessionTransfer(this);
    this.datagrams = new SessionDatagrams(this);
  }

  static long bytes(int capacity) {
    return FreeMap.bytes(capacity) + (long) capacity * (RECORD + DATAGRAMS);
  }

  /** Fills in what is known at accept, and says that the session waits for its first stage. */
  public void admit(int record, SessionState state, int slot, long wallMs) {
    LONG.setOpaque(memory, at(record, ID), state.id());
    LONG.setOpaque(memory, at(record, ACCEPTED), state.accepted());
    LONG.setOpaque(memory, at(record, ACCEPTED_WALL), wallMs);
    INT.setOpaque(memory, at(record, EPOCH), state.epoch());
    putShort(record, LISTENER, state.listener());
    putShort(record, ENDPOINT, state.endpoint());
    putShort(record, SLOT, slot);
    putShort(record, RULE, -1);
    putShort(record, BANDWIDTH, -1);
    route.clear(record);
    outcome.clear(record);
    transfer.begin(record, state.length());
    flow.end(record);
    held(record, Limit.Per.RULE, 0);
    held(record, Limit.Per.SOURCE, 0);
    held(record, BucketTable.HELD, 0);
    LONG.setOpaque(memory, at(record, TAKEN), 0L);
    LONG.setOpaque(memory, at(record, THROTTLED), 0L);
    INT.setOpaque(memory, at(record, SETUP_US), 0);
    for (int hop = 0; hop < StageId.count(); hop++) {
      LONG.setOpaque(memory, at(record, HOPS + Long.BYTES * hop), 0L);
    }
    LONG.setOpaque(memory, at(record, BYTES_UP), 0L);
    LONG.setOpaque(memory, at(record, BYTES_DOWN), 0L);
    LONG.setOpaque(memory, at(record, ACTIVITY), state.accepted());
    MemorySegment.copy(
        state.memory(), state.client(), memory, at(record, CLIENT), 2L * SockAddr.BYTES);
    opened(record);
  }

  /** Notes when the session was ready to go on to this stage. */
  public void offered(int record, StageId stage, long now) {
    INT.setOpaque(memory, hop(record, stage) + HOP_TIME, micros(now - accepted(record)));
  }

  /**
   * Takes the session over on arrival at a stage.
   *
   * @return the microseconds since {@link #offered}, 0 and more; {@link #GONE} where the record is
   *     not this session's any more: it was ended meanwhile, and the receiver closes what it got
   */
  public int arrive(SessionState state, StageId stage, int pid, long now) {
    int record = state.record();
    if (record < 0 || record >= capacity() || !take(record, state.generation(), stage, pid)) {
      return GONE;
    }
    long hop = hop(record, stage);
    if (state.resumed()) {
      // It was received when it was set up; from here on another process has it.
      INT.setRelease(memory, hop, pid);
      return 0;
    }
    int received = micros(now - state.accepted());
    int sent = (int) INT.getOpaque(memory, hop + HOP_TIME);
    INT.setOpaque(memory, hop + HOP_TIME, received);
    INT.setRelease(memory, hop, pid);
    // Both are times of a loop's turn: one that began before the message came gives no less
    // than 0.
    return Math.max(0, received - sent);
  }

  private long hop(int record, StageId stage) {
    return at(record, HOPS + Long.BYTES * stage.ordinal());
  }

  private static int micros(long nanos) {
    return Math.clamp(nanos / 1000, 0, Integer.MAX_VALUE);
  }

  // What the stages add.

  public void rule(int record, int rule) {
    putShort(record, RULE, rule);
  }

  public void bandwidth(int record, int index) {
    putShort(record, BANDWIDTH, index);
  }

  /** Sets what the session holds in one of the tables that count sessions; only these do. */
  void held(int record, int index, long handle) {
    LONG.setVolatile(memory, at(record, HELD + Long.BYTES * index), handle);
  }

  long held(int record, int index) {
    return (long) LONG.getVolatile(memory, at(record, HELD + Long.BYTES * index));
  }

  void held(int record, Limit.Per per, long handle) {
    held(record, per.ordinal(), handle);
  }

  long held(int record, Limit.Per per) {
    return held(record, per.ordinal());
  }

  /** Sets what the session has taken of its bucket; see {@link Throttle}, which alone does. */
  void taken(int record, int way, int bytes) {
    INT.setOpaque(memory, at(record, TAKEN + Integer.BYTES * way), bytes);
  }

  int taken(int record, int way) {
    return (int) INT.getOpaque(memory, at(record, TAKEN + Integer.BYTES * way));
  }

  /** Where the bucket lies that the session shares with nobody. */
  long ownLines(int record) {
    return at(record, OWN_LINES);
  }

  /** Adds to the time the session waited for its class; only the io worker that holds it does. */
  public void addThrottled(int record, long nanos) {
    LONG.setOpaque(memory, at(record, THROTTLED), throttledNanos(record) + nanos);
  }

  /** How long it has waited for its bandwidth class, both ways added, in ns. */
  public long throttledNanos(int record) {
    return (long) LONG.getOpaque(memory, at(record, THROTTLED));
  }

  /** Copies the client's address, where somebody else than the peer is the client. */
  public void client(int record, SessionState state) {
    MemorySegment.copy(state.memory(), state.client(), memory, at(record, CLIENT), SockAddr.BYTES);
  }

  /** Copies the local address once it is known. */
  public void local(int record, SessionState state) {
    MemorySegment.copy(state.memory(), state.local(), memory, at(record, LOCAL), SockAddr.BYTES);
  }

  /** Says that forwarding began. */
  public void setUp(int record, long now) {
    INT.setOpaque(memory, at(record, SETUP_US), Math.max(1, micros(now - accepted(record))));
  }

  /** Sets the bytes moved so far; only the io worker that holds the session does. */
  public void moved(int record, long up, long down, long now) {
    LONG.setOpaque(memory, at(record, BYTES_UP), up);
    LONG.setOpaque(memory, at(record, BYTES_DOWN), down);
    LONG.setOpaque(memory, at(record, ACTIVITY), now);
  }

  // Reading.

  public long id(int record) {
    return (long) LONG.getOpaque(memory, at(record, ID));
  }

  public long accepted(int record) {
    return (long) LONG.getOpaque(memory, at(record, ACCEPTED));
  }

  public long acceptedWallMs(int record) {
    return (long) LONG.getOpaque(memory, at(record, ACCEPTED_WALL));
  }

  public int epoch(int record) {
    return (int) INT.getOpaque(memory, at(record, EPOCH));
  }

  public int listener(int record) {
    return getShort(record, LISTENER) & 0xffff;
  }

  public int endpoint(int record) {
    return getShort(record, ENDPOINT) & 0xffff;
  }

  /** The listener's place in {@link ListenerCounters}. */
  public int slot(int record) {
    return getShort(record, SLOT) & 0xffff;
  }

  public int rule(int record) {
    return getShort(record, RULE);
  }

  public int bandwidth(int record) {
    return getShort(record, BANDWIDTH);
  }

  /** Microseconds from accept to forwarding; 0 while it is being set up. */
  public int setupMicros(int record) {
    return (int) INT.getOpaque(memory, at(record, SETUP_US));
  }

  public String client(int record) {
    return SockAddr.text(memory, at(record, CLIENT));
  }

  public String local(int record) {
    return SockAddr.text(memory, at(record, LOCAL));
  }

  /** Fills in what a state at the io stage says, as far as the record has it. */
  public void restore(int record, SessionState state) {
    state.identify(id(record), record, generation(record));
    state.origin(epoch(record), listener(record), endpoint(record));
    state.accepted(accepted(record));
    state.client(memory, at(record, CLIENT));
    state.local(memory, at(record, LOCAL));
    state.rule(rule(record));
    state.bandwidth(bandwidth(record));
    if (flow.is(record, SessionFlow.HEADER)) {
      state.header(flow.is(record, SessionFlow.RELAYED));
    }
    state.clientReady(true);
    state.resume();
  }

  public long clientOffset(int record) {
    return at(record, CLIENT);
  }

  public long localOffset(int record) {
    return at(record, LOCAL);
  }

  /** The pid that received the session at {@code stage}; 0 where it has not come there. */
  public int hopPid(int record, StageId stage) {
    return (int) INT.getAcquire(memory, hop(record, stage));
  }

  /** When it came there, in microseconds from the accept. */
  public int hopMicros(int record, StageId stage) {
    return (int) INT.getOpaque(memory, hop(record, stage) + HOP_TIME);
  }

  public long bytesUp(int record) {
    return (long) LONG.getOpaque(memory, at(record, BYTES_UP));
  }

  public long bytesDown(int record) {
    return (long) LONG.getOpaque(memory, at(record, BYTES_DOWN));
  }

  /** What is said of the way from peer to server. */
  public SessionRoute route() {
    return route;
  }

  /** What another io worker needs to go on with the session. */
  public SessionFlow flow() {
    return flow;
  }

  /** How the session ends, and why. */
  public SessionOutcome outcome() {
    return outcome;
  }

  /** How its state travels. */
  public SessionTransfer transfer() {
    return transfer;
  }

  /** What is counted of it where it is one of datagrams. */
  public SessionDatagrams datagrams() {
    return datagrams;
  }

  /** When a byte last moved (or the session was accepted), CLOCK_MONOTONIC ns. */
  public long activity(int record) {
    return (long) LONG.getOpaque(memory, at(record, ACTIVITY));
  }

  private void putShort(int record, int offset, int value) {
    SHORT.setOpaque(memory, at(record, offset), (short) value);
  }

  private int getShort(int record, int offset) {
    return (short) SHORT.getOpaque(memory, at(record, offset));
  }
}
