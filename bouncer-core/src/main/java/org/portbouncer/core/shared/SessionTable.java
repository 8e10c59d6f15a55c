package org.portbouncer.core.shared;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import org.portbouncer.core.config.Configuration.StateTransfer.Mode;
import org.portbouncer.core.session.Cause;
import org.portbouncer.core.session.Result;
import org.portbouncer.core.session.SessionState;
import org.portbouncer.core.session.StageId;
import org.portbouncer.core.session.Term;
import org.portbouncer.core.sys.Coded;
import org.portbouncer.core.sys.SockAddr;

/**
 * One record for every session between accept and end, in shared memory. The mother allocates
 * records, the process that has the session writes its own part, and whoever ends it frees it. It
 * is what `sessions` and the limits read, and what the mother walks when a worker dies.
 *
 * <pre>
 *    0 word u64        owner pid 24 | generation 24 | phase 4 | stage 4 | unwanted 8   (high to low);
 *                      of phase and stage the code, stage 0 while it is at none
 *    8 id u64
 *   16 accepted u64, CLOCK_MONOTONIC ns       24 accepted u64, wall clock ms
 *   32 epoch u32      36 listener u16         38 endpoint u16
 *   40 slot u16       42 rule s16             44 bandwidth s16      46 transfer u8   47 route u8
 *   48 state bytes u32                        52 set-up µs u32, 0 while it lasts
 *   56 client 28                              84 local 28
 *  112 hops, 5 × (pid u32, received µs u32); before it is received: 0 and when it was sent
 *  152 held of the rule u64                  160 held of the source u64: see LimitTable, 0 none
 *  168 held of the bucket u64: see BucketTable, 0 none
 *  176 taken up u32, down u32: bytes of the bucket, the highest bit set while the session is in line
 *  184 state slot u32, 0 is none, else its number and 1
 *  188 outcome u32: errno 8 | cause 8 | term 8 | result 8 (high to low), result 0 while it lives
 *  192 bytes up u64  200 bytes down u64       208 last activity u64, CLOCK_MONOTONIC ns
 *  216 throttled u64, ns, both ways           224 bucket of its own: up 16, down 16, see Line
 *  256 route 64, where there is more to say than client and target: see SessionRoute; 47 says what
 *  320 flow 64, what another io worker needs to go on with it: see SessionFlow
 * </pre>
 *
 * The word is changed by compare-and-swap only, so that of two processes that want to end a session
 * (the worker that has it, the mother that cleans up) exactly one does. The counters of a session
 * that moves bytes have a cache line of their own.
 */
public final class SessionTable {

  /** Behind all records, of sessions of datagrams alone: up, down, dropped, each u64. */
  private static final int DATAGRAMS = 32;

  private static final VarHandle LONG = ValueLayout.JAVA_LONG.varHandle();
  private static final VarHandle INT = ValueLayout.JAVA_INT.varHandle();
  private static final VarHandle SHORT = ValueLayout.JAVA_SHORT.varHandle();

  private static final int ID = Long.BYTES;
  private static final int ACCEPTED = ID + Long.BYTES;
  private static final int ACCEPTED_WALL = ACCEPTED + Long.BYTES;
  private static final int EPOCH = ACCEPTED_WALL + Long.BYTES;
  private static final int LISTENER = EPOCH + Integer.BYTES;
  private static final int ENDPOINT = LISTENER + Short.BYTES;
  private static final int SLOT = ENDPOINT + Short.BYTES;
  private static final int RULE = SLOT + Short.BYTES;
  private static final int BANDWIDTH = RULE + Short.BYTES;
  private static final int TRANSFER = BANDWIDTH + Short.BYTES;
  private static final int ROUTE_FLAGS = TRANSFER + Byte.BYTES;
  private static final int STATE_BYTES = ROUTE_FLAGS + Byte.BYTES;
  private static final int SETUP_US = STATE_BYTES + Integer.BYTES;
  private static final int CLIENT = SETUP_US + Integer.BYTES;
  private static final int LOCAL = CLIENT + SockAddr.BYTES;
  private static final int HOPS = LOCAL + SockAddr.BYTES;

  /** The stages that have room here; as many as there are. */
  private static final int STAGES = 5;

  private static final int HELD = HOPS + Long.BYTES * STAGES;
  private static final int TAKEN = HELD + Long.BYTES * (BucketTable.HELD + 1);
  private static final int STATE_SLOT = TAKEN + Integer.BYTES * Way.COUNT;
  private static final int OUTCOME = STATE_SLOT + Integer.BYTES;
  private static final int BYTES_UP = OUTCOME + Integer.BYTES;
  private static final int BYTES_DOWN = BYTES_UP + Long.BYTES;
  private static final int ACTIVITY = BYTES_DOWN + Long.BYTES;
  private static final int THROTTLED = ACTIVITY + Long.BYTES;
  private static final int OWN_LINES = THROTTLED + Long.BYTES;
  private static final int ROUTE = OWN_LINES + Line.BYTES * Way.COUNT;
  private static final int FLOW = ROUTE + SessionRoute.BYTES;

  static final int RECORD = FLOW + SessionFlow.BYTES;

  private static final int CACHE_LINE = 64;

  static {
    if (STAGES != StageId.count() || BucketTable.HELD != Limit.Per.values().length) {
      throw new AssertionError("a record has another number of stages, or of what is held");
    }
    // Atomic access wants its own alignment; a cache line has one writer.
    if (BYTES_UP % CACHE_LINE != 0 || ROUTE % CACHE_LINE != 0 || FLOW % CACHE_LINE != 0) {
      throw new AssertionError("the parts of a record do not begin with a cache line");
    }
  }

  private static final int KILLED = 1;
  private static final int BLOCKED = 2;
  private static final int MEMBER_DOWN = 4;

  private static final int GENERATION_MASK = 0xff_ffff;

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

    Phase(int code) {
      this.code = code;
    }

    @Override
    public int code() {
      return code;
    }
  }

  private final MemorySegment memory;
  private final int capacity;
  private final long records;
  private final FreeMap freeMap;
  private final SessionRoute route;
  private final SessionFlow flow;

  SessionTable(MemorySegment memory, int capacity) {
    this.memory = memory;
    this.capacity = capacity;
    this.records = FreeMap.bytes(capacity);
    this.freeMap = new FreeMap(memory.asSlice(0, FreeMap.bytes(capacity)), capacity);
    this.route = new SessionRoute(this);
    this.flow = new SessionFlow(this);
  }

  static long bytes(int capacity) {
    return FreeMap.bytes(capacity) + (long) capacity * (RECORD + DATAGRAMS);
  }

  void initialize() {
    freeMap.initialize();
  }

  /** One bit per record, set where it is free; 64 records a word. */
  long freeWord(int word) {
    return freeMap.word(word);
  }

  FreeMap freeMap() {
    return freeMap;
  }

  public int capacity() {
    return capacity;
  }

  private long at(int record, int offset) {
    return records + (long) record * RECORD + offset;
  }

  // The word.

  private static long word(int owner, int generation, Phase phase, int stage, int unwanted) {
    return (long) owner << 40
        | (long) (generation & GENERATION_MASK) << 16
        | (long) phase.code << 12
        | (long) stage << 8
        | unwanted;
  }

  private long word(int record) {
    return (long) LONG.getVolatile(memory, at(record, 0));
  }

  private static int ownerOf(long word) {
    return (int) (word >>> 40);
  }

  private static int generationOf(long word) {
    return (int) (word >>> 16) & GENERATION_MASK;
  }

  private static Phase phaseOf(long word) {
    return Phase.BY_BITS[(int) (word >>> 12) & 15];
  }

  private static int stageOf(long word) {
    return (int) (word >>> 8) & 15;
  }

  private boolean swap(int record, long from, long to) {
    return LONG.compareAndSet(memory, at(record, 0), from, to);
  }

  public Phase phase(int record) {
    return phaseOf(word(record));
  }

  /** Whether the record is a session's: from accept to its end. */
  public boolean counts(int record) {
    Phase phase = phase(record);
    return phase != Phase.FREE && phase != Phase.OPEN;
  }

  /** The stage that has the session, or whose inbox does; the first while it is at none yet. */
  public StageId stage(int record) {
    int code = stageOf(word(record));
    StageId stage = code == 0 ? StageId.NEGOTIATE : StageId.withCode(code);
    return stage == null ? StageId.IO : stage;
  }

  /** The pid of the process that holds the session; 0 while it is queued. */
  public int owner(int record) {
    return ownerOf(word(record));
  }

  public int generation(int record) {
    return generationOf(word(record));
  }

  /** How the session is to end at once: as killed, as blocked; null where it may go on. */
  public Result unwanted(int record) {
    int bits = (int) word(record) & 0xff;
    if (bits == 0) {
      return null;
    }
    return (bits & (KILLED | MEMBER_DOWN)) != 0 ? Result.KILLED : Result.BLOCKED;
  }

  /** Why; meaningful where {@link #unwanted} is. */
  public Cause unwantedCause(int record) {
    int bits = (int) word(record) & 0xff;
    if ((bits & KILLED) != 0) {
      return Cause.OPERATOR;
    }
    return (bits & BLOCKED) != 0 ? Cause.RECHECKED : Cause.MEMBER_DOWN;
  }

  // The life of a record.

  /** Opens a record that the mother just took: it is hers until it is queued. */
  void open(int record, int owner) {
    long word = word(record);
    LONG.setVolatile(memory, at(record, 0), word(owner, generationOf(word), Phase.OPEN, 0, 0));
  }

  /** Gives a record back that was opened for a client who did not come. */
  public void abandon(int record) {
    free(record);
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
    routeFlags(record, 0);
    flow.end(record);
    held(record, Limit.Per.RULE, 0);
    held(record, Limit.Per.SOURCE, 0);
    held(record, BucketTable.HELD, 0);
    LONG.setOpaque(memory, at(record, TAKEN), 0L);
    LONG.setOpaque(memory, at(record, THROTTLED), 0L);
    INT.setOpaque(memory, at(record, SETUP_US), 0);
    INT.setOpaque(memory, at(record, STATE_SLOT), 0);
    INT.setOpaque(memory, at(record, OUTCOME), 0);
    INT.setOpaque(memory, at(record, STATE_BYTES), state.length());
    for (int hop = 0; hop < StageId.count(); hop++) {
      LONG.setOpaque(memory, at(record, HOPS + Long.BYTES * hop), 0L);
    }
    LONG.setOpaque(memory, at(record, BYTES_UP), 0L);
    LONG.setOpaque(memory, at(record, BYTES_DOWN), 0L);
    LONG.setOpaque(memory, at(record, ACTIVITY), state.accepted());
    MemorySegment.copy(
        state.memory(), state.client(), memory, at(record, CLIENT), 2L * SockAddr.BYTES);
    long word = word(record);
    LONG.setVolatile(
        memory,
        at(record, 0),
        word(ownerOf(word), generationOf(word), Phase.HELD, StageId.NEGOTIATE.code(), 0));
  }

  /** Notes when the session was ready to go on to this stage. */
  public void offered(int record, StageId stage, long now) {
    INT.setOpaque(memory, hop(record, stage) + 4, micros(now - accepted(record)));
  }

  /**
   * Hands the session from the process that holds it to the inbox of a stage. Call it right before
   * sending: a receiver may be faster than the sender's next instruction, and until then the
   * session is the sender's, and ends with it.
   *
   * @return false where it is not the sender's any more
   */
  public boolean queue(int record, int generation, int pid, StageId stage) {
    return pass(record, generation, pid, Phase.HELD, 0, Phase.QUEUED, stage);
  }

  /**
   * Takes back what could not be sent.
   *
   * @param stage the sender's own
   */
  public void unqueue(int record, int generation, int pid, StageId stage) {
    pass(record, generation, 0, Phase.QUEUED, pid, Phase.HELD, stage);
  }

  private boolean pass(
      int record, int generation, int from, Phase phase, int to, Phase next, StageId stage) {
    while (true) {
      long word = word(record);
      if (phaseOf(word) != phase
          || ownerOf(word) != from
          || generationOf(word) != (generation & GENERATION_MASK)) {
        return false;
      }
      if (swap(record, word, word(to, generation, next, stage.code(), (int) (word & 0xff)))) {
        return true;
      }
    }
  }

  /** Whether this very session waits for this stage: sent, and not received. */
  public boolean isQueued(int record, int generation, StageId stage) {
    long word = word(record);
    return phaseOf(word) == Phase.QUEUED
        && stageOf(word) == stage.code()
        && generationOf(word) == generation;
  }

  /**
   * Takes the session over on arrival at a stage.
   *
   * @return the microseconds since {@link #offered}, 0 and more; {@link #GONE} where the record is
   *     not this session's any more: it was ended meanwhile, and the receiver closes what it got
   */
  public int arrive(SessionState state, StageId stage, int pid, long now) {
    int record = state.record();
    if (record < 0 || record >= capacity) {
      return GONE;
    }
    while (true) {
      long word = word(record);
      if (phaseOf(word) != Phase.QUEUED
          || generationOf(word) != state.generation()
          || stageOf(word) != stage.code()) {
        return GONE;
      }
      long held = word(pid, generationOf(word), Phase.HELD, stage.code(), (int) (word & 0xff));
      if (swap(record, word, held)) {
        long hop = hop(record, stage);
        if (state.resumed()) {
          // It was received when it was set up; from here on another process has it.
          INT.setRelease(memory, hop, pid);
          return 0;
        }
        int received = micros(now - state.accepted());
        int sent = (int) INT.getOpaque(memory, hop + 4);
        INT.setOpaque(memory, hop + 4, received);
        INT.setRelease(memory, hop, pid);
        // Both are times of a loop's turn: one that began before the message came gives no less
        // than 0.
        return Math.max(0, received - sent);
      }
    }
  }

  private long hop(int record, StageId stage) {
    return at(record, HOPS + Long.BYTES * stage.ordinal());
  }

  private static int micros(long nanos) {
    return Math.clamp(nanos / 1000, 0, Integer.MAX_VALUE);
  }

  /**
   * Claims the end of a session.
   *
   * @param generation as the caller knows it
   * @return true for exactly one caller
   */
  public boolean claimEnd(int record, int generation, int pid) {
    while (true) {
      long word = word(record);
      Phase phase = phaseOf(word);
      if (generationOf(word) != generation || phase == Phase.FREE || phase == Phase.ENDING) {
        return false;
      }
      if (swap(record, word, word(pid, generation, Phase.ENDING, stageOf(word), 0))) {
        return true;
      }
    }
  }

  /**
   * Takes over a session that a process which died was holding, so that another can go on with it.
   *
   * @return false where the dead one was not holding it
   */
  public boolean takeOver(int record, int deadPid, int pid) {
    while (true) {
      long word = word(record);
      if (phaseOf(word) != Phase.HELD || ownerOf(word) != deadPid) {
        return false;
      }
      int unwanted = (int) (word & 0xff);
      if (swap(record, word, word(pid, generationOf(word), Phase.HELD, stageOf(word), unwanted))) {
        return true;
      }
    }
  }

  /** Takes over the end that a process which died had begun. */
  public boolean claimEndOf(int record, int deadPid, int pid) {
    long word = word(record);
    return phaseOf(word) == Phase.ENDING
        && ownerOf(word) == deadPid
        && swap(record, word, word(pid, generationOf(word), Phase.ENDING, stageOf(word), 0));
  }

  /** Says how the session ended, so that who finishes the end of a process that died knows. */
  public void outcome(int record, Result result, Term term) {
    int cause = outcome(record) & ~0xffff;
    INT.setVolatile(memory, at(record, OUTCOME), cause | term.code() << 8 | result.code());
  }

  /** How the session ended; null where that was not said yet. */
  public Result result(int record) {
    return Result.withCode(outcome(record) & 0xff);
  }

  /** Who ended the session and when; meaningful where {@link #result} is. */
  public Term term(int record) {
    Term said = Term.withCode(outcome(record) >>> 8 & 0xff);
    return said == null ? Term.INTERNAL_DATA : said;
  }

  private int outcome(int record) {
    return (int) INT.getVolatile(memory, at(record, OUTCOME));
  }

  /**
   * Says why the session is about to end, where its result and term do not; whoever holds it, right
   * before it ends it.
   *
   * @param errno what the system said, below 256; 0 for nothing
   */
  public void cause(int record, Cause cause, int errno) {
    INT.setVolatile(memory, at(record, OUTCOME), (errno & 0xff) << 24 | cause.code() << 16);
  }

  /** Why the session ended so; meaningful where {@link #result} is. */
  public Cause cause(int record) {
    Cause said = Cause.withCode(outcome(record) >>> 16 & 0xff);
    Result result = result(record);
    return said == Cause.UNSAID && result != null ? Cause.usual(result, term(record)) : said;
  }

  /** What the system said to it; 0 for nothing. */
  public int causeErrno(int record) {
    return outcome(record) >>> 24;
  }

  /**
   * Frees a record whose end the caller claimed. Its generation goes on, so that late words miss
   * it. The owner stays in the word, for {@link #reclaim}.
   */
  public void free(int record) {
    markFree(record);
    freeMap.give(record);
  }

  /** The first half of {@link #free}; who dies after it leaves the other to {@link #reclaim}. */
  void markFree(int record) {
    long word = word(record);
    LONG.setVolatile(
        memory, at(record, 0), word(ownerOf(word), generationOf(word) + 1, Phase.FREE, 0, 0));
  }

  /** Frees a record for good that a process which died had half freed; in the mother. */
  public void reclaim(int record, int deadPid) {
    long word = word(record);
    if (phaseOf(word) == Phase.FREE && ownerOf(word) == deadPid && !freeMap.isFree(record)) {
      freeMap.give(record);
    }
  }

  /**
   * Marks a session as one that is to end, by the operator's word or by newer rules. Whoever has
   * it, or gets it next, ends it.
   *
   * @param result KILLED or BLOCKED
   * @return false where it has ended or is ending
   */
  public boolean requestEnd(int record, int generation, Result result) {
    return requestEnd(record, generation, result == Result.KILLED ? KILLED : BLOCKED);
  }

  /** The same, because its member is down. */
  public boolean requestEndOfMember(int record, int generation) {
    return requestEnd(record, generation, MEMBER_DOWN);
  }

  private boolean requestEnd(int record, int generation, int bit) {
    while (true) {
      long word = word(record);
      Phase phase = phaseOf(word);
      if (generationOf(word) != generation || phase == Phase.FREE || phase == Phase.ENDING) {
        return false;
      }
      if (swap(record, word, word | bit)) {
        return true;
      }
    }
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
    LONG.setVolatile(memory, at(record, HELD + 8 * index), handle);
  }

  long held(int record, int index) {
    return (long) LONG.getVolatile(memory, at(record, HELD + 8 * index));
  }

  void held(int record, Limit.Per per, long handle) {
    held(record, per.ordinal(), handle);
  }

  long held(int record, Limit.Per per) {
    return held(record, per.ordinal());
  }

  /** Sets what the session has taken of its bucket; see {@link Throttle}, which alone does. */
  void taken(int record, int way, int bytes) {
    INT.setOpaque(memory, at(record, TAKEN + 4 * way), bytes);
  }

  int taken(int record, int way) {
    return (int) INT.getOpaque(memory, at(record, TAKEN + 4 * way));
  }

  /** Where the bucket lies that the session shares with nobody. */
  long ownLines(int record) {
    return at(record, OWN_LINES);
  }

  /** Adds to the time the session waited for its class; only the io worker that holds it does. */
  void addThrottled(int record, long nanos) {
    LONG.setOpaque(memory, at(record, THROTTLED), throttledNanos(record) + nanos);
  }

  /** How long it has waited for its bandwidth class, both ways added, in ns. */
  public long throttledNanos(int record) {
    return (long) LONG.getOpaque(memory, at(record, THROTTLED));
  }

  /** Says how the state travels, and at last how it came, and its size. */
  public void transfer(int record, Mode mode, int stateBytes) {
    memory.set(ValueLayout.JAVA_BYTE, at(record, TRANSFER), (byte) mode.code());
    INT.setOpaque(memory, at(record, STATE_BYTES), stateBytes);
  }

  /** Notes that the session's state lies in a slot, so that whoever ends it can give that back. */
  public void stateSlot(int record, int slot) {
    INT.setVolatile(memory, at(record, STATE_SLOT), slot + 1);
  }

  /** The slot noted in the record; -1 is none. */
  public int stateSlot(int record) {
    return (int) INT.getVolatile(memory, at(record, STATE_SLOT)) - 1;
  }

  /** Takes the slot out of the record, once: who gets it gives it back. -1 where there is none. */
  public int takeStateSlot(int record) {
    return (int) INT.getAndSet(memory, at(record, STATE_SLOT), 0) - 1;
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

  // Datagrams.

  private long datagrams(int record, int offset) {
    return records + (long) capacity * RECORD + (long) record * DATAGRAMS + offset;
  }

  /** Sets the datagrams moved so far, and those that were not; as {@link #moved}. */
  public void datagrams(int record, long up, long down, long dropped) {
    LONG.setOpaque(memory, datagrams(record, 0), up);
    LONG.setOpaque(memory, datagrams(record, 8), down);
    LONG.setOpaque(memory, datagrams(record, 16), dropped);
  }

  public long datagramsUp(int record) {
    return (long) LONG.getOpaque(memory, datagrams(record, 0));
  }

  public long datagramsDown(int record) {
    return (long) LONG.getOpaque(memory, datagrams(record, 8));
  }

  public long datagramsDropped(int record) {
    return (long) LONG.getOpaque(memory, datagrams(record, 16));
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

  public Mode transfer(int record) {
    Mode said = Mode.withCode(memory.get(ValueLayout.JAVA_BYTE, at(record, TRANSFER)));
    return said == null ? Mode.INLINE : said;
  }

  public int stateBytes(int record) {
    return (int) INT.getOpaque(memory, at(record, STATE_BYTES));
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

  /** The table's memory and the offset in it where the client's address stands, for matching. */
  public MemorySegment memory() {
    return memory;
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
    return (int) INT.getOpaque(memory, hop(record, stage) + 4);
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

  long flowOffset(int record) {
    return at(record, FLOW);
  }

  long routeOffset(int record) {
    return at(record, ROUTE);
  }

  int routeFlags(int record) {
    return memory.get(ValueLayout.JAVA_BYTE, at(record, ROUTE_FLAGS)) & 0xff;
  }

  void routeFlags(int record, int flags) {
    memory.set(ValueLayout.JAVA_BYTE, at(record, ROUTE_FLAGS), (byte) flags);
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
