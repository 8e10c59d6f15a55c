package org.portbouncer.launcher.mother.upkeep;

import java.util.BitSet;
import org.portbouncer.core.shared.RecordAllocator;
import org.portbouncer.core.shared.SessionTable;
import org.portbouncer.core.shared.StateSlots;

/**
 * Finds state slots that are taken and that no session's record names: a worker was killed between
 * taking the slot out of the record and giving it back. A living worker is in between for a moment
 * only, so a slot is lost once it was found so twice. In the mother, on her loop's thread.
 */
final class LostSlots {

  private final StateSlots slots;
  private final SessionTable table;
  private final RecordAllocator records;
  private BitSet suspects = new BitSet();

  LostSlots(StateSlots slots, SessionTable table, RecordAllocator records) {
    this.slots = slots;
    this.table = table;
    this.records = records;
  }

  /**
   * Gives back what is lost. Call it seconds apart.
   *
   * @return how many slots that were
   */
  int giveBack() {
    BitSet nameless = slots.taken();
    for (int record = 0; record < records.highWater(); record++) {
      int slot = table.transfer().slot(record);
      if (slot >= 0) {
        nameless.clear(slot);
      }
    }
    suspects.and(nameless);
    suspects.stream().forEach(slots::free);
    int lost = suspects.cardinality();
    suspects = nameless;
    return lost;
  }
}
