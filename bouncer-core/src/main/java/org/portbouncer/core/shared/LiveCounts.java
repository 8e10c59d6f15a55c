package org.portbouncer.core.shared;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntPredicate;

/**
 * Entries in shared memory that know how many live sessions refer to them, in sets with a lock
 * each; for {@link LimitTable} and BucketTable.
 *
 * <pre>
 *   locks      one u32 per set: the pid that changes it, 0 none
 *   entries    as many in each set:  0 word u64, generation 32 | live sessions 32 (high to low)
 *                                    8 what the table keeps there
 * </pre>
 *
 * A set is changed under its lock, which names its owner. What a session refers to stands in its
 * record in the {@link SessionTable}, written before it is counted; so a count is, by definition,
 * the number of live records that name the entry. Under the lock both change together, and a
 * process that dies in between leaves its pid in the lock: whoever finds it there counts the
 * records again and goes on ({@link #recover}, or anyone who wants the set).
 * docs/decisions/006-limits.md has the reasoning.
 */
final class LiveCounts {

  private static final VarHandle LONG = ValueLayout.JAVA_LONG.varHandle();
  private static final VarHandle INT = ValueLayout.JAVA_INT.varHandle();

  /** What an entry begins with; what the table keeps there comes behind it. */
  static final int WORD_BYTES = Long.BYTES;

  private static final int SPINS = 2000;
  private static final int NAPS = 20_000;
  private static final int NAPS_PER_LOOK = 16;
  private static final long NAP_NANOS = 50_000;

  /** How the entries lie: so many sets, of so many entries, of so many bytes. */
  record Shape(int sets, int ways, int entryBytes) {

    long bytes() {
      return entriesAt() + (long) sets * ways * entryBytes;
    }

    long entriesAt() {
      return ((long) Integer.BYTES * sets + 63) / 64 * 64;
    }
  }

  private final MemorySegment memory;
  private final Shape shape;
  private final SessionTable sessions;
  private final int firstHeld;
  private final int lastHeld;
  private final IntPredicate dead;

  /**
   * Looks at a table.
   *
   * @param firstHeld the first of the words in a session's record that refer to this table
   * @param lastHeld the last of them
   * @param dead whether a process is
   */
  LiveCounts(
      MemorySegment memory,
      Shape shape,
      SessionTable sessions,
      int firstHeld,
      int lastHeld,
      IntPredicate dead) {
    this.memory = memory;
    this.shape = shape;
    this.sessions = sessions;
    this.firstHeld = firstHeld;
    this.lastHeld = lastHeld;
    this.dead = dead;
  }

  int first(int set) {
    return set * shape.ways();
  }

  int end(int set) {
    return (set + 1) * shape.ways();
  }

  private int setOf(int entry) {
    return entry / shape.ways();
  }

  /** Where a field of an entry lies. */
  long at(int entry, int offset) {
    return shape.entriesAt() + (long) entry * shape.entryBytes() + offset;
  }

  private long word(int entry) {
    return (long) LONG.getVolatile(memory, at(entry, 0));
  }

  /** Live sessions that refer to an entry. */
  int live(int entry) {
    return (int) word(entry);
  }

  /** Live sessions counted in all entries, read from all of the memory; for tests. */
  long liveInAll() {
    long live = 0;
    for (int entry = 0; entry < end(shape.sets() - 1); entry++) {
      live += live(entry);
    }
    return live;
  }

  /** Gives an entry, to which nobody refers, to another user; under the lock. */
  void renew(int entry) {
    LONG.setVolatile(memory, at(entry, 0), (word(entry) >>> 32) + 1 << 32);
  }

  /** Has a session refer to an entry; under the lock. */
  void hold(int record, int held, int entry) {
    int generation = generationOf(word(entry));
    sessions.held(record, held, (long) generation << 32 | (entry + 1));
    addLive(entry, generation, 1);
  }

  /** The entry that a word of a record names; -1 where it names none. */
  int entryOf(long held) {
    int entry = (int) held - 1;
    return entry >= 0 && entry < end(shape.sets() - 1) ? entry : -1;
  }

  /** Takes back that a session refers to an entry, if it does; its end is the caller's. */
  void letGo(int record, int held, int pid) {
    long handle = sessions.held(record, held);
    if (handle == 0) {
      return;
    }
    int entry = entryOf(handle);
    if (entry < 0) {
      sessions.held(record, held, 0);
      return;
    }
    // Without the lock, after a long wait for a process that was stopped, the count is right too;
    // only a death between the next two lines would not be noticed.
    boolean locked = lock(setOf(entry), pid);
    sessions.held(record, held, 0);
    addLive(entry, generationOf(handle), -1);
    if (locked) {
      unlock(setOf(entry), pid);
    }
  }

  private void addLive(int entry, int generation, int delta) {
    while (true) {
      long word = word(entry);
      if (generationOf(word) != generation || (delta < 0 && (int) word == 0)) {
        return;
      }
      if (LONG.compareAndSet(memory, at(entry, 0), word, word + delta)) {
        return;
      }
    }
  }

  private static int generationOf(long handleOrWord) {
    return (int) (handleOrWord >>> 32);
  }

  // Locks.

  private static long lockAt(int set) {
    return (long) Integer.BYTES * set;
  }

  private int owner(int set) {
    return (int) INT.getVolatile(memory, lockAt(set));
  }

  /** Waits for the set; false where its owner lives and does not move. */
  boolean lock(int set, int pid) {
    for (int spin = 0; spin < SPINS; spin++) {
      if (INT.compareAndSet(memory, lockAt(set), 0, pid)) {
        return true;
      }
      Thread.onSpinWait();
    }
    for (int nap = 0; nap < NAPS; nap++) {
      if (INT.compareAndSet(memory, lockAt(set), 0, pid)) {
        return true;
      }
      int owner = owner(set);
      if (nap % NAPS_PER_LOOK == 1
          && owner != 0
          && dead.test(owner)
          && INT.compareAndSet(memory, lockAt(set), owner, pid)) {
        recount(set);
        return true;
      }
      LockSupport.parkNanos(NAP_NANOS);
    }
    return false;
  }

  void unlock(int set, int pid) {
    INT.compareAndSet(memory, lockAt(set), pid, 0);
  }

  /**
   * Puts in order what a dead process was changing; in the mother, before she ends its sessions.
   */
  void recover(int deadPid, int pid) {
    for (int set = 0; set < shape.sets(); set++) {
      if (owner(set) == deadPid && INT.compareAndSet(memory, lockAt(set), deadPid, pid)) {
        recount(set);
        unlock(set, pid);
      }
    }
  }

  /** Sets every count of the set to the number of records that hold it. */
  private void recount(int set) {
    int[] live = new int[shape.ways()];
    for (int word = 0; word < sessions.capacity() / 64; word++) {
      for (long taken = ~sessions.freeWord(word); taken != 0; taken &= taken - 1) {
        int record = word * 64 + Long.numberOfTrailingZeros(taken);
        for (int each = firstHeld; each <= lastHeld; each++) {
          long held = sessions.held(record, each);
          int entry = entryOf(held);
          if (entry >= 0
              && setOf(entry) == set
              && generationOf(word(entry)) == generationOf(held)) {
            live[entry - first(set)]++;
          }
        }
      }
    }
    for (int way = 0; way < live.length; way++) {
      int entry = first(set) + way;
      LONG.setVolatile(memory, at(entry, 0), word(entry) >>> 32 << 32 | live[way]);
    }
  }
}
