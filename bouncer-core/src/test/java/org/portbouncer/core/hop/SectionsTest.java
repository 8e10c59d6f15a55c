package org.portbouncer.core.hop;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.portbouncer.core.config.Configuration.StateTransfer.Mode;
import org.portbouncer.core.session.Descriptors;
import org.portbouncer.core.session.Sections;
import org.portbouncer.core.session.SessionState;
import org.portbouncer.core.shared.StateSlots;
import org.portbouncer.core.support.Seed;
import org.portbouncer.core.sys.Const;
import org.portbouncer.core.sys.Libc;
import org.portbouncer.core.sys.Native;
import org.portbouncer.core.worker.Padding;
import org.portbouncer.core.worker.SessionPool;

/** What a state has behind its padding, in each way that it travels. */
class SectionsTest {

  private static final int PADDING = 1001;
  private static final int LONGEST = 65_535;
  private static final int MESSAGES = 1_000_000;

  private final Random random = Seed.random(SectionsTest.class);
  private final SessionPool pool = new SessionPool();
  private final StateFiles files = new StateFiles("");
  private final SectionReader reader = new SectionReader();
  private final Padding padding = new Padding();
  private StateSlots slots;
  private TestHop hop;
  private long descriptors;

  @BeforeEach
  void open() {
    descriptors = Open.descriptors();
    padding.prepare(PADDING);
    slots = StateSlots.create(64, SessionState.BYTES + PADDING);
    hop = new TestHop(slots, pool);
  }

  @AfterEach
  void nothingIsLeft() {
    hop.close();
    Libc.close(slots.fd());
    assertThat(Open.descriptors()).as("descriptors").isEqualTo(descriptors);
  }

  private Session session(Mode mode) {
    Session session = pool.obtain();
    session.descriptors().put(Descriptors.CLIENT, Libc.eventfd(0, Const.EFD_CLOEXEC));
    if (mode == Mode.SHM) {
      session.createInSlot(slots, slots.allocate(), padding.block(), padding.offset(1), PADDING);
    } else {
      session.create(padding.block().address() + padding.offset(1), PADDING);
    }
    session.state().checksum(padding.checksum(1));
    session.state().identify(1, 11, 12);
    if (mode == Mode.FILE_FD) {
      assertThat(files.create(session)).isZero();
    }
    return session;
  }

  private MemorySegment noise(int length) {
    byte[] bytes = new byte[length];
    random.nextBytes(bytes);
    MemorySegment noise = Native.allocate(Math.max(8, length));
    MemorySegment.copy(bytes, 0, noise, JAVA_BYTE, 0, length);
    return noise.asSlice(0, length);
  }

  private MemorySegment read(Session session) {
    assertThat(reader.read(session)).isTrue();
    long at = reader.find(Sections.Type.PROXY_TLVS);
    return reader.memory().asSlice(at, reader.lengthOf(at));
  }

  @ParameterizedTest
  @EnumSource(Mode.class)
  void shouldComeAsItWasAddedWhateverItsLengthAndHowTheStateTravels(Mode mode) {
    for (int length : new int[] {0, 1, 8, 500, LONGEST}) {
      MemorySegment sent = noise(length);
      Session session = hop.pass(session(mode));
      int slot = session.slot();
      assertThat(files.addSection(session, Sections.Type.PROXY_TLVS, sent, 0, length)).isZero();
      for (int hops = 0; hops < 3; hops++) {
        session = hop.pass(session);
        assertThat(session.state().padding()).isEqualTo(PADDING);
        assertThat(session.state().sections()).isEqualTo(Sections.bytes(length));
        assertThat(read(session).mismatch(sent)).isEqualTo(-1);
        session.keepState();
      }
      if (slot >= 0) {
        slots.free(slot);
      }
      pool.release(session);
    }
  }

  @ParameterizedTest
  @EnumSource(Mode.class)
  void shouldHoldSeveralUpToTheMostThereMayBe(Mode mode) {
    Session session = hop.pass(session(mode));
    int slot = session.slot();
    MemorySegment first = noise(30_000);
    MemorySegment second = noise(LONGEST);
    assertThat(files.addSection(session, Sections.Type.PROXY_TLVS, first, 0, 30_000)).isZero();
    int more = (Sections.MOST - Sections.bytes(30_000)) / Sections.bytes(LONGEST);
    for (int i = 0; i < more; i++) {
      assertThat(files.addSection(session, Sections.Type.PROXY_TLVS, second, 0, LONGEST)).isZero();
    }
    assertThat(files.addSection(session, Sections.Type.PROXY_TLVS, second, 0, LONGEST)).isNotZero();
    session = hop.pass(session);
    assertThat(read(session).mismatch(first)).isEqualTo(-1);
    if (slot >= 0) {
      slots.free(slot);
    }
    pool.release(session);
  }

  @Test
  void shouldTakeNoByteWhereThereIsNone() {
    Session session = session(Mode.INLINE);
    assertThat(session.state().length()).isEqualTo(SessionState.BYTES + PADDING);
    assertThat(session.state().sections()).isZero();
    assertThat(reader.read(session)).isTrue();
    assertThat(reader.find(Sections.Type.PROXY_TLVS)).isEqualTo(-1);
    pool.release(session);
  }

  /** A sender that was taken over may send anything. */
  @Test
  void shouldNeverReadOutsideWhenBytesAreRandomOrMutated() {
    byte[] valid = new byte[SessionState.BYTES + 5 + Sections.bytes(3) + Sections.bytes(20)];
    SessionState state = new SessionState();
    int taken = 0;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment memory = arena.allocate(valid.length, 8);
      state.create(memory, 0, 5);
      Sections.put(memory, SessionState.BYTES + 5, Sections.Type.PROXY_TLVS, noise(3), 0, 3);
      Sections.put(
          memory,
          SessionState.BYTES + 5 + Sections.bytes(3),
          Sections.Type.PROXY_TLVS,
          noise(20),
          0,
          20);
      state.grow(Sections.bytes(3) + Sections.bytes(20));
      MemorySegment.copy(memory, JAVA_BYTE, 0, valid, 0, valid.length);
      assertThat(state.wrap(memory, 0, valid.length)).isTrue();
      for (int message = 0; message < MESSAGES; message++) {
        byte[] bytes = Arrays.copyOf(valid, valid.length);
        for (int i = random.nextInt(4); i > 0; i--) {
          bytes[104 + random.nextInt(bytes.length - 104)] = (byte) random.nextInt();
        }
        MemorySegment.copy(bytes, 0, memory, JAVA_BYTE, 0, bytes.length);
        if (state.wrap(memory, 0, bytes.length)) {
          taken++;
          long from = SessionState.BYTES + (long) state.padding();
          long at = Sections.find(memory, from, state.sections(), Sections.Type.PROXY_TLVS);
          if (at >= 0) {
            int length = Sections.length(memory, at);
            assertThat(at + Sections.HEAD + length).isLessThanOrEqualTo(bytes.length);
          }
        }
      }
    }
    assertThat(taken).as("mutations that leave a state").isBetween(MESSAGES / 10, MESSAGES - 1);
  }
}
