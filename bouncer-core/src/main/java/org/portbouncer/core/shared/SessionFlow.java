package org.portbouncer.core.shared;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import org.portbouncer.core.session.SessionState;
import org.portbouncer.core.sys.Coded;

/**
 * What another io worker needs to go on with a session whose worker has ended, whenever that was:
 * the last part of a record of the {@link SessionTable}, a cache line that the io worker alone
 * writes while it has the session, and the mother reads when it has died.
 *
 * <pre>
 *    0 position up u64, down u64   where the bytes of that way are, see below
 *   16 client u32, target u32      descriptors in the worker and 1, 0 is none
 *   24 pipe up u32, down u32       reading ends and 1, 0 is none
 *   32 held up u64, down u64       address in the worker of bytes that a slow reader left
 *   48 held up u32, down u32       how many
 *   56 flags u32
 *   60 stood still u32, µs from the last turn of one worker to the first of the next
 * </pre>
 *
 * A position has two bits and a number of bytes:
 *
 * <ul>
 *   <li>SETTLED: so many were written to the other side; what is in the pipe comes after them;
 *   <li>GIVING: so many were written or are in the pipe. A splice into the other side changes the
 *       one with the other, so the sum is right even if the process ends inside that call;
 *   <li>IN_HAND: some were read and perhaps not written: nobody can tell;
 *   <li>HELD: so many were written; what is held comes after them.
 * </ul>
 *
 * Every change is one plain store before or after a call: a process that is killed has made all
 * stores that come before the call it was in.
 */
public final class SessionFlow {

  static final int BYTES = 64;

  /** The most that is held of one way. */
  public static final int MOST_HELD = 128 * 1024;

  /** It can be gone on with: all that stands here is true. */
  public static final int LIVE = 1;

  /** Its client's connection began with a PROXY header, which said whom it is for. */
  public static final int HEADER = 2;

  public static final int RELAYED = 4;

  /** The target ended, or reset, before the client did. */
  public static final int CLIENT_LAST = 8;

  /** The side that has reset, the other being told. */
  public static final int CLIENT_RESET = 16;

  public static final int TARGET_RESET = 32;

  /** Those that another server is told. */
  public static final int LASTING = HEADER | RELAYED | CLIENT_LAST;

  /** Where the bytes of one way are. */
  public enum Place implements Coded {
    SETTLED(0),
    GIVING(1),
    IN_HAND(2),
    HELD(3);

    private final int code;

    Place(int code) {
      this.code = code;
    }

    @Override
    public int code() {
      return code;
    }

    /** Whatever two bits say is one. */
    static Place withCode(int code) {
      return switch (code) {
        case 0 -> SETTLED;
        case 1 -> GIVING;
        case 2 -> IN_HAND;
        default -> HELD;
      };
    }
  }

  private static final VarHandle LONG = ValueLayout.JAVA_LONG.varHandle();
  private static final VarHandle INT = ValueLayout.JAVA_INT.varHandle();

  private static final int PLACE_SHIFT = 62;
  private static final long COUNT_MASK = (1L << PLACE_SHIFT) - 1;

  static final Layout LAYOUT = new Layout("a session's flow");

  private static final int POSITION = LAYOUT.u64s("position", Way.COUNT);
  private static final int CLIENT = LAYOUT.u32("client");
  private static final int TARGET = LAYOUT.u32("target");
  private static final int PIPE = LAYOUT.u32s("pipe", Way.COUNT);
  private static final int HELD_AT = LAYOUT.u64s("held at", Way.COUNT);
  private static final int HELD_BYTES = LAYOUT.u32s("held bytes", Way.COUNT);
  private static final int FLAGS = LAYOUT.u32("flags");
  private static final int STOOD_STILL = LAYOUT.u32("stood still");

  static {
    LAYOUT.within(BYTES);
  }

  private final SessionTable table;
  private final MemorySegment memory;

  SessionFlow(SessionTable table) {
    this.table = table;
    this.memory = table.memory();
  }

  private long at(int record, int offset) {
    return table.at(record, RecordLayout.FLOW + offset);
  }

  /** A session is forwarded from here on: its descriptors, and nothing moved yet. */
  public void begin(int record, int client, int target, long up, long down, int flags) {
    INT.setOpaque(memory, at(record, CLIENT), client + 1);
    INT.setOpaque(memory, at(record, TARGET), target + 1);
    LONG.setOpaque(memory, at(record, PIPE), 0L);
    LONG.setOpaque(memory, at(record, POSITION), up);
    LONG.setOpaque(memory, at(record, POSITION + Long.BYTES), down);
    INT.setRelease(memory, at(record, FLAGS), flags);
  }

  /** What the flags say of the PROXY header that its client's connection began with. */
  public static int header(SessionState state) {
    return (state.header() ? HEADER : 0) | (state.relayed() ? RELAYED : 0);
  }

  /** It cannot be gone on with any more; before its descriptors are closed. */
  public void end(int record) {
    INT.setOpaque(memory, at(record, FLAGS), 0);
  }

  /** Says how long nobody forwarded it while it went from one io worker to another. */
  public void stoodStill(int record, long nanos) {
    INT.setOpaque(memory, at(record, STOOD_STILL), Math.clamp(nanos / 1000, 0, Integer.MAX_VALUE));
  }

  /** The same, in µs; meaningful once it has gone from one to another. */
  public int stoodStillMicros(int record) {
    return (int) INT.getOpaque(memory, at(record, STOOD_STILL));
  }

  public boolean is(int record, int flag) {
    return (flags(record) & flag) != 0;
  }

  public int flags(int record) {
    return (int) INT.getAcquire(memory, at(record, FLAGS));
  }

  /** Adds flags. */
  public void now(int record, int flags) {
    INT.setRelease(memory, at(record, FLAGS), flags(record) | flags);
  }

  /** Takes flags away. */
  public void notNow(int record, int flags) {
    INT.setRelease(memory, at(record, FLAGS), flags(record) & ~flags);
  }

  /** Says where the bytes of one way are; see the class. */
  public void position(int record, int way, Place place, long bytes) {
    LONG.setOpaque(
        memory,
        at(record, POSITION + Long.BYTES * way),
        (long) place.code() << PLACE_SHIFT | bytes);
  }

  public Place place(int record, int way) {
    return Place.withCode((int) (position(record, way) >>> PLACE_SHIFT));
  }

  /** Whether it can be gone on with, and all of its bytes can be told where they are. */
  public boolean isWhole(int record) {
    return is(record, LIVE)
        && place(record, Way.UP) != Place.IN_HAND
        && place(record, Way.DOWN) != Place.IN_HAND;
  }

  /** The number of bytes in the position. */
  public long bytes(int record, int way) {
    return position(record, way) & COUNT_MASK;
  }

  /**
   * The bytes of one way that were written for good, where all else of it can be told where it is:
   * in its pipe, or held for a slow reader.
   *
   * @param piped how many bytes are in its pipe
   * @return -1 where that cannot be told
   */
  public long written(int record, int way, int piped) {
    long bytes = bytes(record, way);
    return switch (place(record, way)) {
      case SETTLED -> bytes;
      case GIVING -> Math.max(-1, bytes - piped);
      case IN_HAND -> -1;
      case HELD -> {
        int held = heldBytes(record, way);
        yield piped == 0 && held > 0 && held <= MOST_HELD ? bytes : -1;
      }
    };
  }

  private long position(int record, int way) {
    return (long) LONG.getOpaque(memory, at(record, POSITION + Long.BYTES * way));
  }

  /** Says what a slow reader left of one way, before the position says HELD. */
  public void held(int record, int way, long address, int bytes) {
    LONG.setOpaque(memory, at(record, HELD_AT + Long.BYTES * way), address);
    INT.setOpaque(memory, at(record, HELD_BYTES + Integer.BYTES * way), bytes);
  }

  public long heldAddress(int record, int way) {
    return (long) LONG.getOpaque(memory, at(record, HELD_AT + Long.BYTES * way));
  }

  public int heldBytes(int record, int way) {
    return (int) INT.getOpaque(memory, at(record, HELD_BYTES + Integer.BYTES * way));
  }

  /** Says which pipe a way has, before anything is in it; -1 for none, when nothing is. */
  public void pipe(int record, int way, int readEnd) {
    INT.setOpaque(memory, at(record, PIPE + Integer.BYTES * way), readEnd + 1);
  }

  public int pipe(int record, int way) {
    return (int) INT.getOpaque(memory, at(record, PIPE + Integer.BYTES * way)) - 1;
  }

  public int client(int record) {
    return (int) INT.getOpaque(memory, at(record, CLIENT)) - 1;
  }

  public int target(int record) {
    return (int) INT.getOpaque(memory, at(record, TARGET)) - 1;
  }
}
