package org.portbouncer.launcher.mother.ground;

import java.util.function.IntConsumer;
import org.portbouncer.core.shared.RecordAllocator;
import org.portbouncer.core.shared.SessionTable;

/**
 * The records of live sessions, one after the other; the one place that walks over the session
 * table. In the mother, from any thread.
 *
 * <p>Nothing stands still meanwhile: workers move sessions on and end them, and a record that was
 * freed may be another session's before the visitor has read its next field. So whoever
 *
 * <ul>
 *   <li>changes a record names the generation that it read first, and the change is refused where
 *       that has gone on;
 *   <li>shows one compares the generation before and after, and shows nothing where it differs;
 *   <li>uses a number in it as an index reads it once and checks it: no number is its session's for
 *       sure;
 *   <li>adds up may count one session less or one of its values twice, for the moment.
 * </ul>
 */
public final class LiveRecords {

  private final SessionTable table;
  private final RecordAllocator records;

  public LiveRecords(SessionTable table, RecordAllocator records) {
    this.table = table;
    this.records = records;
  }

  /** Visits every record that is a session's, from accept to its end. */
  public void each(IntConsumer visit) {
    for (int record = 0; record < room(); record++) {
      if (table.counts(record)) {
        visit.accept(record);
      }
    }
  }

  /**
   * Visits every record that ever was a session's, those that nobody has now included: for what a
   * process that was killed may have left in them.
   */
  public void everUsed(IntConsumer visit) {
    for (int record = 0; record < room(); record++) {
      visit.accept(record);
    }
  }

  /** How many were ever in use: all have a number below that. It grows. */
  public int room() {
    return records.highWater();
  }
}
