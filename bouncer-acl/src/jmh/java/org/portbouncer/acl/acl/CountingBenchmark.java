package org.portbouncer.acl.acl;

import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;
import org.portbouncer.core.config.Rate;
import org.portbouncer.core.shared.Limit;
import org.portbouncer.core.shared.LimitTable;
import org.portbouncer.core.shared.RecordAllocator;
import org.portbouncer.core.shared.SharedArea;

/** A session counted per source and given back: one of so many sources, in any order. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class CountingBenchmark {

  private static final int RECORDS = 65_536;

  @Param({"1", "1000", "100000"})
  private int sources;

  private final Limit limit =
      Limit.of("office", "staff", Limit.Per.SOURCE, 5, new Rate(3, 3_600_000));
  private LimitTable table;
  private int record;
  private int[] order;
  private int next;
  private long now;

  /** Makes the table, as full as it will be. */
  @Setup
  public void make() {
    SharedArea area = SharedArea.create(RECORDS);
    table = area.limits();
    record = new RecordAllocator(area.sessions(), 1).allocate();
    order = new Random(1).ints(1 << 20, 0, sources).toArray();
    for (int i = 0; i < sources; i++) {
      table.take(record, null, limit, 0, i, 0, 1);
      table.release(record, 1);
    }
  }

  /** Of sources that are known, each with its rate. */
  @Benchmark
  public LimitTable.Outcome known() {
    next = next + 1 & order.length - 1;
    now += 7_200_000_000_000L;
    LimitTable.Outcome outcome = table.take(record, null, limit, 0, order[next], now, 1);
    table.release(record, 1);
    return outcome;
  }

  /** Of sources that were never there, into places whose time is over. */
  @Benchmark
  public LimitTable.Outcome unknown() {
    next++;
    now += 7_200_000_000_000L;
    LimitTable.Outcome outcome = table.take(record, null, limit, 1, next, now, 1);
    table.release(record, 1);
    return outcome;
  }
}
