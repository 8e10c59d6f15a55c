package org.portbouncer.core.worker;

import java.util.Arrays;
import java.util.function.Consumer;
import org.portbouncer.core.config.Configuration;
import org.portbouncer.core.config.Listener;
import org.portbouncer.core.log.AccessLog;
import org.portbouncer.core.session.Cause;
import org.portbouncer.core.session.Result;
import org.portbouncer.core.session.Term;
import org.portbouncer.core.shared.ListenerCounters;
import org.portbouncer.core.shared.SessionTable;
import org.portbouncer.core.shared.SharedArea;
import org.portbouncer.core.shared.StateSlots;
import org.portbouncer.core.shared.Way;

/**
 * The one place that ends a session in the books: claims its record, counts it, writes its line,
 * gives back what it holds of limits and bandwidth, frees the record. In every process; of several
 * that try, one succeeds. Descriptors are not its business: whoever holds the session closes them
 * first.
 */
public final class SessionEnd {

  private final SharedArea area;
  private final Epochs epochs;
  private final AccessLog log;
  private final StateSlots slots;
  private final int pid;

  /** Records of sessions that ended and whose books are open. */
  private int[] unsettled = new int[64];

  private int count;
  private boolean later;
  private final RefusedDatagrams refused = new RefusedDatagrams();

  /**
   * Ends sessions for this process.
   *
   * @param slots the area of state slots; null where no state travels so
   */
  public SessionEnd(SharedArea area, StateSlots slots, Epochs epochs, AccessLog log, int pid) {
    this.area = area;
    this.slots = slots;
    this.epochs = epochs;
    this.log = log;
    this.pid = pid;
  }

  /**
   * Ends a session.
   *
   * @return false where another process has ended it
   */
  public boolean end(int record, int generation, Result result, Term term, long now) {
    if (!area.sessions().claimEnd(record, generation, pid)) {
      return false;
    }
    finish(record, result, term, now);
    return true;
  }

  /** The same, saying why; also where another process had begun to say so and has died. */
  public boolean end(int record, int generation, Result result, Term term, Cause cause, long now) {
    if (!area.sessions().claimEnd(record, generation, pid)) {
      return false;
    }
    area.sessions().outcome().because(record, cause, 0);
    finish(record, result, term, now);
    return true;
  }

  /** Finishes an end that is already claimed. */
  private void finish(int record, Result result, Term term, long now) {
    SessionTable table = area.sessions();
    table.outcome().ended(record, result, term);
    Epoch epoch = epochs.get(table.epoch(record));
    Configuration configuration = epoch == null ? null : epoch.configuration();
    long untold = untold(record, configuration, result, now);
    if (untold >= 0) {
      log.leftOut(untold);
      log.write("end", table, record, configuration, result, term, now, pid);
    }
    if (!later) {
      settle(record);
      return;
    }
    if (count == unsettled.length) {
      unsettled = Arrays.copyOf(unsettled, 2 * count);
    }
    unsettled[count++] = record;
  }

  /** How many had no line before this one's, which has none where that is -1. */
  private long untold(int record, Configuration configuration, Result result, long now) {
    if (configuration == null || result != Result.BLOCKED && result != Result.LIMITED) {
      return 0;
    }
    SessionTable table = area.sessions();
    Listener listener = configuration.listeners().get(table.listener(record));
    return listener.udp() ? refused.take(listener, table.slot(record), result, now) : 0;
  }

  /**
   * Tells of refused clients of datagrams that had no line and that no later line has told of; call
   * it now and then.
   */
  public void tellRefused(long now, Consumer<String> teller) {
    refused.tellRest(now, teller);
  }

  /**
   * Ends a session that a process which died was holding or ending; in the mother. Where that had
   * said how it ended, so it ended: the client was told, and only the books are open.
   *
   * @param result how it ends where nothing was said
   * @param term likewise
   * @return whether the session was lost with the process
   */
  public boolean endOf(int record, int deadPid, Result result, Term term, long now) {
    SessionTable table = area.sessions();
    if (!table.claimEndOf(record, deadPid, pid)) {
      return end(record, table.generation(record), result, term, Cause.WORKER_DIED, now);
    }
    Result known = table.outcome().result(record);
    if (known == null) {
      table.outcome().because(record, Cause.WORKER_DIED, 0);
    }
    finish(
        record,
        known == null ? result : known,
        known == null ? term : table.outcome().term(record),
        now);
    return known == null;
  }

  /**
   * From here on the books of an ended session stay open until {@link #settle}: a process that dies
   * before its lines are written leaves them to the mother, who writes them.
   */
  public void settleLater() {
    later = true;
  }

  /** Closes the books of all that ended; call it when their lines are written. */
  public void settle() {
    for (int i = 0; i < count; i++) {
      settle(unsettled[i]);
    }
    count = 0;
  }

  /**
   * Gives back what a session holds that goes on in another server, which counts it and writes its
   * line.
   */
  void departed(int record, int generation) {
    if (area.sessions().claimEnd(record, generation, pid)) {
      giveBack(record);
    }
  }

  private void settle(int record) {
    SessionTable table = area.sessions();
    ListenerCounters counters = area.listeners();
    Result result = table.outcome().result(record);
    int slot = table.slot(record);
    counters.add(slot, ListenerCounters.Count.BYTES_UP, table.bytesUp(record));
    counters.add(slot, ListenerCounters.Count.BYTES_DOWN, table.bytesDown(record));
    if (failed(result, table.setupMicros(record) > 0)) {
      counters.add(slot, ListenerCounters.Count.FAILED, 1);
      area.errors()
          .add(
              slot,
              table.outcome().cause(record),
              table.outcome().errno(record),
              System.currentTimeMillis());
    }
    counters.ended(slot, result);
    ofClass(record);
    giveBack(record);
  }

  private void giveBack(int record) {
    SessionTable table = area.sessions();
    freeSlot(record);
    table.route().leave(record, area.targets());
    area.limits().release(record, pid);
    area.buckets().release(record, pid);
    table.free(record);
  }

  /** What its bandwidth class has moved; a session without one costs a look at its record. */
  private void ofClass(int record) {
    SessionTable table = area.sessions();
    int place = epochs.classPlace(table, record);
    if (place >= 0) {
      area.classes().addEnded(place, Way.UP, table.bytesUp(record));
      area.classes().addEnded(place, Way.DOWN, table.bytesDown(record));
    }
  }

  /** Gives back the slot that held the session's state, if it still has one. */
  public void freeSlot(int record) {
    int slot = area.sessions().transfer().takeSlot(record);
    if (slot >= 0 && slots != null) {
      slots.free(slot);
    }
  }

  private static boolean failed(Result result, boolean setUp) {
    return result == Result.NO_TARGET
        || result == Result.ERROR
        || result == Result.TIMEOUT && !setUp;
  }
}
