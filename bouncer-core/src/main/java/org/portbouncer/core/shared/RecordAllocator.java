package org.portbouncer.core.shared;

/** Gives out records of the {@link SessionTable}; in the mother, on the thread that accepts. */
public final class RecordAllocator {

  private final SessionTable table;
  private final FreeMap.Allocator places;
  private final int pid;

  public RecordAllocator(SessionTable table, int pid) {
    this.table = table;
    this.places = table.freeMap().new Allocator();
    this.pid = pid;
  }

  /**
   * Takes a free record and opens it for the mother.
   *
   * @return its index, or -1 where all are taken
   */
  public int allocate() {
    int record = places.allocate();
    if (record >= 0) {
      table.open(record, pid);
    }
    return record;
  }

  /** Takes note of the records that the mother before this one has given out, to the last. */
  public void cover() {
    places.cover();
  }

  /** How many records are taken; exact. From any thread. */
  public int active() {
    return places.active();
  }

  /** No record at or above this index has been used. */
  public int highWater() {
    return places.highWater();
  }
}
