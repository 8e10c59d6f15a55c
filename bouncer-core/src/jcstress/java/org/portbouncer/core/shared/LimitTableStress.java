package org.portbouncer.core.shared;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;
import static org.portbouncer.core.shared.Arena64.DEAD;
import static org.portbouncer.core.shared.Arena64.FIRST;
import static org.portbouncer.core.shared.Arena64.MOTHER;
import static org.portbouncer.core.shared.Arena64.SECOND;
import static org.portbouncer.core.shared.Arena64.bit;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicInteger;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;
import org.openjdk.jcstress.infra.results.II_Result;
import org.portbouncer.core.session.Cause;

/** Limits: two acl workers count, and others give back, under one limit. */
public final class LimitTableStress {

  /** More records than any number of rounds that are under way. */
  private static final int CAPACITY = 1 << 17;

  private static final long NOW = 1_000_000_000L;

  private static final MemorySegment RECORDS = memory(SessionTable.bytes(CAPACITY));
  private static final SessionTable TABLE = new SessionTable(RECORDS, CAPACITY);
  private static final MemorySegment LIMITS = memory(LimitTable.bytes(CAPACITY));
  private static final HashKey KEY = new HashKey(3, 4);

  /** As two processes see them. */
  private static final LimitTable ONE = new LimitTable(LIMITS, TABLE, KEY, pid -> pid == DEAD);

  private static final LimitTable OTHER = new LimitTable(LIMITS, TABLE, KEY, pid -> pid == DEAD);

  private static final AtomicInteger ROUNDS = new AtomicInteger();

  private LimitTableStress() {}

  private static MemorySegment memory(long bytes) {
    return Arena.global().allocate(bytes, 64);
  }

  /** What a round has for itself: a source, and two sessions of it. */
  private static class Round {
    private final int number = ROUNDS.getAndIncrement();
    final Limit limit = new Limit(77, 1, null);
    final int first = 2 * number & CAPACITY - 1;
    final int second = first + 1;

    boolean take(LimitTable table, int record, int pid) {
      LimitTable.Outcome outcome = table.take(record, null, limit, number, 9, NOW, pid);
      if (outcome == LimitTable.Outcome.LIMITED
          && table.reached() != Cause.MAX_SESSIONS_PER_SOURCE) {
        throw new AssertionError("limited by " + table.reached());
      }
      if (outcome == LimitTable.Outcome.NO_ROOM) {
        throw new AssertionError("no room");
      }
      return outcome == LimitTable.Outcome.TAKEN;
    }

    int live() {
      return ONE.live(limit, number, 9);
    }

    void end() {
      ONE.release(first, FIRST);
      ONE.release(second, FIRST);
    }
  }

  /** Two want the one session that the limit allows: one gets it. */
  @JCStressTest
  @Outcome(
      id = {"1, 0, 1", "0, 1, 1"},
      expect = ACCEPTABLE,
      desc = "one passes")
  @Outcome(expect = FORBIDDEN, desc = "both, none, or a wrong count")
  @State
  public static class TheLast {
    private final Round round = new Round();

    @Actor
    public void one(III_Result r) {
      r.r1 = bit(round.take(ONE, round.first, FIRST));
    }

    @Actor
    public void other(III_Result r) {
      r.r2 = bit(round.take(OTHER, round.second, SECOND));
    }

    @Arbiter
    public void after(III_Result r) {
      r.r3 = round.live();
      round.end();
      r.r3 += 10 * round.live();
    }
  }

  /** One ends while another wants its place: the count is right either way. */
  @JCStressTest
  @Outcome(
      id = {"1, 1", "0, 0"},
      expect = ACCEPTABLE)
  @Outcome(expect = FORBIDDEN)
  @State
  public static class TakeAndRelease {
    private final Round round = new Round();

    public TakeAndRelease() {
      round.take(ONE, round.first, FIRST);
    }

    @Actor
    public void ends() {
      ONE.release(round.first, FIRST);
    }

    @Actor
    public void wants(II_Result r) {
      r.r1 = bit(round.take(OTHER, round.second, SECOND));
    }

    @Arbiter
    public void after(II_Result r) {
      r.r2 = round.live();
      round.end();
      r.r2 += 10 * round.live();
    }
  }

  /**
   * A process died between holding and counting. The mother puts its set in order while a worker
   * counts there, who may come first: every live session is counted once.
   */
  @JCStressTest
  @Outcome(id = "2, 0", expect = ACCEPTABLE)
  @Outcome(expect = FORBIDDEN)
  @State
  public static class RecoverAndHold {
    private static final LiveCounts.Shape SHAPE = new LiveCounts.Shape(1, 2, 64);

    private final SessionTable table = Arena64.table();
    private final MemorySegment memory = Arena64.memory(SHAPE.bytes());
    private final LiveCounts counts =
        new LiveCounts(memory, SHAPE, table, 0, 1, pid -> pid == DEAD);
    private final int dying;
    private final int other;

    public RecoverAndHold() {
      RecordAllocator records = new RecordAllocator(table, MOTHER);
      dying = records.allocate();
      other = records.allocate();
      Arena64.admit(table, dying, 1);
      Arena64.admit(table, other, 2);
      counts.lock(0, DEAD);
      table.held(dying, 0, 1);
    }

    @Actor
    public void mother() {
      counts.recover(DEAD, MOTHER);
    }

    @Actor
    public void worker() {
      if (counts.lock(0, SECOND)) {
        counts.hold(other, 0, 0);
        counts.unlock(0, SECOND);
      }
    }

    @Arbiter
    public void after(II_Result r) {
      r.r1 = counts.live(0);
      counts.letGo(dying, 0, MOTHER);
      counts.letGo(other, 0, MOTHER);
      r.r2 = counts.live(0);
    }
  }
}
