package org.portbouncer.io;

import org.portbouncer.core.shared.SessionFlow;
import org.portbouncer.core.shared.SessionFlow.Place;

/**
 * What one direction says in shared memory of where its bytes are, so that another worker can go on
 * where this one ends at any moment ({@link SessionFlow}). One store each, no call. In the io
 * worker, on its loop's thread.
 */
final class FlowNotes {

  private final SessionFlow table;
  private final int way;
  private int record;

  /**
   * @param table null where nobody would go on
   */
  FlowNotes(SessionFlow table, int way) {
    this.table = table;
    this.way = way;
  }

  /** The session whose notes these are. */
  void open(int record) {
    this.record = record;
  }

  private void note(Place place, long bytes) {
    if (table != null) {
      table.position(record, way, place, bytes);
    }
  }

  /** Nothing is in this process; before a splice fills a pipe as well. */
  void settled(long bytes) {
    note(Place.SETTLED, bytes);
  }

  /** A pipe is about to be emptied into the other side. */
  void giving(long bytes, long inPipe) {
    note(Place.GIVING, bytes + inPipe);
  }

  /** Bytes are about to be read here, or written from here. */
  void inHand(long bytes) {
    note(Place.IN_HAND, bytes);
  }

  /** What the copying path holds until the other side takes it. */
  void held(long bytes, CopyPath copy) {
    if (table != null) {
      table.held(record, way, copy.address(), copy.bytes());
      note(Place.HELD, bytes);
    }
  }

  void pipe(int readEnd) {
    if (table != null) {
      table.pipe(record, way, readEnd);
    }
  }
}
