package org.portbouncer.core.shared;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;
import static org.portbouncer.core.shared.Arena64.bit;

import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/**
 * State slots: the mother takes them, others give them back. One real area for all rounds; it is
 * full but for the slots of the rounds that run.
 */
public final class StateSlotsStress {

  private static final int SLOTS = 1 << 17;

  private static final StateSlots AREA = StateSlots.create(SLOTS, 64);

  private static final VarHandle LONG = ValueLayout.JAVA_LONG.varHandle();

  private StateSlotsStress() {}

  /** The mother's thread; rounds are made on any. */
  private static synchronized int take() {
    return AREA.allocate();
  }

  private static long read(int slot) {
    return (long) LONG.getOpaque(AREA.memory(), AREA.stateAt(slot));
  }

  private static void write(int slot, long value) {
    LONG.setOpaque(AREA.memory(), AREA.stateAt(slot), value);
  }

  /** A slot is given back and taken again while a message that names it arrives. */
  @JCStressTest
  @Outcome(
      id = {"7, 0", "-1, 0"},
      expect = ACCEPTABLE,
      desc = "the state that was meant, or none")
  @Outcome(expect = FORBIDDEN, desc = "somebody else's state")
  @State
  public static class LateMessage {
    private final int slot = take();
    private final int generation = AREA.generation(slot);

    public LateMessage() {
      write(slot, 7);
    }

    @Actor
    public void mother() {
      AREA.free(slot);
      int next = take();
      write(next, 8);
      AREA.free(next);
    }

    @Actor
    public void receiver(II_Result r) {
      boolean before = AREA.current(slot, generation);
      long state = read(slot);
      r.r1 = before && AREA.current(slot, generation) ? (int) state : -1;
    }

    @Arbiter
    public void after(II_Result r) {
      r.r2 = bit(AREA.current(slot, generation));
    }
  }

  /** A worker gives slots of one word back while the mother takes one. */
  @JCStressTest
  @Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "one taken, and it has a generation")
  @Outcome(expect = FORBIDDEN, desc = "a slot lost, or one without a generation")
  @State
  public static class TakeAndFree {
    private final int one = take();
    private final int other = take();
    private int taken;

    @Actor
    public void mother() {
      taken = take();
    }

    @Actor
    public void worker() {
      AREA.free(one);
      AREA.free(other);
    }

    @Arbiter
    public void after(II_Result r) {
      r.r1 = bit(taken >= 0);
      r.r2 = bit(taken >= 0 && AREA.generation(taken) != 0);
      AREA.free(taken);
    }
  }
}
