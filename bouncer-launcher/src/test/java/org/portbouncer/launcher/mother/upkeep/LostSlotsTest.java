package org.portbouncer.launcher.mother.upkeep;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.portbouncer.core.shared.RecordAllocator;
import org.portbouncer.core.shared.SharedArea;
import org.portbouncer.core.shared.StateSlots;
import org.portbouncer.launcher.mother.ground.LiveRecords;

class LostSlotsTest {

  private final SharedArea area = SharedArea.create(64);
  private final RecordAllocator records = new RecordAllocator(area.sessions(), 1);
  private final StateSlots slots = StateSlots.create(64, 120);
  private final LostSlots lost =
      new LostSlots(slots, area.sessions(), new LiveRecords(area.sessions(), records));

  @Test
  void shouldGiveBackWhenNoRecordNamesTheSlot() {
    int kept = records.allocate();
    area.sessions().transfer().slot(kept, slots.allocate());
    int dead = records.allocate();
    area.sessions().transfer().slot(dead, slots.allocate());
    area.sessions().transfer().takeSlot(dead);

    assertThat(lost.giveBack()).as("not at the first sight").isZero();
    assertThat(slots.used()).isEqualTo(2);
    assertThat(lost.giveBack()).isEqualTo(1);
    assertThat(slots.used()).isEqualTo(1);
    assertThat(slots.taken().get(area.sessions().transfer().slot(kept))).isTrue();
    assertThat(lost.giveBack()).isZero();
  }
}
