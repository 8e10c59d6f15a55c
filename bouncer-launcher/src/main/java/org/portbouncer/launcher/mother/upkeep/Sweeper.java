package org.portbouncer.launcher.mother.upkeep;

import java.util.HashMap;
import java.util.Map;
import org.portbouncer.core.loop.EventLoop;
import org.portbouncer.core.loop.Timer;
import org.portbouncer.core.session.Cause;
import org.portbouncer.core.session.Result;
import org.portbouncer.core.session.Term;
import org.portbouncer.core.shared.SessionTable;
import org.portbouncer.core.shared.StateSlots;
import org.portbouncer.core.worker.Epoch;
import org.portbouncer.core.worker.Epochs;
import org.portbouncer.core.worker.SessionEnd;
import org.portbouncer.launcher.mother.ground.Ground;
import org.portbouncer.launcher.mother.ground.LiveRecords;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ends sessions that were lost on a hop: a worker that dies between receiving a message and
 * claiming its sessions takes them along without having been their owner. Whatever is still queued
 * long after its set-up must have been over is one of those. In the mother, on her loop's thread.
 */
public final class Sweeper extends Timer {

  private static final Logger LOG = LoggerFactory.getLogger(Sweeper.class);
  private static final long PERIOD_NANOS = 1_000_000_000;

  /** Beyond the configured time limits, for a worker that is being replaced. */
  private static final long GRACE_NANOS = 15_000_000_000L;

  /** State slots that were not needed for as long as this give their memory back. */
  private static final long TRIM_NANOS = 10_000_000_000L;

  /** For a configuration without time limits. */
  private static final long NO_LIMIT_NANOS = 300_000_000_000L;

  private final EventLoop loop;
  private final SessionTable table;
  private final LiveRecords live;
  private final SessionEnd ends;
  private final StateSlots slots;
  private final LostSlots lostSlots;
  private final Epochs epochs;

  /**
   * Live sessions that were between two io workers when it looked last, and since when they are.
   */
  private Map<Long, Long> moving = Map.of();

  private long trimmed;
  private int slotsQuiet = Integer.MAX_VALUE;

  public Sweeper(Ground ground) {
    this.loop = ground.loop();
    this.epochs = ground.epochs();
    this.table = ground.table();
    this.live = ground.live();
    this.ends = ground.ends();
    this.slots = ground.states().slots();
    this.lostSlots = new LostSlots(slots, table, ground.live());
  }

  public void start() {
    loop.timers().set(this, loop.now() + PERIOD_NANOS);
  }

  @Override
  protected void expired(long now) {
    Map<Long, Long> stillMoving = new HashMap<>();
    live.each(
        record -> {
          int generation = table.generation(record);
          if (table.phase(record) == SessionTable.Phase.QUEUED
              && loop.turned(since(record, generation, now, stillMoving)) > patience(record)) {
            ends.end(record, generation, Result.ERROR, Term.INTERNAL_SETUP, Cause.LOST, now);
          }
        });
    moving = stillMoving;
    ends.tellRefused(now, LOG::info);
    if (slots != null && now - trimmed > TRIM_NANOS) {
      trimmed = now;
      int lost = lostSlots.giveBack();
      if (lost > 0) {
        LOG.warn("state slots that a dead worker left taken: {}; they are free again", lost);
      }
      slotsQuiet = slots.trim(slotsQuiet);
    }
    loop.timers().set(this, now + PERIOD_NANOS);
  }

  /**
   * Since when a session is on its way. One that was forwarded before may be days old, and goes
   * from one io worker to another: what counts is when it was first seen to.
   */
  private long since(int record, int generation, long now, Map<Long, Long> stillMoving) {
    if (table.setupMicros(record) == 0) {
      return table.accepted(record);
    }
    long session = (long) record << Integer.SIZE | generation;
    long since = moving.getOrDefault(session, now);
    stillMoving.put(session, since);
    return since;
  }

  private long patience(int record) {
    Epoch epoch = epochs.get(table.epoch(record));
    if (epoch == null) {
      return NO_LIMIT_NANOS;
    }
    var timeouts = epoch.configuration().listeners().get(table.listener(record)).timeouts();
    if (timeouts.negotiateMs() == 0 || timeouts.connectMs() == 0) {
      return NO_LIMIT_NANOS;
    }
    return (timeouts.negotiateMs() + timeouts.connectMs()) * 1_000_000 + GRACE_NANOS;
  }
}
