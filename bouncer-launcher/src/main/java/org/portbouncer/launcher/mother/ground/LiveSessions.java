package org.portbouncer.launcher.mother.ground;

import org.portbouncer.core.session.StageId;
import org.portbouncer.core.shared.ClassBoard;
import org.portbouncer.core.shared.ListenerCounters;
import org.portbouncer.core.shared.SessionTable;
import org.portbouncer.core.worker.Epochs;

/**
 * What the live sessions add up to; one walk over the session table, by the places of listeners and
 * bandwidth classes. In the mother, from any thread.
 */
public final class LiveSessions {

  private final int[] active = new int[ListenerCounters.SLOTS];
  private final long[] up = new long[ListenerCounters.SLOTS];
  private final long[] down = new long[ListenerCounters.SLOTS];
  private final int[] queued = new int[StageId.count()];
  private final int[] ofClass = new int[ClassBoard.PLACES];
  private final long[] classUp = new long[ClassBoard.PLACES];
  private final long[] classDown = new long[ClassBoard.PLACES];
  private int total;

  /**
   * Walks the table. Read the counters of ended sessions before: a session that ends meanwhile is
   * then missed for a moment, and none is ever counted twice.
   *
   * @param epochs where the classes of each epoch stand
   */
  public LiveSessions(SessionTable table, LiveRecords live, Epochs epochs) {
    live.each(record -> add(table, record, epochs));
  }

  private void add(SessionTable table, int record, Epochs epochs) {
    SessionTable.Phase phase = table.phase(record);
    int slot = table.slot(record);
    if (slot >= ListenerCounters.SLOTS) {
      return;
    }
    total++;
    active[slot]++;
    if (phase == SessionTable.Phase.ENDING || phase == SessionTable.Phase.FREE) {
      return; // its bytes are among the ended ones', or about to be
    }
    long bytesUp = table.bytesUp(record);
    long bytesDown = table.bytesDown(record);
    up[slot] += bytesUp;
    down[slot] += bytesDown;
    int place = epochs.classPlace(table, record);
    if (place >= 0) {
      ofClass[place]++;
      classUp[place] += bytesUp;
      classDown[place] += bytesDown;
    }
    if (phase == SessionTable.Phase.QUEUED) {
      queued[table.stage(record).ordinal()]++;
    }
  }

  public int total() {
    return total;
  }

  public int active(int slot) {
    return active[slot];
  }

  public long up(int slot) {
    return up[slot];
  }

  public long down(int slot) {
    return down[slot];
  }

  /** Sessions of the class at {@code place}. */
  public int ofClass(int place) {
    return ofClass[place];
  }

  public long classUp(int place) {
    return classUp[place];
  }

  public long classDown(int place) {
    return classDown[place];
  }

  public int queued(StageId stage) {
    return queued[stage.ordinal()];
  }
}
