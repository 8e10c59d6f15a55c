package org.portbouncer.launcher.mother.upkeep;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.portbouncer.core.shared.RecordAllocator;
import org.portbouncer.core.shared.SharedArea;
import org.portbouncer.core.shared.StateSlots;

class LostSlotsTest {

  private final SharedArea area = SharedArea.create(64);
  private final RecordAllocator records = new RecordAllocator(area.sessions(), 1);
  private final StateSlots slots = StateSlots.create(64, 120);
  private final LostSlots lost = new LostSlots(slots, area.sessions(), records);

  @Test
  void shouldGiveBackWhenNoRecordNamesTheSlot() {
    int kept = records.allocate();
    area.sessions().stateSlot(kept, slots.allocate());
    int dead = records.allocate();
    area.sessions().stateSlot(dead, slots.allocate());
    area.sessions().takeStateSlot(dead);

    assertThat(lost.giveBack()).as("not at the first sight").isZero();
    assertThat(slots.used()).isEqualTo(2);
    assertThat(lost.giveBack()).isEqualTo(1);
    assertThat(slots.used()).isEqualTo(1);
    assertThat(slots.taken().get(area.sessions().stateSlot(kept))).isTrue();
    assertThat(lost.giveBack()).isZero();
  }
}
