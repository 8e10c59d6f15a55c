package org.portbouncer.core.shared;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.util.function.IntPredicate;
import org.portbouncer.core.config.BandwidthClass.SharedBy;
import org.portbouncer.core.sys.ProcessState;

/**
 * The buckets that sessions share, in shared memory, found by class and by what it is shared by.
 * Bandwidth workers look a session's bucket up; io workers take from it ({@link Throttle}); it is
 * given back by whichever process ends the session.
 *
 * <pre>
 *   sets of entries of 64 bytes:
 *      0 word u64        see LiveCounts, which also has the locks
 *      8 key u64         class 16 | its generation 40 | shared by 8 (high to low), 0 for a free entry
 *     16 name u64, u64   the rule's, or the source's address; 0 where all share
 *     32 up 16, down 16  see Line
 * </pre>
 *
 * A bucket of one session alone lies in its record and not here. The bucket of nobody stays until
 * it is full again, so that a client who comes back finds what it had left, not a new burst.
 * docs/decisions/008-bandwidth.md has the reasoning.
 */
public final class BucketTable {

  static final Layout LAYOUT = new Layout("an entry of the bucket table");

  static {
    LAYOUT.bytes("word", LiveCounts.WORD_BYTES);
  }

  private static final int KEY = LAYOUT.u64("key");
  private static final int NAME_HIGH = LAYOUT.u64("name, high");
  private static final int NAME_LOW = LAYOUT.u64("name, low");
  private static final int LINES = LAYOUT.bytes("lines", Line.BYTES * Way.COUNT);

  static final int ENTRY = LAYOUT.within(64);

  /** Buckets that find their place, for each session record. */
  private static final int BUCKETS_PER_RECORD = 4;

  /** The word of a session's record that names its bucket; those of LimitTable come before. */
  static final int HELD = 2;

  /** {@link #used}: nobody has a bucket. */
  public static final long NOT_KNOWN = Long.MIN_VALUE;

  /** What stands there where the bucket is the session's own. */
  static final long OWN = -1;

  private static final VarHandle LONG = ValueLayout.JAVA_LONG.varHandle();

  private static final int FULL = -1;

  private final MemorySegment memory;
  private final SessionTable sessions;
  private final ClassBoard classes;
  private final LiveCounts counts;
  private final HashedPlaces places;

  /** By place: what this process last read of each class. */
  private final ClassTerms[] terms = new ClassTerms[ClassBoard.PLACES];

  BucketTable(MemorySegment memory, SessionTable sessions, ClassBoard classes, HashKey key) {
    this(memory, sessions, classes, key, ProcessState::isDead);
  }

  BucketTable(
      MemorySegment memory,
      SessionTable sessions,
      ClassBoard classes,
      HashKey key,
      IntPredicate dead) {
    this.memory = memory;
    this.sessions = sessions;
    this.classes = classes;
    this.places = new HashedPlaces(key, 0, sets(sessions.capacity()));
    this.counts = new LiveCounts(memory, shape(sessions.capacity()), sessions, HELD, HELD, dead);
  }

  static long bytes(int capacity) {
    return shape(capacity).bytes();
  }

  private static LiveCounts.Shape shape(int capacity) {
    return new LiveCounts.Shape(sets(capacity), HashedPlaces.WAYS, ENTRY);
  }

  private static int sets(int capacity) {
    return HashedPlaces.setsFor(capacity * BUCKETS_PER_RECORD);
  }

  SessionTable sessions() {
    return sessions;
  }

  ClassBoard classes() {
    return classes;
  }

  /** What a class allows now; on the thread that uses the table in this process. */
  ClassTerms terms(int place) {
    ClassTerms known = terms[place];
    if (known == null) {
      known = new ClassTerms();
      terms[place] = known;
      classes.read(place, known);
    } else if (known.version() != classes.version(place)) {
      classes.read(place, known);
    }
    return known;
  }

  /**
   * Gives a session its bucket.
   *
   * @param record the session's, which the caller holds
   * @param place the class's
   * @param high names the rule or the source; ignored where all share, and for a session's own
   * @param low likewise
   * @param now CLOCK_MONOTONIC ns
   * @param pid this process
   * @return false where there is no room for one more, and the session has got one of its own:
   *     never none
   */
  public boolean acquire(
      int record, int place, SharedBy by, long high, long low, long now, int pid) {
    if (by == SharedBy.SESSION) {
      own(record, place, now);
      return true;
    }
    long nameHigh = by == SharedBy.ALL ? 0 : high;
    long nameLow = by == SharedBy.ALL ? 0 : low;
    long key = key(place, classes.generation(place), by);
    long hash = places.hash(key, nameHigh, nameLow);
    int set = places.set(hash);
    if (counts.lock(set, pid)) {
      try {
        int entry = entry(hash, key, nameHigh, nameLow, now);
        if (entry != FULL) {
          counts.hold(record, HELD, entry);
          return true;
        }
      } finally {
        counts.unlock(set, pid);
      }
    }
    own(record, place, now);
    return false;
  }

  private void own(int record, int place, long now) {
    begin(sessions.memory(), sessions.ownLines(record), terms(place), now);
    sessions.held(record, HELD, OWN);
  }

  private static void begin(MemorySegment m, long lines, ClassTerms terms, long now) {
    for (int way = 0; way < Way.COUNT; way++) {
      Line.begin(m, lines + way * (long) Line.BYTES, terms, way, now);
    }
  }

  /** Gives a session's bucket back, and what it had taken of it and not used. */
  public void release(int record, int pid) {
    long held = sessions.held(record, HELD);
    if (held == 0) {
      return;
    }
    giveBack(record);
    counts.letGo(record, HELD, pid);
  }

  /**
   * Gives back what a session had taken of its bucket and not used, and its place in line, where
   * who took it has died; the session keeps its bucket.
   */
  public void giveBack(int record) {
    if (sessions.held(record, HELD) == 0) {
      return;
    }
    for (int way = 0; way < Way.COUNT; way++) {
      int taken = sessions.taken(record, way);
      if (taken != 0) {
        sessions.taken(record, way, 0);
        long line = line(record, way);
        if (taken < 0) {
          Line.waiting(lineMemory(record), line, -1);
        }
        Line.giveBack(lineMemory(record), line, taken & Integer.MAX_VALUE);
      }
    }
  }

  /**
   * Puts in order what a dead process was changing; in the mother, before she ends its sessions.
   */
  public void recover(int deadPid, int pid) {
    counts.recover(deadPid, pid);
  }

  /** The memory in which the bucket of a session lies. */
  MemorySegment lineMemory(int record) {
    return counts.entryOf(sessions.held(record, HELD)) < 0 ? sessions.memory() : memory;
  }

  /** Where one way of it lies there. */
  long line(int record, int way) {
    int entry = counts.entryOf(sessions.held(record, HELD));
    long lines = entry < 0 ? sessions.ownLines(record) : counts.at(entry, LINES);
    return lines + way * (long) Line.BYTES;
  }

  /**
   * Sessions that stand in line for a class whose sessions all share one bucket; read without a
   * lock.
   */
  public int waiting(int place, int way) {
    long line = commonLine(place, way);
    return line < 0 ? 0 : Line.waiting(memory, line);
  }

  /**
   * What of its clock a class whose sessions all share one bucket has used until now; read without
   * a lock. From one look to the next that is what passed, but for a round of the line.
   *
   * @param now CLOCK_MONOTONIC ns
   * @return bytes since some moment; {@link #NOT_KNOWN} where it has no bucket
   */
  public long used(int place, int way, long now) {
    long line = commonLine(place, way);
    return line < 0
        ? NOT_KNOWN
        : Math.min(Line.next(memory, line), terms(place).served(way, now))
            - classes.lostBytes(place, way);
  }

  /**
   * Whether nobody has taken of such a bucket for longer than who waits is late.
   *
   * @param now CLOCK_MONOTONIC ns
   */
  public boolean isIdle(int place, int way, long now) {
    long line = commonLine(place, way);
    ClassTerms present = terms(place);
    return line < 0
        || present.served(way, now) - Line.next(memory, line)
            > Math.max(present.burst(way), Throttle.lateness(present.rate(way)));
  }

  /** Where the line of all sessions of a class lies; -1 where none has been there. */
  private long commonLine(int place, int way) {
    long key = key(place, classes.generation(place), SharedBy.ALL);
    long hash = places.hash(key, 0, 0);
    for (int choice = 0; choice < 2; choice++) {
      int first = places.bucket(hash, choice);
      for (int entry = first; entry < first + HashedPlaces.BUCKET; entry++) {
        if (get(entry, KEY) == key) {
          return counts.at(entry, LINES) + way * (long) Line.BYTES;
        }
      }
    }
    return -1;
  }

  /** Sessions that have a bucket in the table, read from all of its memory; for tests. */
  long liveInAll() {
    return counts.liveInAll();
  }

  // Entries; under the lock of their set.

  private static long key(int place, int generation, SharedBy by) {
    return (long) place << 48 | (generation & 0xff_ffff_ffffL) << 8 | by.code();
  }

  private long get(int entry, int offset) {
    return (long) LONG.getOpaque(memory, counts.at(entry, offset));
  }

  private void put(int entry, int offset, long value) {
    LONG.setVolatile(memory, counts.at(entry, offset), value);
  }

  private int entry(long hash, long key, long high, long low, long now) {
    int room = FULL;
    int most = 0;
    for (int choice = 0; choice < 2; choice++) {
      int first = places.bucket(hash, choice);
      int free = 0;
      int candidate = FULL;
      for (int entry = first; entry < first + HashedPlaces.BUCKET; entry++) {
        if (get(entry, KEY) == key
            && get(entry, NAME_HIGH) == high
            && get(entry, NAME_LOW) == low) {
          return entry;
        }
        if (isFree(entry, now)) {
          free++;
          candidate = entry;
        }
      }
      if (free > most) {
        most = free;
        room = candidate;
      }
    }
    if (room != FULL) {
      // Without a key while it is changed: a process that dies here leaves a free entry.
      put(room, KEY, 0);
      counts.renew(room);
      put(room, NAME_HIGH, high);
      put(room, NAME_LOW, low);
      begin(memory, counts.at(room, LINES), terms(placeOf(key)), now);
      put(room, KEY, key);
    }
    return room;
  }

  private static int placeOf(long key) {
    return (int) (key >>> 48);
  }

  private boolean isFree(int entry, long now) {
    long key = get(entry, KEY);
    if (key == 0) {
      return true;
    }
    if (counts.live(entry) != 0) {
      return false;
    }
    int place = placeOf(key);
    if ((key >>> 8 & 0xff_ffff_ffffL) != (classes.generation(place) & 0xff_ffff_ffffL)) {
      return true;
    }
    ClassTerms present = terms(place);
    for (int way = 0; way < Way.COUNT; way++) {
      long line = counts.at(entry, LINES) + way * (long) Line.BYTES;
      if (!Line.isFull(memory, line, present, way, now)) {
        return false;
      }
    }
    return true;
  }
}
