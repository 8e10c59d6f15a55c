package org.portbouncer.core.shared;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/**
 * What rules decided, in shared memory: added to atomically by acl workers, read by the mother. A
 * rule has its place by the names of ACL and rule, and keeps it over reloads; the mother gives the
 * places out.
 *
 * <pre>
 *    0 passed u64 | 8 blocked u64 | 16 limited u64 | 24 not used
 * </pre>
 */
public final class AclCounters {

  /** The most names of rules that are counted apart. */
  public static final int PLACES = 32_768;

  /** Where rules count together that came when every place had a name. */
  public static final int OTHER = 0;

  private static final int PLACE = 32;

  static final long BYTES = (long) PLACES * PLACE;

  static final Layout LAYOUT = new Layout("the decisions of a rule");

  private static final int COUNTS = LAYOUT.u64s("decisions", Decision.values());

  static {
    LAYOUT.within(PLACE);
  }

  private static final VarHandle LONG = ValueLayout.JAVA_LONG.varHandle();

  /** What became of a client. */
  public enum Decision {
    /** It passed. */
    PASS("pass"),
    /** The rule blocks, or none matched. */
    BLOCK("block"),
    /** The rule lets clients pass, and this one was above one of its limits. */
    LIMITED("limited");

    private final String text;

    Decision(String text) {
      this.text = text;
    }

    /** The name in metrics. */
    public String text() {
      return text;
    }
  }

  private final MemorySegment memory;

  AclCounters(MemorySegment memory) {
    this.memory = memory;
  }

  private static long at(int place, Decision decision) {
    return (long) place * PLACE + COUNTS + (long) Long.BYTES * decision.ordinal();
  }

  /** Counts one decision. */
  public void count(int place, Decision decision) {
    LONG.getAndAdd(memory, at(place, decision), 1L);
  }

  public long get(int place, Decision decision) {
    return (long) LONG.getVolatile(memory, at(place, decision));
  }

  /** Begins anew for another rule; in the mother, when nobody counts there any more. */
  public void clear(int place) {
    for (Decision decision : Decision.values()) {
      LONG.setVolatile(memory, at(place, decision), 0L);
    }
  }
}
