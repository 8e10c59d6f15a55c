package org.portbouncer.launcher.mother.sight;

import java.util.HashMap;
import java.util.Map;

/**
 * CPU time of workers that does not start anew when one dies: to a worker's own time it adds what
 * its predecessors were last seen with. In the mother, from any thread.
 */
final class WorkerTimes {

  private static final class Seen {
    private int pid;
    private long predecessors;
    private long own;
  }

  private final Map<String, Seen> byName = new HashMap<>();

  /**
   * The time of a worker and its predecessors.
   *
   * @param name stage and index
   * @param pid the present one's
   * @param cpuNanos its own
   */
  synchronized long total(String name, int pid, long cpuNanos) {
    Seen seen = byName.computeIfAbsent(name, n -> new Seen());
    if (seen.pid != pid) {
      seen.predecessors += seen.own;
      seen.own = 0;
      seen.pid = pid;
    }
    seen.own = Math.max(seen.own, cpuNanos);
    return seen.predecessors + seen.own;
  }
}
