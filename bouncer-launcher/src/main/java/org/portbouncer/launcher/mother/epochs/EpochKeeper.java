package org.portbouncer.launcher.mother.epochs;

import java.util.BitSet;
import org.portbouncer.core.loop.Timer;
import org.portbouncer.core.shared.SessionTable;
import org.portbouncer.launcher.mother.doors.InForce;
import org.portbouncer.launcher.mother.ground.Ground;
import org.portbouncer.launcher.mother.staff.AllWorkers;
import org.portbouncer.launcher.mother.staff.PublishedEpoch;
import org.portbouncer.launcher.mother.staff.PublishedEpochs;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the configurations that live sessions refer to, and no others. A session stays with the one
 * it began under; while it is set up it may need all of it, afterwards what its lines in logs and
 * listings name. The session table says which are in use; the workers are told what they may
 * forget. In the mother, on her loop's thread.
 */
public final class EpochKeeper extends Timer {

  private static final Logger LOG = LoggerFactory.getLogger(EpochKeeper.class);

  private static final long PERIOD_NANOS = 500_000_000;

  /** The most that one RETIRE can name. With more nothing is forgotten until there are fewer. */
  private static final int MOST_NAMED = 4000;

  private final Ground ground;
  private final InForce inForce;
  private final PublishedEpochs published;
  private final AllWorkers workers;

  /** What the workers were told last. */
  private BitSet named = new BitSet();

  private int oldestInSetUp = 1;

  /** Those that are kept whatever the table says. */
  private final BitSet pinned = new BitSet();

  public EpochKeeper(
      Ground ground, InForce inForce, PublishedEpochs published, AllWorkers workers) {
    this.ground = ground;
    this.inForce = inForce;
    this.published = published;
    this.workers = workers;
  }

  /** Adds the newest, which workers that start from now on get too. */
  public void add(PublishedEpoch newest) {
    published.add(newest);
    if (!isSet()) {
      ground.loop().timers().set(this, ground.loop().now() + PERIOD_NANOS);
    }
  }

  /** Keeps those up to this one: another server has sessions begin under them still. */
  public void pin(int newest) {
    pinned.set(1, newest + 1);
  }

  /** They are kept as others from here on. */
  public void unpin() {
    pinned.clear();
  }

  /** The oldest configuration that anything refers to. */
  int oldest() {
    look();
    return published.oldest();
  }

  @Override
  protected void expired(long now) {
    look();
    if (published.count() > 1) {
      ground.loop().timers().set(this, now + PERIOD_NANOS);
    }
  }

  private void look() {
    int newest = inForce.epoch().number();
    BitSet inUse = new BitSet();
    inUse.set(newest);
    published.numbers().filter(pinned::get).forEach(inUse::set);
    BitSet inSetUp = new BitSet();
    inSetUp.set(newest);
    SessionTable table = ground.table();
    ground
        .live()
        .each(
            record -> {
              int number = table.epoch(record);
              inUse.set(number);
              if (table.setupMicros(record) == 0) {
                inSetUp.set(number);
              }
            });
    int oldest = inSetUp.nextSetBit(0);
    if ((oldest != oldestInSetUp || !inUse.equals(named)) && inUse.cardinality() <= MOST_NAMED) {
      oldestInSetUp = oldest;
      named = inUse;
      ground.epochs().retain(number -> number >= newest || inUse.get(number));
      published.retain(inUse, oldest, newest);
      workers.retire(oldest, inUse.stream().toArray());
      LOG.debug("configurations in use: {}", inUse);
    }
  }
}
