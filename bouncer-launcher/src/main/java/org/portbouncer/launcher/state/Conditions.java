package org.portbouncer.launcher.state;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Decides from what is seen, look by look, what is wrong with a server that serves, and since when.
 * Has no clock of its own. On one thread: in the mother, her loop's.
 *
 * <p>What lasts less than {@link #GRACE_NANOS} is passed over: a worker that is replaced within
 * some hundred milliseconds is no news. What has been reported is over when it was well for {@link
 * #SETTLE_NANOS} without a break; and trouble that comes back within that time is the same trouble,
 * and as old: a worker that is killed as soon as it serves is one long outage, not many short ones.
 */
public final class Conditions {

  public static final long GRACE_NANOS = 500_000_000L;
  public static final long SETTLE_NANOS = 1_000_000_000L;

  /**
   * What keeps every new client waiting as long as this is an outage: by default
   * (timeouts.negotiate) they are turned away from here on.
   */
  public static final long DOWN_NANOS = 10_000_000_000L;

  /** What it means for clients. */
  public enum Effect {
    /** They are served all the same. */
    PARTIAL,
    /** No new one is served while it lasts. */
    BLOCKS_ALL
  }

  private static final class Trouble {
    private final long since;
    private final long sinceMs;
    private Effect effect;
    private String detail;
    private long wellSince;
    private boolean well;
    private boolean told;
    private boolean seen;

    Trouble(long since, long sinceMs) {
      this.since = since;
      this.sinceMs = sinceMs;
    }
  }

  private final Map<String, Trouble> troubles = new LinkedHashMap<>();
  private long now;
  private long wallMs;

  /**
   * Begins a look; {@link #end} closes it.
   *
   * @param nanos of a clock that does not jump
   * @param wallMs of the wall clock, which may
   */
  public void begin(long nanos, long wallMs) {
    this.now = nanos;
    this.wallMs = wallMs;
    troubles.values().forEach(trouble -> trouble.seen = false);
  }

  /**
   * Says how something is at this look. What is not mentioned any more (it is not configured now)
   * is forgotten.
   *
   * @param detail what is wrong, one line; empty where nothing is
   */
  public void see(String what, Effect effect, String detail) {
    Trouble trouble = troubles.get(what);
    if (detail.isEmpty()) {
      if (trouble != null) {
        well(trouble);
      }
      return;
    }
    if (trouble == null) {
      trouble = new Trouble(now, wallMs);
      troubles.put(what, trouble);
    }
    trouble.seen = true;
    trouble.effect = effect;
    trouble.detail = detail;
    trouble.well = false;
    trouble.told |= now - trouble.since >= GRACE_NANOS;
  }

  private void well(Trouble trouble) {
    if (!trouble.well) {
      trouble.well = true;
      trouble.wellSince = now;
    }
    trouble.seen = now - trouble.wellSince < SETTLE_NANOS;
  }

  /** Ends a look: how a server that serves is. */
  public Standing end() {
    troubles.values().removeIf(trouble -> !trouble.seen);
    List<Condition> reasons = new ArrayList<>();
    ServerState state = ServerState.READY;
    for (Map.Entry<String, Trouble> each : troubles.entrySet()) {
      Trouble trouble = each.getValue();
      if (!trouble.told) {
        continue;
      }
      String detail = trouble.well ? "until a moment ago: " + trouble.detail : trouble.detail;
      reasons.add(new Condition(each.getKey(), trouble.sinceMs, detail));
      if (trouble.effect == Effect.BLOCKS_ALL && now - trouble.since >= DOWN_NANOS) {
        state = ServerState.DOWN;
      } else if (state == ServerState.READY) {
        state = ServerState.DEGRADED;
      }
    }
    return new Standing(state, List.copyOf(reasons));
  }
}
