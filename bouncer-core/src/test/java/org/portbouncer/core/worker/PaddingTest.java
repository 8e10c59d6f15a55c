package org.portbouncer.core.worker;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.HashSet;
import java.util.Set;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.portbouncer.core.hop.Session;
import org.portbouncer.core.hop.StateFiles;
import org.portbouncer.core.session.Descriptors;
import org.portbouncer.core.session.SessionState;
import org.portbouncer.core.shared.StateSlots;
import org.portbouncer.core.sys.Libc;
import org.portbouncer.core.sys.Native;

class PaddingTest {

  private static final long ID = 65;

  private final Padding padding = new Padding();
  private final Session session = new Session();

  @AfterEach
  void close() {
    session.clear();
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 7, 120, 112_192, 1 << 20, 16 << 20})
  void shouldBeNoiseThatComesToItsChecksum(int length) {
    padding.prepare(length);
    assertThat(padding.length()).isEqualTo(length);
    for (long id : new long[] {1, 63, 64, 1_000_003}) {
      byte[] bytes = padding.block().asSlice(padding.offset(id), length).toArray(JAVA_BYTE);
      CRC32C crc = new CRC32C();
      crc.update(ByteBuffer.wrap(bytes));
      assertThat(padding.checksum(id)).isEqualTo((int) crc.getValue());
    }
  }

  @Test
  void shouldDifferFromSessionToSession() {
    padding.prepare(112_192);
    Set<Integer> checksums = new HashSet<>();
    for (long id = 1; id <= 64; id++) {
      checksums.add(padding.checksum(id));
    }
    assertThat(checksums).hasSize(64);
  }

  private void create(int length) {
    padding.prepare(length);
    session.create(padding.block().address() + padding.offset(ID), length);
    session.state().checksum(padding.checksum(ID));
  }

  @Test
  void shouldBeIntactWhenThereIsNone() {
    create(0);
    session.state().checksum(12);
    assertThat(padding.intact(session)).isTrue();
  }

  @Test
  void shouldTellDamageWhenInline() {
    create(5_000);
    MemorySegment datagram = Native.allocate(8_192);
    MemorySegment.copy(session.state().memory(), 0, datagram, 0, SessionState.BYTES);
    MemorySegment.copy(padding.block(), padding.offset(ID), datagram, SessionState.BYTES, 5_000);
    assertThat(session.wrapInline(datagram, 0, SessionState.BYTES + 5_000)).isTrue();
    assertThat(padding.intact(session)).isTrue();
    damage(datagram, SessionState.BYTES + 4_999);
    assertThat(padding.intact(session)).isFalse();
  }

  private static void damage(MemorySegment memory, long at) {
    memory.set(JAVA_BYTE, at, (byte) (memory.get(JAVA_BYTE, at) ^ 1));
  }

  @Test
  void shouldTellDamageWhenInASlot() {
    padding.prepare(5_000);
    StateSlots slots = StateSlots.create(64, SessionState.BYTES + 5_000);
    int slot = slots.allocate();
    session.createInSlot(slots, slot, padding.block(), padding.offset(ID), 5_000);
    session.state().checksum(padding.checksum(ID));
    assertThat(padding.intact(session)).isTrue();
    damage(slots.memory(), slots.stateAt(slot) + SessionState.BYTES);
    assertThat(padding.intact(session)).isFalse();
    Libc.close(slots.fd());
  }

  @Test
  void shouldTellDamageAndAMissingEndWhenInAFile() {
    create(200_000);
    assertThat(new StateFiles("").create(session)).isZero();
    assertThat(padding.intact(session)).isTrue();

    int fd = session.descriptors().peek(Descriptors.STATE);
    Libc.ftruncate(fd, SessionState.BYTES + 199_999);
    assertThat(padding.intact(session)).as("shorter").isFalse();
    Libc.ftruncate(fd, SessionState.BYTES + 200_000);
    assertThat(padding.intact(session)).as("a zero at the end").isFalse();
  }

  @Test
  void shouldTellWhenTheChecksumIsAnother() {
    create(5_000);
    session.state().checksum(padding.checksum(ID) + 1);
    assertThat(padding.intact(session)).isFalse();
  }
}
