package org.portbouncer.launcher.mother;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import org.portbouncer.core.loop.EventLoop;
import org.portbouncer.core.loop.Timer;
import org.portbouncer.core.session.StageId;
import org.portbouncer.core.shared.RecordAllocator;
import org.portbouncer.core.shared.SessionTable;
import org.portbouncer.core.worker.Epochs;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the configurations that live sessions refer to, and no others. A session stays with the one
 * it began under; while it is set up it may need all of it, afterwards what its lines in logs and
 * listings name. The session table says which are in use; the workers are told what they may
 * forget. In the mother, on her loop's thread.
 */
final class EpochKeeper extends Timer {

  private static final Logger LOG = LoggerFactory.getLogger(EpochKeeper.class);

  private static final long PERIOD_NANOS = 500_000_000;

  /** The most that one RETIRE can name. With more nothing is forgotten until there are fewer. */
  private static final int MOST_NAMED = 4000;

  /** How many configurations sessions can be set up under at once. */
  private static final int MOST_RULES = 200;

  private final Mother mother;
  private final EventLoop loop;
  private final SessionTable table;
  private final RecordAllocator records;
  private final Epochs epochs;

  /** Oldest first; the last may not be in force yet. */
  private final List<PublishedEpoch> published = new ArrayList<>();

  /** What the workers were told last. */
  private BitSet named = new BitSet();

  private int oldestInSetUp = 1;

  EpochKeeper(Mother mother) {
    this.mother = mother;
    this.loop = mother.loop();
    this.table = mother.area().sessions();
    this.records = mother.records();
    this.epochs = mother.epochs();
  }

  /** Adds the newest, which workers that start from now on get too. */
  void add(PublishedEpoch newest) {
    published.add(newest);
    if (!isSet()) {
      loop.timers().set(this, loop.now() + PERIOD_NANOS);
    }
  }

  /** Takes one back that was never put in force. */
  void withdraw(PublishedEpoch failed) {
    published.remove(failed);
    failed.close();
  }

  /** Whether the rules of one more can be kept: what a worker that starts gets fits one message. */
  boolean hasRoom() {
    return published.stream().filter(one -> one.rules() != null).count() < MOST_RULES;
  }

  /** What a worker of this stage that starts now has to know. */
  EpochFile forStage(StageId stage) {
    int oldest = stage == StageId.IO ? 0 : oldestInSetUp;
    return new EpochFile(
        published.stream().filter(one -> one.number() >= oldest).toList(), stage == StageId.ACL);
  }

  /** The oldest configuration that anything refers to. */
  int oldest() {
    look();
    return published.getFirst().number();
  }

  @Override
  protected void expired(long now) {
    look();
    if (published.size() > 1) {
      loop.timers().set(this, now + PERIOD_NANOS);
    }
  }

  private void look() {
    int inForce = mother.epoch().number();
    BitSet inUse = new BitSet();
    inUse.set(inForce);
    int oldest = inForce;
    for (int record = 0; record < records.highWater(); record++) {
      if (table.counts(record)) {
        int number = table.epoch(record);
        inUse.set(number);
        if (table.setupMicros(record) == 0) {
          oldest = Math.min(oldest, number);
        }
      }
    }
    if ((oldest != oldestInSetUp || !inUse.equals(named)) && inUse.cardinality() <= MOST_NAMED) {
      oldestInSetUp = oldest;
      named = inUse;
      forget(inUse, inForce);
      mother.supervisor().retire(oldest, inUse.stream().toArray());
      LOG.debug("configurations in use: {}", inUse);
    }
  }

  private void forget(BitSet inUse, int inForce) {
    epochs.retain(number -> number >= inForce || inUse.get(number));
    for (int i = published.size() - 1; i >= 0; i--) {
      PublishedEpoch one = published.get(i);
      if (one.number() >= inForce) {
        continue;
      }
      if (!inUse.get(one.number())) {
        published.remove(i).close();
      } else if (one.number() < oldestInSetUp && one.rules() != null) {
        published.set(i, one.withoutRules());
      }
    }
  }

  /** The server ends. */
  void close() {
    published.forEach(PublishedEpoch::close);
    published.clear();
  }
}
