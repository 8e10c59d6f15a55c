package org.portbouncer.core.shared;

/**
 * Gives out records of the {@link SessionTable}; in the mother, on the thread that accepts. Others
 * free them by setting a bit, which repeats harmlessly, so that nothing here can be lost with a
 * process that dies while it frees.
 *
 * <p>It looks for the next free record from where it found the last one, and goes beyond the
 * highest one ever used only when a whole round found nothing: the memory in use follows the
 * sessions at once.
 */
public final class RecordAllocator {

  private final SessionTable table;
  private final int pid;

  /** Words of the free map that have been used so far. */
  private int wordsInUse = 1;

  private int cursor;

  public RecordAllocator(SessionTable table, int pid) {
    this.table = table;
    this.pid = pid;
  }

  /**
   * Takes a free record and opens it for the mother.
   *
   * @return its index, or -1 where all are taken
   */
  public int allocate() {
    int words = table.capacity() / 64;
    for (int round = 0; round <= wordsInUse && round <= words; round++) {
      long free = table.freeWord(cursor);
      if (free != 0) {
        int record = cursor * 64 + Long.numberOfTrailingZeros(free);
        table.markTaken(record);
        table.open(record, pid);
        return record;
      }
      cursor = cursor + 1 < wordsInUse ? cursor + 1 : 0;
    }
    if (wordsInUse < words) {
      cursor = wordsInUse++;
      return allocate();
    }
    return -1;
  }

  /** How many records are taken; exact, from the map itself. */
  public int active() {
    int active = 0;
    for (int word = 0; word < wordsInUse; word++) {
      active += 64 - Long.bitCount(table.freeWord(word));
    }
    return active;
  }

  /** No record at or above this index has been used. */
  public int highWater() {
    return wordsInUse * 64;
  }
}
