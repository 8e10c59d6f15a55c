package org.portbouncer.core.shared;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.util.function.IntPredicate;
import org.portbouncer.core.session.Cause;
import org.portbouncer.core.sys.ProcessState;

/**
 * What is counted for limits, in shared memory: live sessions and new sessions of rules and of
 * their sources. Taken from by acl workers, given back by whichever process ends a session.
 *
 * <pre>
 *   sets of entries, {@value #RULE_SETS} of them for rules, the others for sources; an entry has 128 bytes:
 *      0 word u64         see LiveCounts, which also has the locks
 *      8 key u64          of the Limit; 0 for an entry that is free
 *     16 source u64, u64  the source's address, 0 for what is counted per rule
 *     32 busy until u64   CLOCK_MONOTONIC ns: no earlier may another take the place
 *     40 rate window      see RateWindow
 * </pre>
 *
 * A key has two buckets ({@link HashedPlaces}) and never stands elsewhere.
 * docs/decisions/006-limits.md has the reasoning.
 */
public final class LimitTable {

  static final Layout LAYOUT = new Layout("an entry of the limit table");

  static {
    LAYOUT.bytes("word", LiveCounts.WORD_BYTES);
  }

  private static final int KEY = LAYOUT.u64("key");
  private static final int SOURCE_HIGH = LAYOUT.u64("source, high");
  private static final int SOURCE_LOW = LAYOUT.u64("source, low");
  private static final int BUSY_UNTIL = LAYOUT.u64("busy until");
  private static final int RATE = LAYOUT.bytes("rate", RateWindow.BYTES);

  static final int ENTRY = LAYOUT.within(128);

  /** Sets of rules, apart from those of sources: a flood of sources leaves rules their place. */
  static final int RULE_SETS = 32;

  /** Sources that find their place, for each session record. */
  private static final int SOURCES_PER_RECORD = 4;

  private static final VarHandle LONG = ValueLayout.JAVA_LONG.varHandle();

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

  /** In place of a part: the limit is this server's alone. */
  public static final int OWN = -1;

  private Cause reached = Cause.UNSAID;

  // Of the session that is asked for; on the thread that asks.
  private SharedParts parts;
  private int part = OWN;
  private boolean lives;

  private final MemorySegment memory;
  private final LiveCounts counts;
  private final HashedPlaces rules;
  private final HashedPlaces sources;

  LimitTable(MemorySegment memory, SessionTable sessions, HashKey key) {
    this(memory, sessions, key, ProcessState::isDead);
  }

  LimitTable(MemorySegment memory, SessionTable sessions, HashKey key, IntPredicate dead) {
    this.memory = memory;
    this.rules = new HashedPlaces(key, 0, RULE_SETS);
    this.sources = new HashedPlaces(key, RULE_SETS, sourceSets(sessions.capacity()));
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
    int sets = RULE_SETS + sourceSets(capacity);
    return new LiveCounts.Shape(sets, HashedPlaces.WAYS, ENTRY);
  }

  private static int sourceSets(int capacity) {
    return HashedPlaces.setsFor(capacity * SOURCES_PER_RECORD);
  }

  /**
   * Counts a session under up to two limits, or under neither; as they stand in the configuration.
   *
   * @see #take(int, Limit, Limit, long, long, long, int, SharedParts, int)
   */
  public Outcome take(
      int record, Limit rule, Limit source, long high, long low, long now, int pid) {
    return take(record, rule, source, high, low, now, pid, null, OWN);
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
   * @param parts where this server's part of the rule's limit stands
   * @param place the rule's there; {@link #OWN} where the limit is this server's alone
   */
  public Outcome take(
      int record,
      Limit rule,
      Limit source,
      long high,
      long low,
      long now,
      int pid,
      SharedParts parts,
      int place) {
    reached = Cause.SOURCES_FULL;
    this.parts = parts;
    this.part = place;
    long ruleHash = rule == null ? 0 : rules.hash(rule.key(), 0, 0);
    long sourceHash = source == null ? 0 : sources.hash(source.key(), high, low);
    int ruleSet = rule == null ? -1 : rules.set(ruleHash);
    int sourceSet = source == null ? ruleSet : sources.set(sourceHash);
    // Those of rules come before those of sources.
    int first = ruleSet < 0 ? sourceSet : ruleSet;
    int second = sourceSet;
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
        return takeLocked(record, rule, ruleHash, source, sourceHash, high, low, now);
      } finally {
        if (second != first) {
          counts.unlock(second, pid);
        }
      }
    } finally {
      counts.unlock(first, pid);
    }
  }

  /** Counts a session that lives already, whatever the limits say; as {@link #take}. */
  public Outcome adopt(
      int record, Limit rule, Limit source, long high, long low, long now, int pid) {
    lives = true;
    try {
      return take(record, rule, source, high, low, now, pid);
    } finally {
      lives = false;
    }
  }

  private Outcome takeLocked(
      int record,
      Limit rule,
      long ruleHash,
      Limit source,
      long sourceHash,
      long high,
      long low,
      long now) {
    int ruleEntry = FULL;
    if (rule != null) {
      ruleEntry = entry(rules, ruleHash, rule.key(), 0, 0, now);
      if (ruleEntry == FULL) {
        return Outcome.NO_ROOM;
      }
      if (part == OWN
          ? !admits(ruleEntry, rule, rule.maxSessions(), rule.count(), now)
          : !admitsPart(ruleEntry, rule, now)) {
        return Outcome.LIMITED;
      }
    }
    if (source != null) {
      int sourceEntry = entry(sources, sourceHash, source.key(), high, low, now);
      if (sourceEntry == FULL) {
        return Outcome.NO_ROOM;
      }
      if (!admits(sourceEntry, source, source.maxSessions(), source.count(), now)) {
        reached = reached == Cause.RATE ? Cause.RATE_PER_SOURCE : Cause.MAX_SESSIONS_PER_SOURCE;
        return Outcome.LIMITED;
      }
      count(sourceEntry, source, record, Limit.Per.SOURCE, now);
    }
    if (rule != null) {
      count(ruleEntry, rule, record, Limit.Per.RULE, now);
    }
    return Outcome.TAKEN;
  }

  /** Why the last {@link #take} of this process did not; on the thread that called it. */
  public Cause reached() {
    return reached;
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
    return live(rules, rule.key(), 0, 0);
  }

  /**
   * New sessions of a rule that its rate still counts; read without the lock, so perhaps one off
   * while one is being counted.
   */
  public int recent(Limit rule, long now) {
    int entry = find(rules, rules.hash(rule.key(), 0, 0), rule.key(), 0, 0);
    return entry == FULL || rule.rate() == null || isQuiet(entry, now)
        ? 0
        : RateWindow.recent(memory, at(entry, RATE), rule.rate(), now);
  }

  /** Live sessions counted for a source now. */
  public int live(Limit source, long high, long low) {
    return live(sources, source.key(), high, low);
  }

  private int live(HashedPlaces places, long key, long high, long low) {
    int entry = find(places, places.hash(key, high, low), key, high, low);
    return entry == FULL ? 0 : counts.live(entry);
  }

  /** Live sessions counted in all entries, read from all of the memory; for tests. */
  long liveInAll() {
    return counts.liveInAll();
  }

  // Entries; under the lock of their set.

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

  private int find(HashedPlaces places, long hash, long key, long high, long low) {
    for (int choice = 0; choice < 2; choice++) {
      int first = places.bucket(hash, choice);
      for (int entry = first; entry < first + HashedPlaces.BUCKET; entry++) {
        if (is(entry, key, high, low)) {
          return entry;
        }
      }
    }
    return FULL;
  }

  /**
   * The entry of a key, made where there is none.
   *
   * @return {@link #FULL} where every place of both buckets is in use
   */
  private int entry(HashedPlaces places, long hash, long key, long high, long low, long now) {
    int room = FULL;
    int most = 0;
    for (int choice = 0; choice < 2; choice++) {
      int first = places.bucket(hash, choice);
      int free = 0;
      int candidate = FULL;
      for (int entry = first; entry < first + HashedPlaces.BUCKET; entry++) {
        long there = get(entry, KEY);
        if (there == key && get(entry, SOURCE_LOW) == low && get(entry, SOURCE_HIGH) == high) {
          return entry;
        }
        if (there == 0 || isLeft(entry, now)) {
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
      put(room, SOURCE_HIGH, high);
      put(room, SOURCE_LOW, low);
      put(room, BUSY_UNTIL, 0);
      RateWindow.clear(memory, at(room, RATE));
      put(room, KEY, key);
    }
    return room;
  }

  /** Whether nothing is counted there any more. */
  private boolean isLeft(int entry, long now) {
    return counts.live(entry) == 0 && isQuiet(entry, now);
  }

  /** Whether its rate window has passed. */
  private boolean isQuiet(int entry, long now) {
    long busyUntil = get(entry, BUSY_UNTIL);
    return busyUntil == 0 || now - busyUntil > 0;
  }

  /** Whether this server's part of a limit that others hold as well has room. */
  private boolean admitsPart(int entry, Limit limit, long now) {
    if (!parts.isHeld(part, now)) {
      reached = Cause.CLUSTER_AWAY;
      return false;
    }
    if (admits(entry, limit, parts.sessions(part), parts.rate(part), now)) {
      return true;
    }
    parts.refused(part, reached == Cause.RATE);
    return false;
  }

  /**
   * Whether an entry has room; if not, {@link #reached} says for what.
   *
   * @param most sessions at once, where the limit limits them
   * @param count sessions in its rate's period, likewise
   */
  private boolean admits(int entry, Limit limit, int most, int count, long now) {
    if (!lives && limit.maxSessions() > 0 && counts.live(entry) >= most) {
      reached = Cause.MAX_SESSIONS;
      return false;
    }
    if (limit.rate() == null || lives) {
      return true;
    }
    if (isQuiet(entry, now)) {
      RateWindow.clear(memory, at(entry, RATE));
    }
    if (!RateWindow.admits(memory, at(entry, RATE), limit.rate(), count, now)) {
      reached = Cause.RATE;
      return false;
    }
    return true;
  }

  private void count(int entry, Limit limit, int record, Limit.Per per, long now) {
    if (limit.rate() != null && !lives) {
      RateWindow.add(memory, at(entry, RATE), limit.rate(), now);
      put(entry, BUSY_UNTIL, now + RateWindow.nanos(limit.rate()));
    }
    counts.hold(record, per.ordinal(), entry);
  }
}
