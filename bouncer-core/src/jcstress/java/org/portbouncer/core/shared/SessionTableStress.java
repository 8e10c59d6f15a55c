package org.portbouncer.core.shared;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;
import static org.portbouncer.core.shared.Arena64.FIRST;
import static org.portbouncer.core.shared.Arena64.MOTHER;
import static org.portbouncer.core.shared.Arena64.SECOND;
import static org.portbouncer.core.shared.Arena64.bit;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;
import org.openjdk.jcstress.infra.results.II_Result;
import org.openjdk.jcstress.infra.results.JJ_Result;
import org.portbouncer.core.session.Result;
import org.portbouncer.core.session.StageId;

/** The phases of a record, with two processes at once at each of its turns. */
public final class SessionTableStress {

  private SessionTableStress() {}

  /** A session in the hands of the first worker. */
  private static SessionTable held() {
    SessionTable table = Arena64.table();
    int record = new RecordAllocator(table, MOTHER).allocate();
    Arena64.admit(table, record, 7);
    Arena64.bring(table, record, FIRST, StageId.CONNECT);
    return table;
  }

  /** The worker that has it and the mother end it: one does. */
  @JCStressTest
  @Outcome(
      id = {"1, 0", "0, 1"},
      expect = ACCEPTABLE,
      desc = "one ends it")
  @Outcome(expect = FORBIDDEN, desc = "both, or none")
  @State
  public static class TwoEnds {
    private final SessionTable table = held();

    @Actor
    public void worker(II_Result r) {
      r.r1 = bit(table.claimEnd(0, 0, FIRST));
    }

    @Actor
    public void mother(II_Result r) {
      r.r2 = bit(table.claimEnd(0, 0, MOTHER));
    }
  }

  /** It is passed on while the mother ends it: it ends, and a receiver who got it does not. */
  @JCStressTest
  @Outcome(
      id = {"0, 1, 4", "1, 1, 4"},
      expect = ACCEPTABLE,
      desc = "it ends once")
  @Outcome(expect = FORBIDDEN)
  @State
  public static class QueueAndEnd {
    private final SessionTable table = held();

    @Actor
    public void worker(III_Result r) {
      r.r1 = bit(table.queue(0, 0, FIRST, StageId.BANDWIDTH));
    }

    @Actor
    public void mother(III_Result r) {
      r.r2 = bit(table.claimEnd(0, 0, MOTHER));
    }

    @Arbiter
    public void after(III_Result r) {
      r.r3 = table.phase(0).code();
    }
  }

  /** A sender takes back what it could not send, while its receiver takes it: one has it. */
  @JCStressTest
  @Outcome(id = "0, " + FIRST, expect = ACCEPTABLE, desc = "the sender has it again")
  @Outcome(id = "1, " + SECOND, expect = ACCEPTABLE, desc = "the receiver has it")
  @Outcome(expect = FORBIDDEN)
  @State
  public static class UnqueueAndArrive {
    private final SessionTable table = held();
    private final org.portbouncer.core.session.SessionState message;

    public UnqueueAndArrive() {
      table.queue(0, 0, FIRST, StageId.BANDWIDTH);
      message = Arena64.state(table, 0, 7);
    }

    @Actor
    public void sender() {
      // As Handover does: the stage is then the sender's own.
      table.unqueue(0, 0, FIRST, StageId.CONNECT);
    }

    @Actor
    public void receiver(II_Result r) {
      r.r1 = bit(table.arrive(message, StageId.BANDWIDTH, SECOND, 0) != SessionTable.GONE);
    }

    @Arbiter
    public void after(II_Result r) {
      r.r2 = table.owner(0);
    }
  }

  /** The operator's word comes while the session is passed on: it is not lost. */
  @JCStressTest
  @Outcome(id = "1, 1, 1", expect = ACCEPTABLE, desc = "whoever gets it will end it")
  @Outcome(expect = FORBIDDEN)
  @State
  public static class QueueAndKill {
    private final SessionTable table = held();

    @Actor
    public void worker(III_Result r) {
      r.r1 = bit(table.queue(0, 0, FIRST, StageId.BANDWIDTH));
    }

    @Actor
    public void mother(III_Result r) {
      r.r2 = bit(table.requestEnd(0, 0, Result.KILLED));
    }

    @Arbiter
    public void after(III_Result r) {
      r.r3 = bit(table.unwanted(0) == Result.KILLED);
    }
  }

  /** A session of a dead worker is taken over while somebody else ends it. */
  @JCStressTest
  @Outcome(
      id = {"0, 1, 4", "1, 1, 4"},
      expect = ACCEPTABLE,
      desc = "it ends")
  @Outcome(expect = FORBIDDEN)
  @State
  public static class TakeOverAndEnd {
    private final SessionTable table = held();

    @Actor
    public void successor(III_Result r) {
      r.r1 = bit(table.takeOver(0, FIRST, SECOND));
    }

    @Actor
    public void mother(III_Result r) {
      r.r2 = bit(table.claimEnd(0, 0, MOTHER));
    }

    @Arbiter
    public void after(III_Result r) {
      r.r3 = table.phase(0).code();
    }
  }

  /** Two that end the session want to give its state's slot back: one does. */
  @JCStressTest
  @Outcome(
      id = {"5, -1", "-1, 5"},
      expect = ACCEPTABLE)
  @Outcome(expect = FORBIDDEN)
  @State
  public static class SlotOnce {
    private final SessionTable table = held();

    public SlotOnce() {
      table.transfer().slot(0, 5);
    }

    @Actor
    public void first(II_Result r) {
      r.r1 = table.transfer().takeSlot(0);
    }

    @Actor
    public void second(II_Result r) {
      r.r2 = table.transfer().takeSlot(0);
    }
  }

  /** Who reads a record between two looks at its word that say the same reads one session. */
  @JCStressTest
  @Outcome(
      id = {"7, 7", "-1, -1"},
      expect = ACCEPTABLE,
      desc = "one session's, or nothing")
  @Outcome(expect = FORBIDDEN, desc = "torn")
  @State
  public static class ReadAndReuse {
    private final SessionTable table = held();

    public ReadAndReuse() {
      table.moved(0, 7, 7, 0);
    }

    @Actor
    public void mother() {
      table.claimEnd(0, 0, MOTHER);
      table.markFree(0);
      table.open(0, MOTHER);
      Arena64.admit(table, 0, 8);
      table.moved(0, 8, 8, 0);
    }

    @Actor
    public void reader(JJ_Result r) {
      boolean before = table.generation(0) == 0;
      long id = table.id(0);
      long up = table.bytesUp(0);
      boolean same = before && table.generation(0) == 0;
      r.r1 = same ? id : -1;
      r.r2 = same ? up : -1;
    }
  }
}
