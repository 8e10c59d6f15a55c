package org.portbouncer.launcher.mother.upkeep;

import java.util.BitSet;
import org.portbouncer.core.shared.SessionTable;
import org.portbouncer.core.shared.StateSlots;
import org.portbouncer.launcher.mother.ground.LiveRecords;

/**
 * Finds state slots that are taken and that no session's record names: a worker was killed between
 * taking the slot out of the record and giving it back. A living worker is in between for a moment
 * only, so a slot is lost once it was found so twice. In the mother, on her loop's thread.
 */
final class LostSlots {

  private final StateSlots slots;
  private final SessionTable table;
  private final LiveRecords records;
  private BitSet suspects = new BitSet();

  LostSlots(StateSlots slots, SessionTable table, LiveRecords records) {
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
    records.everUsed(
        record -> {
          int slot = table.transfer().slot(record);
          if (slot >= 0) {
            nameless.clear(slot);
          }
        });
    suspects.and(nameless);
    suspects.stream().forEach(slots::free);
    int lost = suspects.cardinality();
    suspects = nameless;
    return lost;
  }
}
