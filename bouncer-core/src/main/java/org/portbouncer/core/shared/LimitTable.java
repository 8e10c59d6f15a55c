package org.portbouncer.core.shared;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.util.function.IntPredicate;
import org.portbouncer.core.sys.ProcessState;

/**
 * What is counted for limits, in shared memory: live sessions and new sessions of rules and of
 * their sources. Taken from by acl workers, given back by whichever process ends a session.
 *
 * <pre>
 *   sets of {@value #WAYS} entries, {@value #RULE_BUCKETS} of them for rules, the others for sources; an entry has
 *   {@value #ENTRY} bytes:
 *      0 word u64         see LiveCounts, which also has the locks
 *      8 key u64          of the Limit; 0 for an entry that is free
 *     16 source u64, u64  the source's address, 0 for what is counted per rule
 *     32 busy until u64   CLOCK_MONOTONIC ns: no earlier may another take the place
 *     40 rate window      see RateWindow
 * </pre>
 *
 * A key has one bucket and never stands elsewhere. docs/decisions/006-limits.md has the reasoning.
 */
public final class LimitTable {

  static final int WAYS = 16;
  static final int ENTRY = 128;

  /** Buckets of rules, apart from those of sources: a flood of sources leaves rules their place. */
  static final int RULE_BUCKETS = 2048;

  /** Entries reserved for each session record: so many that a bucket practically never is full. */
  private static final int ENTRIES_PER_RECORD = 4;

  private static final VarHandle LONG = ValueLayout.JAVA_LONG.varHandle();

  private static final int KEY = 8;
  private static final int SOURCE_HIGH = 16;
  private static final int SOURCE_LOW = 24;
  private static final int BUSY_UNTIL = 32;
  private static final int RATE = 40;

  private static final int FULL = -1;

  /** What came of {@link #take}. */
  public enum Outcome {
    /** Counted; the session's record holds it until {@link #release}. */
    TAKEN,
    /** A limit is reached; nothing was counted. */
    LIMITED,
    /** There is no room to count a new source, so it is refused; nothing was counted. */
    NO_ROOM
  }

  private final MemorySegment memory;
  private final LiveCounts counts;
  private final int buckets;

  LimitTable(MemorySegment memory, SessionTable sessions) {
    this(memory, sessions, ProcessState::isDead);
  }

  LimitTable(MemorySegment memory, SessionTable sessions, IntPredicate dead) {
    this.memory = memory;
    this.buckets = buckets(sessions.capacity());
    this.counts =
        new LiveCounts(
            memory,
            shape(sessions.capacity()),
            sessions,
            Limit.Per.RULE.ordinal(),
            Limit.Per.SOURCE.ordinal(),
            dead);
  }

  static long bytes(int capacity) {
    return shape(capacity).bytes();
  }

  private static LiveCounts.Shape shape(int capacity) {
    return new LiveCounts.Shape(buckets(capacity), WAYS, ENTRY);
  }

  private static int buckets(int capacity) {
    int least = Math.max(16, capacity / WAYS * ENTRIES_PER_RECORD);
    return RULE_BUCKETS + Integer.highestOneBit(2 * least - 1);
  }

  /**
   * Counts a session under up to two limits, or under neither.
   *
   * @param record the session's, which the caller holds
   * @param rule counted per rule; null for no limit
   * @param source counted per source; null for no limit
   * @param high the source's address, as IpAddress has it
   * @param low likewise
   * @param now CLOCK_MONOTONIC ns
   * @param pid this process
   */
  public Outcome take(
      int record, Limit rule, Limit source, long high, long low, long now, int pid) {
    int ruleBucket = rule == null ? -1 : ruleBucket(rule.key());
    int sourceBucket = source == null ? ruleBucket : sourceBucket(source.key(), high, low);
    int first = ruleBucket < 0 ? sourceBucket : Math.min(ruleBucket, sourceBucket);
    int second = Math.max(ruleBucket, sourceBucket);
    if (second < 0) {
      return Outcome.TAKEN;
    }
    // Always in this order, so that two processes never wait for each other.
    if (!counts.lock(first, pid)) {
      return Outcome.NO_ROOM;
    }
    try {
      if (second != first && !counts.lock(second, pid)) {
        return Outcome.NO_ROOM;
      }
      try {
        return takeLocked(record, rule, ruleBucket, source, sourceBucket, high, low, now);
      } finally {
        if (second != first) {
          counts.unlock(second, pid);
        }
      }
    } finally {
      counts.unlock(first, pid);
    }
  }

  private Outcome takeLocked(
      int record,
      Limit rule,
      int ruleBucket,
      Limit source,
      int sourceBucket,
      long high,
      long low,
      long now) {
    int ruleEntry = FULL;
    if (rule != null) {
      ruleEntry = entry(ruleBucket, rule.key(), 0, 0, now, FULL);
      if (ruleEntry == FULL) {
        return Outcome.NO_ROOM;
      }
      if (!admits(ruleEntry, rule, now)) {
        return Outcome.LIMITED;
      }
    }
    if (source != null) {
      int sourceEntry = entry(sourceBucket, source.key(), high, low, now, ruleEntry);
      if (sourceEntry == FULL) {
        return Outcome.NO_ROOM;
      }
      if (!admits(sourceEntry, source, now)) {
        return Outcome.LIMITED;
      }
      count(sourceEntry, source, record, Limit.Per.SOURCE, now);
    }
    if (rule != null) {
      count(ruleEntry, rule, record, Limit.Per.RULE, now);
    }
    return Outcome.TAKEN;
  }

  /** Gives back what a session holds, if it holds anything; its end is the caller's. */
  public void release(int record, int pid) {
    counts.letGo(record, Limit.Per.SOURCE.ordinal(), pid);
    counts.letGo(record, Limit.Per.RULE.ordinal(), pid);
  }

  /**
   * Puts in order what a dead process was changing; in the mother, before she ends its sessions.
   */
  public void recover(int deadPid, int pid) {
    counts.recover(deadPid, pid);
  }

  /** Live sessions counted for a rule now. */
  public int live(Limit rule) {
    return live(ruleBucket(rule.key()), rule.key(), 0, 0);
  }

  /** Live sessions counted for a source now. */
  public int live(Limit source, long high, long low) {
    return live(sourceBucket(source.key(), high, low), source.key(), high, low);
  }

  private int live(int bucket, long key, long high, long low) {
    for (int entry = counts.first(bucket); entry < counts.end(bucket); entry++) {
      if (is(entry, key, high, low)) {
        return counts.live(entry);
      }
    }
    return 0;
  }

  /** Live sessions counted in all entries, read from all of the memory; for tests. */
  long liveInAll() {
    return counts.liveInAll();
  }

  // Entries; under the lock of their bucket.

  private static int ruleBucket(long key) {
    return (int) Limit.mix(key) & (RULE_BUCKETS - 1);
  }

  private int sourceBucket(long key, long high, long low) {
    long hash = Limit.mix(key ^ Limit.mix(high ^ Limit.mix(low)));
    return RULE_BUCKETS + ((int) hash & (buckets - RULE_BUCKETS - 1));
  }

  private long at(int entry, int offset) {
    return counts.at(entry, offset);
  }

  private long get(int entry, int offset) {
    return (long) LONG.getOpaque(memory, at(entry, offset));
  }

  private void put(int entry, int offset, long value) {
    LONG.setVolatile(memory, at(entry, offset), value);
  }

  private boolean is(int entry, long key, long high, long low) {
    return get(entry, KEY) == key
        && get(entry, SOURCE_HIGH) == high
        && get(entry, SOURCE_LOW) == low;
  }

  /**
   * The entry of a key, made where there is none.
   *
   * @param except an entry that must stay, though nothing may be counted there yet
   * @return {@link #FULL} where every place of the bucket is in use
   */
  private int entry(int bucket, long key, long high, long low, long now, int except) {
    int room = FULL;
    for (int entry = counts.first(bucket); entry < counts.end(bucket); entry++) {
      if (is(entry, key, high, low)) {
        return entry;
      }
      if (room == FULL && entry != except && isFree(entry, now)) {
        room = entry;
      }
    }
    if (room != FULL) {
      // Without a key while it is changed: a process that dies here leaves a free entry.
      put(room, KEY, 0);
      counts.renew(room);
      put(room, SOURCE_HIGH, high);
      put(room, SOURCE_LOW, low);
      put(room, BUSY_UNTIL, 0);
      RateWindow.clear(memory, at(room, RATE));
      put(room, KEY, key);
    }
    return room;
  }

  private boolean isFree(int entry, long now) {
    return get(entry, KEY) == 0 || (counts.live(entry) == 0 && isQuiet(entry, now));
  }

  /** Whether its rate window has passed. */
  private boolean isQuiet(int entry, long now) {
    long busyUntil = get(entry, BUSY_UNTIL);
    return busyUntil == 0 || now - busyUntil > 0;
  }

  private boolean admits(int entry, Limit limit, long now) {
    if (limit.maxSessions() > 0 && counts.live(entry) >= limit.maxSessions()) {
      return false;
    }
    if (limit.rate() == null) {
      return true;
    }
    if (isQuiet(entry, now)) {
      RateWindow.clear(memory, at(entry, RATE));
    }
    return RateWindow.admits(memory, at(entry, RATE), limit.rate(), now);
  }

  private void count(int entry, Limit limit, int record, Limit.Per per, long now) {
    if (limit.rate() != null) {
      RateWindow.add(memory, at(entry, RATE), limit.rate(), now);
      put(entry, BUSY_UNTIL, now + RateWindow.nanos(limit.rate()));
    }
    counts.hold(record, per.ordinal(), entry);
  }
}
