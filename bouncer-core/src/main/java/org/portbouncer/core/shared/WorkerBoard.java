package org.portbouncer.core.shared;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.util.function.IntPredicate;
import org.portbouncer.core.config.Configuration.StateTransfer.Mode;
import org.portbouncer.core.session.StageId;

/**
 * One place per worker, in shared memory: what each worker says of itself. A worker writes its own
 * place alone; the mother reads all of them. A successor takes over the place of the one that died,
 * so that a counter never goes back.
 *
 * <pre>
 *    0 pid u32 | 4 sessions held u32 | 8 heartbeat u64, CLOCK_MONOTONIC ns
 *   16 received u64 | 24 refused messages u64 | 32 spills u64
 *   40 log lines left out u64 | 48 descriptor pauses u64
 *   56 sessions refused because the limit table was full u64
 *   64 sessions with a bucket of their own because the bucket table was full u64
 *   72 state bytes that came inline u64 | 80 as files u64 | 88 in slots u64
 *  96 live sessions taken over from workers that ended u64
 * 104 when it ended its last turn, CLOCK_MONOTONIC ns u64, 0 where it has not
 * 112 what is in the way of writing access log lines, an errno u32, 0 for nothing
 * 116 stage u32, StageId.code
 * 128 hop times: TimeBuckets
 * </pre>
 */
public final class WorkerBoard {

  /** The most workers of all stages together, those included that end when they have no session. */
  public static final int PLACES = 512;

  private static final int PLACE = 512;

  static final long BYTES = (long) PLACES * PLACE;

  private static final VarHandle LONG = ValueLayout.JAVA_LONG.varHandle();
  private static final VarHandle INT = ValueLayout.JAVA_INT.varHandle();

  static final Layout LAYOUT = new Layout("what a worker says of itself");

  private static final int PID = LAYOUT.u32("pid");
  private static final int SESSIONS = LAYOUT.u32("sessions");
  private static final int HEARTBEAT = LAYOUT.u64("heartbeat");
  private static final int COUNTS = LAYOUT.u64s("counts", Count.values());
  private static final int STOPPED = LAYOUT.u64("stopped");
  private static final int LOG_TROUBLE = LAYOUT.u32("log trouble");
  private static final int STAGE = LAYOUT.u32("stage");

  static {
    LAYOUT.align(64);
  }

  private static final int HOP_TIMES = LAYOUT.bytes("hop times", TimeBuckets.BYTES);

  static {
    LAYOUT.within(PLACE);
  }

  /** What a worker counts, each a u64 in its place. */
  public enum Count {
    RECEIVED,
    REFUSED,
    SPILLED,
    LOG_LOST,
    DESCRIPTOR_PAUSES,
    LIMIT_TABLE_FULL,
    BUCKET_TABLE_FULL,
    STATE_BYTES_INLINE,
    STATE_BYTES_FILE_FD,
    STATE_BYTES_SHM,
    /** Sessions it goes on with that a worker which ended had. */
    RESUMED;

    /** Where the bytes of states that travel so are counted. */
    public static Count stateBytes(Mode mode) {
      return switch (mode) {
        case INLINE -> STATE_BYTES_INLINE;
        case FILE_FD -> STATE_BYTES_FILE_FD;
        case SHM -> STATE_BYTES_SHM;
      };
    }
  }

  private final MemorySegment memory;

  WorkerBoard(MemorySegment memory) {
    this.memory = memory;
  }

  private static long at(int place, int offset) {
    return (long) place * PLACE + offset;
  }

  /** Says who works at this place. */
  public void enter(int place, StageId stage, int pid) {
    INT.setOpaque(memory, at(place, STAGE), stage.code());
    INT.setOpaque(memory, at(place, LOG_TROUBLE), 0);
    LONG.setOpaque(memory, at(place, STOPPED), 0L);
    INT.setRelease(memory, at(place, PID), pid);
  }

  /** Says that nobody does any more; a process that is killed does not come to say so. */
  public void leave(int place) {
    LONG.setOpaque(memory, at(place, HEARTBEAT), 0L);
    INT.setOpaque(memory, at(place, LOG_TROUBLE), 0);
    INT.setRelease(memory, at(place, PID), 0);
  }

  /**
   * Whether a worker of a stage before this one has said that it lives.
   *
   * @param since a heartbeat from before it does not count, CLOCK_MONOTONIC ns
   */
  public boolean anyBefore(StageId stage, long since) {
    for (int place = 0; place < PLACES; place++) {
      if (pid(place) != 0
          && (int) INT.getOpaque(memory, at(place, STAGE)) < stage.code()
          && heartbeat(place) - since > 0) {
        return true;
      }
    }
    return false;
  }

  /** How many workers of a stage have a place here and are not dead. */
  public int alive(StageId stage, IntPredicate dead) {
    int alive = 0;
    for (int place = 0; place < PLACES; place++) {
      if (pid(place) != 0
          && (int) INT.getOpaque(memory, at(place, STAGE)) == stage.code()
          && !dead.test(pid(place))) {
        alive++;
      }
    }
    return alive;
  }

  public int pid(int place) {
    return (int) INT.getAcquire(memory, at(place, PID));
  }

  /** Says that the worker has ended its last turn: nobody forwards its sessions from here on. */
  public void stopped(int place, long nanos) {
    LONG.setOpaque(memory, at(place, STOPPED), nanos);
  }

  /** When that was; 0 where it has not come to say so. */
  public long stopped(int place) {
    return (long) LONG.getOpaque(memory, at(place, STOPPED));
  }

  /** Sets how many sessions the worker holds now. */
  public void sessions(int place, int count) {
    INT.setOpaque(memory, at(place, SESSIONS), count);
  }

  public int sessions(int place) {
    return (int) INT.getOpaque(memory, at(place, SESSIONS));
  }

  /** How many all workers together hold: connecting, or forwarded. */
  public int sessionsHeld() {
    int sum = 0;
    for (int place = 0; place < PLACES; place++) {
      sum += sessions(place);
    }
    return sum;
  }

  /** Says that the worker's loop turned at {@code nanos}. */
  public void heartbeat(int place, long nanos) {
    LONG.setOpaque(memory, at(place, HEARTBEAT), nanos);
  }

  public long heartbeat(int place) {
    return (long) LONG.getOpaque(memory, at(place, HEARTBEAT));
  }

  /** Says what is in the way of writing access log lines; 0 for nothing. */
  public void logTrouble(int place, int errno) {
    INT.setOpaque(memory, at(place, LOG_TROUBLE), errno);
  }

  /** What is in the way of some worker's access log lines; 0 for nothing. */
  public int logTrouble() {
    for (int place = 0; place < PLACES; place++) {
      int errno = (int) INT.getOpaque(memory, at(place, LOG_TROUBLE));
      if (errno != 0) {
        return errno;
      }
    }
    return 0;
  }

  /** Adds to a counter; only the worker at {@code place} does so. */
  public void add(int place, Count count, long delta) {
    long at = at(place, COUNTS + Long.BYTES * count.ordinal());
    LONG.setOpaque(memory, at, (long) LONG.getOpaque(memory, at) + delta);
  }

  public long get(int place, Count count) {
    return (long) LONG.getOpaque(memory, at(place, COUNTS + Long.BYTES * count.ordinal()));
  }

  /**
   * Counts how long a session took from the stage before; only the worker at {@code place} does.
   */
  public void hop(int place, long nanos) {
    TimeBuckets.HOP.addAlone(memory, at(place, HOP_TIMES), nanos);
  }

  /** The hops to the worker at {@code place}, those of its predecessors included. */
  public TimeHistogram hopTimes(int place) {
    return TimeBuckets.HOP.read(memory, at(place, HOP_TIMES));
  }

  /** The sum of a counter over all workers, the dead ones' included. */
  public long total(Count count) {
    long sum = 0;
    for (int place = 0; place < PLACES; place++) {
      sum += get(place, count);
    }
    return sum;
  }
}
