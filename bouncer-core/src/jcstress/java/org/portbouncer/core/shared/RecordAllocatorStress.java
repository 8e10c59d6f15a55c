package org.portbouncer.core.shared;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;
import static org.portbouncer.core.shared.Arena64.FIRST;
import static org.portbouncer.core.shared.Arena64.MOTHER;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;
import org.openjdk.jcstress.infra.results.I_Result;

/** The mother takes records while others free them, in the same word of the free map. */
public final class RecordAllocatorStress {

  private RecordAllocatorStress() {}

  /** A table with its allocator, of which all records are taken. */
  private static class Full {
    final SessionTable table = Arena64.table();
    final RecordAllocator records = new RecordAllocator(table, MOTHER);

    Full() {
      for (int i = 0; i < Arena64.CAPACITY; i++) {
        records.allocate();
      }
      Arena64.admit(table, 5, 5);
      Arena64.admit(table, 6, 6);
    }

    void end(int record) {
      table.claimEnd(record, table.generation(record), FIRST);
      table.free(record);
    }
  }

  /** The last record is freed while the mother looks for one. */
  @JCStressTest
  @Outcome(id = "-1, 63", expect = ACCEPTABLE, desc = "not yet free")
  @Outcome(id = "5, 64", expect = ACCEPTABLE, desc = "taken again")
  @Outcome(expect = FORBIDDEN, desc = "a record lost or given out twice")
  @State
  public static class TakeAndFree {
    private final Full full = new Full();

    @Actor
    public void mother(II_Result r) {
      r.r1 = full.records.allocate();
    }

    @Actor
    public void worker() {
      full.end(5);
    }

    @Arbiter
    public void after(II_Result r) {
      r.r2 = full.records.active();
    }
  }

  /** Two workers free records of one word: both are free. */
  @JCStressTest
  @Outcome(id = "62", expect = ACCEPTABLE)
  @Outcome(expect = FORBIDDEN, desc = "a record lost")
  @State
  public static class TwoFree {
    private final Full full = new Full();

    @Actor
    public void one() {
      full.end(5);
    }

    @Actor
    public void other() {
      full.end(6);
    }

    @Arbiter
    public void after(I_Result r) {
      r.r1 = full.records.active();
    }
  }

  /** Who names a session that has ended finds nothing of the one that has its record next. */
  @JCStressTest
  @Outcome(id = "1, 4", expect = ACCEPTABLE, desc = "it came in time, and ends the old session")
  @Outcome(id = "0, 1", expect = ACCEPTABLE, desc = "it came late, and ends nothing")
  @Outcome(expect = FORBIDDEN)
  @State
  public static class LateWord {
    private final Full full = new Full();

    @Actor
    public void mother() {
      if (full.table.claimEnd(5, 0, MOTHER)) {
        full.table.free(5);
        full.records.allocate();
      }
    }

    @Actor
    public void late(II_Result r) {
      r.r1 = Arena64.bit(full.table.claimEnd(5, 0, FIRST));
    }

    @Arbiter
    public void after(II_Result r) {
      r.r2 = full.table.phase(5).code();
    }
  }
}
