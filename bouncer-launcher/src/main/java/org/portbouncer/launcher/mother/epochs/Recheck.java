package org.portbouncer.launcher.mother.epochs;

import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.portbouncer.acl.acl.RuleMatcher;
import org.portbouncer.core.config.Acl;
import org.portbouncer.core.config.Configuration;
import org.portbouncer.core.config.Listener;
import org.portbouncer.core.config.Rule;
import org.portbouncer.core.session.Result;
import org.portbouncer.core.shared.SessionTable;
import org.portbouncer.core.worker.Epoch;
import org.portbouncer.launcher.mother.ground.Ground;
import org.portbouncer.launcher.mother.staff.AllWorkers;

/**
 * Decides about every live session again, as if it came now, and ends those that the rules block.
 * Limits are not looked at, and sessions of listeners that are gone go on: nothing in the new rules
 * is about them. In the mother; made on any thread, carried out on her loop's.
 */
final class Recheck {

  private record Rules(RuleMatcher matcher, List<Rule> rules) {}

  /** By the name of the listener; those without an acl are not in it. */
  private final Map<String, Rules> byListener = new HashMap<>();

  /** Prepares to decide by these rules. */
  Recheck(Configuration configuration) {
    Map<Integer, Rules> byAcl = new HashMap<>();
    for (Listener listener : configuration.listeners()) {
      if (listener.acl() >= 0) {
        Acl acl = configuration.acls().get(listener.acl());
        byListener.put(
            listener.name(),
            byAcl.computeIfAbsent(
                listener.acl(), index -> new Rules(new RuleMatcher(acl), acl.rules())));
      }
    }
  }

  /**
   * Ends what the rules block.
   *
   * @return how many sessions
   */
  int carryOut(Ground ground, AllWorkers workers) {
    SessionTable table = ground.table();
    long nowMs = System.currentTimeMillis();
    BitSet ended = new BitSet();
    ground
        .live()
        .each(
            record -> {
              int generation = table.generation(record);
              if (blocks(ground.epochs().get(table.epoch(record)), table, record, nowMs)
                  && table.requestEnd(record, generation, Result.BLOCKED)) {
                ended.set(record);
              }
            });
    if (!ended.isEmpty()) {
      workers.endUnwanted();
    }
    return ended.cardinality();
  }

  private boolean blocks(Epoch epoch, SessionTable table, int record, long nowMs) {
    int index = table.listener(record);
    if (epoch == null || index >= epoch.configuration().listeners().size()) {
      return false; // its record was freed while it was looked at
    }
    Rules rules = byListener.get(epoch.configuration().listeners().get(index).name());
    if (rules == null) {
      return false;
    }
    int rule =
        rules.matcher.match(
            table.memory(),
            table.clientOffset(record),
            table.localOffset(record),
            table.memory(),
            table.route().hasPeer(record)
                ? table.route().peerOffset(record)
                : table.clientOffset(record),
            nowMs);
    return rule == RuleMatcher.NONE || rules.rules.get(rule).action() == Rule.Action.BLOCK;
  }
}
