package org.portbouncer.core.shared;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;
import static org.portbouncer.core.shared.Arena64.DEAD;
import static org.portbouncer.core.shared.Arena64.FIRST;
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
import org.portbouncer.core.config.BandwidthClass.SharedBy;

/** Buckets: two workers look one up, give one back, take from one. */
public final class BucketTableStress {

  /** More records than any number of rounds that are under way. */
  private static final int CAPACITY = 1 << 17;

  private static final int PLACE = 3;
  private static final long RATE = 1_000_000;
  private static final long BURST = RATE / 50;
  private static final long NOW = 1_000_000_000L;

  private static final SessionTable TABLE =
      new SessionTable(memory(SessionTable.bytes(CAPACITY)), CAPACITY);
  private static final ClassBoard CLASSES = new ClassBoard(memory(ClassBoard.BYTES));
  private static final MemorySegment BUCKETS = memory(BucketTable.bytes(CAPACITY));
  private static final HashKey KEY = new HashKey(5, 6);

  static {
    CLASSES.open(PLACE);
    CLASSES.set(PLACE, RATE, RATE, 0, 0);
  }

  /** As two processes see them. */
  private static final BucketTable ONE = table();

  private static final BucketTable OTHER = table();

  private static final AtomicInteger ROUNDS = new AtomicInteger();

  private BucketTableStress() {}

  private static MemorySegment memory(long bytes) {
    return Arena.global().allocate(bytes, 64);
  }

  private static BucketTable table() {
    return new BucketTable(BUCKETS, TABLE, CLASSES, KEY, pid -> pid == DEAD);
  }

  /** What a round has for itself: a source, and two sessions of it. */
  private static class Round {
    private final int number = ROUNDS.getAndIncrement();
    final int first = 2 * number & CAPACITY - 1;
    final int second = first + 1;

    /**
     * The clock moves with the rounds, so that buckets of those before are full, and free again.
     */
    long now() {
      return NOW + number * 100_000L;
    }

    boolean acquire(BucketTable table, int record, int pid) {
      return table.acquire(record, PLACE, SharedBy.SOURCE, 1, number, now(), pid);
    }

    int same() {
      return bit(ONE.line(first, Way.UP) == ONE.line(second, Way.UP));
    }

    void end() {
      ONE.release(first, FIRST);
      ONE.release(second, FIRST);
    }
  }

  /** Two sessions of a source come at once: they share one bucket. */
  @JCStressTest
  @Outcome(id = "1, 1, 1", expect = ACCEPTABLE, desc = "one bucket")
  @Outcome(expect = FORBIDDEN, desc = "two, or none")
  @State
  public static class TwoComers {
    private final Round round = new Round();

    @Actor
    public void one(III_Result r) {
      r.r1 = bit(round.acquire(ONE, round.first, FIRST));
    }

    @Actor
    public void other(III_Result r) {
      r.r2 = bit(round.acquire(OTHER, round.second, SECOND));
    }

    @Arbiter
    public void after(III_Result r) {
      r.r3 = round.same();
      round.end();
    }
  }

  /** The last session of a bucket goes while the next comes: it is still the same bucket. */
  @JCStressTest
  @Outcome(id = "1, 1", expect = ACCEPTABLE)
  @Outcome(expect = FORBIDDEN)
  @State
  public static class ComeAndGo {
    private final Round round = new Round();
    private final long line;

    public ComeAndGo() {
      round.acquire(ONE, round.first, FIRST);
      line = ONE.line(round.first, 0);
    }

    @Actor
    public void goes() {
      ONE.release(round.first, FIRST);
    }

    @Actor
    public void comes(II_Result r) {
      r.r1 = bit(round.acquire(OTHER, round.second, SECOND));
    }

    @Arbiter
    public void after(II_Result r) {
      r.r2 = bit(ONE.line(round.second, 0) == line);
      round.end();
    }
  }

  /** Two take from one bucket, more than is there: together no more than that. */
  @JCStressTest
  @Outcome(id = "20000, 0", expect = ACCEPTABLE, desc = "the burst, and nothing is left")
  @Outcome(expect = FORBIDDEN)
  @State
  public static class TwoTakers {
    private final Round round = new Round();
    private final ClassTerms terms = new ClassTerms();
    private final MemorySegment lines;
    private final long line;
    private final long now;
    private long first;
    private long second;

    public TwoTakers() {
      round.acquire(ONE, round.first, FIRST);
      lines = ONE.lineMemory(round.first);
      line = ONE.line(round.first, Way.DOWN);
      CLASSES.read(PLACE, terms);
      now = round.now();
    }

    private long take() {
      ClassClock clock = new ClassClock(CLASSES, Way.DOWN);
      clock.open(PLACE);
      return Line.takeNow(lines, line, clock.at(terms, now, BURST), BURST * 3 / 4);
    }

    @Actor
    public void one() {
      first = take();
    }

    @Actor
    public void other() {
      second = take();
    }

    @Arbiter
    public void after(II_Result r) {
      r.r1 = (int) (first + second);
      r.r2 = (int) take();
      round.end();
    }
  }
}
