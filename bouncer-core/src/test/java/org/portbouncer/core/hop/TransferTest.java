package org.portbouncer.core.hop;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.portbouncer.core.config.Configuration.StateTransfer.Mode;
import org.portbouncer.core.session.Descriptors;
import org.portbouncer.core.session.SessionState;
import org.portbouncer.core.shared.StateSlots;
import org.portbouncer.core.sys.Const;
import org.portbouncer.core.sys.Errno;
import org.portbouncer.core.sys.Libc;
import org.portbouncer.core.sys.Native;
import org.portbouncer.core.worker.Padding;
import org.portbouncer.core.worker.SessionPool;

/** Sessions through real hops, with their state carried in each way. */
class TransferTest {

  private static final int MIB = 1 << 20;
  private static final int HOPS = 5;

  private final Padding padding = new Padding();
  private final SessionPool pool = new SessionPool();
  private final List<TestHop> hops = new ArrayList<>();
  private StateSlots slots;
  private long descriptors;

  @BeforeEach
  void count() {
    descriptors = Open.descriptors();
  }

  @AfterEach
  void nothingIsLeft() {
    hops.forEach(TestHop::close);
    if (slots != null) {
      assertThat(slots.used()).as("slots").isZero();
      Libc.close(slots.fd());
    }
    assertThat(Open.descriptors()).as("descriptors").isEqualTo(descriptors);
  }

  private TestHop hop() {
    TestHop hop = new TestHop(slots, pool);
    hops.add(hop);
    return hop;
  }

  /** Prepares for states with this padding. */
  private void prepare(int length) {
    padding.prepare(length);
    slots = StateSlots.create(64, SessionState.BYTES + length);
  }

  private Session session(long id, Mode mode) {
    Session session = pool.obtain();
    session.descriptors().put(Descriptors.CLIENT, Libc.eventfd(0, Const.EFD_CLOEXEC));
    if (mode == Mode.SHM) {
      session.createInSlot(
          slots, slots.allocate(), padding.block(), padding.offset(id), padding.length());
    } else {
      session.create(padding.block().address() + padding.offset(id), padding.length());
    }
    session.state().checksum(padding.checksum(id));
    session.state().identify(id, 11, 12);
    if (mode == Mode.FILE_FD) {
      assertThat(new StateFiles("").create(session)).isZero();
    }
    return session;
  }

  /** Ends a session as the last stage does. */
  private void end(Session session) {
    if (session.slot() >= 0) {
      slots.free(session.slot());
    }
    pool.release(session);
  }

  private void assertIntact(Session session, long id) {
    SessionState state = session.state();
    assertThat(state.id()).isEqualTo(id);
    assertThat(state.padding()).isEqualTo(padding.length());
    assertThat(session.descriptors().peek(Descriptors.CLIENT)).isNotNegative();
    byte[] tail = tail(session);
    CRC32C crc = new CRC32C();
    crc.update(tail);
    assertThat((int) crc.getValue()).isEqualTo(state.checksum());
    MemorySegment sent = padding.block().asSlice(padding.offset(id), padding.length());
    assertThat(MemorySegment.ofArray(tail).mismatch(sent)).as("first difference").isEqualTo(-1);
  }

  private static byte[] tail(Session session) {
    int length = session.state().padding();
    if (session.transfer() != Mode.FILE_FD) {
      return MemorySegment.ofAddress(session.tailAddress()).reinterpret(length).toArray(JAVA_BYTE);
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment read = arena.allocate(length + 1L);
      assertThat(StateFiles.readTail(session, read.address(), length)).isEqualTo(length);
      return read.asSlice(0, length).toArray(JAVA_BYTE);
    }
  }

  /** Whoever has the slots mapped may write to them at any moment, as a worker taken over would. */
  @Test
  void shouldGoByWhatItCheckedWhateverIsWrittenToItsSlot() {
    prepare(5_000);
    TestHop hop = hop();
    Session sent = session(7, Mode.SHM);
    int slot = sent.slot();
    Session session = hop.pass(sent);
    MemorySegment head = slots.memory().asSlice(slots.stateAt(slot), SessionState.BYTES);
    head.fill((byte) 0x7f);
    assertThat(session.state().record()).isEqualTo(11);
    assertThat(session.state().length()).isEqualTo(SessionState.BYTES + 5_000);
    assertIntact(session, 7);
    // What a stage has changed is what the next one gets.
    session.state().rule(3);
    Session next = hop.pass(session);
    assertThat(next.state().rule()).isEqualTo(3);
    assertIntact(next, 7);
    end(next);
  }

  @Test
  void shouldRefuseASlotWhoseStateClaimsAnotherLength() {
    prepare(5_000);
    for (int claimed :
        new int[] {0, 119, SessionState.BYTES + 4_999, 1 << 30, Integer.MAX_VALUE, -1}) {
      TestHop hop = hop();
      Session sent = session(7, Mode.SHM);
      int slot = sent.slot();
      hop.sender().offer(sent);
      assertThat(hop.sender().flush()).isZero();
      slots.memory().set(JAVA_INT, slots.stateAt(slot) + 4, claimed);
      slots.memory().set(JAVA_INT, slots.stateAt(slot) + 108, claimed - SessionState.BYTES);
      assertThat(hop.receiver().receive()).as("length %d", claimed).isZero();
      assertThat(hop.receiver().takeRefusals()).isEqualTo(1);
      slots.free(slot);
    }
  }

  @Test
  void shouldRefuseAFileThatAnnouncesMoreThanAnyStateHas() {
    prepare(0);
    SessionState state = new SessionState();
    int length = SessionState.BYTES + SessionState.MAX_PADDING;
    MemorySegment memory = Native.allocate(SessionState.BYTES);
    state.create(memory, 0, SessionState.MAX_PADDING);
    assertThat(state.wrapHead(memory, 0, length)).isTrue();
    state.create(memory, 0, SessionState.MAX_PADDING + 1);
    assertThat(state.wrapHead(memory, 0, length + 1)).isFalse();
  }

  static Stream<Arguments> waysAndSizes() {
    return Stream.of(Mode.values())
        .flatMap(
            mode ->
                Stream.of(0, 120, 121, 112_192, MIB, 16 * MIB)
                    .map(size -> Arguments.of(mode, size)));
  }

  @ParameterizedTest
  @MethodSource("waysAndSizes")
  void shouldBeTheSameAfterFiveHops(Mode mode, int size) {
    prepare(size);
    boolean spills = mode == Mode.INLINE && size >= MIB;
    for (int i = 0; i < HOPS; i++) {
      hop();
    }
    for (long id = 100; id < 103; id++) {
      Session session = session(id, mode);
      for (int i = 0; i < HOPS; i++) {
        session = hops.get(i).pass(session);
        assertThat(session.transfer()).isEqualTo(spills ? Mode.FILE_FD : mode);
        assertThat(hops.get(i).sender().takeSpilled()).isEqualTo(spills && i == 0 ? 1 : 0);
        assertThat(session.state().rule()).as("what the last stage set").isEqualTo(i - 1);
        session.state().rule(i);
        if (i == 2) {
          session.keepState();
        }
      }
      assertIntact(session, id);
      end(session);
    }
  }

  @Test
  void shouldPassManyInOneDatagramWhateverTheirWay() {
    prepare(500);
    TestHop hop = hop();
    for (int i = 0; i < 30; i++) {
      hop.sender().offer(session(i, Mode.values()[i % 3]));
    }
    assertThat(hop.sender().flush()).isZero();
    assertThat(hop.receiver().receive()).isEqualTo(30);
    for (int i = 0; i < 30; i++) {
      Session session = hop.receiver().take(i);
      assertThat(session.transfer()).isEqualTo(Mode.values()[i % 3]);
      assertIntact(session, i);
      end(session);
    }
    assertThat(hop.receiver().takeRefusals()).isZero();
  }

  @Test
  void shouldKeepASpilledStateWhenTheInboxIsFullAndTheBufferUsedAgain() {
    prepare(20_000);
    TestHop first = hop();
    TestHop full = new TestHop(slots, pool, 4_096);
    hops.add(full);
    int ahead = fill(full);

    Session late = first.pass(session(1, Mode.INLINE));
    full.sender().offer(late);
    assertThat(full.sender().flush()).isEqualTo(Errno.EAGAIN);
    assertThat(full.sender().takeSpilled()).isEqualTo(1);
    full.sender().keepStates();
    end(first.pass(session(2, Mode.INLINE)));
    assertThat(late.state().id()).as("while it waits").isEqualTo(1);

    for (int left = ahead; left > 0; left--) {
      assertThat(full.receiver().receive()).isEqualTo(1);
      end(full.receiver().take(0));
    }
    assertThat(full.sender().flush()).isZero();
    assertThat(full.receiver().receive()).as(full.receiver().refusal()).isEqualTo(2);
    end(full.receiver().take(0));
    Session arrived = full.receiver().take(1);
    assertThat(arrived.transfer()).isEqualTo(Mode.FILE_FD);
    assertIntact(arrived, 1);
    end(arrived);
  }

  /** Sends sessions that travel in slots until one has to wait; returns how many went. */
  private int fill(TestHop hop) {
    int sent = 0;
    hop.sender().offer(session(50, Mode.SHM));
    while (hop.sender().flush() == 0) {
      sent++;
      hop.sender().offer(session(50, Mode.SHM));
    }
    return sent;
  }

  @Test
  void shouldMoveTheStateToMemoryWhenItsFileTakesNoMore() {
    prepare(112_192);
    TestHop hop = hop();
    Session session = session(7, Mode.FILE_FD);
    try (Arena arena = Arena.ofConfined()) {
      String path = "/proc/self/fd/" + session.descriptors().peek(Descriptors.STATE);
      session
          .descriptors()
          .put(Descriptors.STATE, Libc.open(Native.string(arena, path), Const.O_RDONLY, 0));
    }
    session.state().rule(9);
    Session arrived = hop.pass(session);
    assertThat(hop.sender().takeSpilled()).isEqualTo(1);
    assertThat(arrived.state().rule()).isEqualTo(9);
    assertIntact(arrived, 7);
    end(arrived);
  }

  /** What is done to a session between the mother's hands and the receiver's. */
  enum Harm {
    NO_STATE_DESCRIPTOR(Mode.FILE_FD),
    SHORT_FILE(Mode.FILE_FD),
    OTHER_LENGTH_IN_FILE(Mode.FILE_FD),
    OTHER_LENGTH_IN_SLOT(Mode.SHM),
    SLOT_FREED(Mode.SHM),
    SLOT_OF_ANOTHER(Mode.SHM),
    NO_STATE_INLINE(Mode.INLINE);

    private final Mode mode;

    Harm(Mode mode) {
      this.mode = mode;
    }
  }

  /** Does it, and gives back whatever slot the test holds then. */
  private void harm(Session session, Harm harm) {
    int fd = session.descriptors().peek(Descriptors.STATE);
    switch (harm) {
      case NO_STATE_DESCRIPTOR -> session.descriptors().close(Descriptors.STATE);
      case SHORT_FILE -> Libc.ftruncate(fd, SessionState.BYTES - 1);
      case OTHER_LENGTH_IN_FILE -> {
        MemorySegment number = Native.allocate(8);
        number.set(JAVA_INT, 0, 4_711);
        Libc.pwrite(fd, number.address(), 4, 4);
      }
      case OTHER_LENGTH_IN_SLOT ->
          session.state().memory().set(JAVA_INT, session.state().base() + 108, 4_711);
      case SLOT_FREED -> slots.free(session.slot());
      case SLOT_OF_ANOTHER -> {
        slots.free(session.slot());
        // Takes slots until the same one comes again; the others go back.
        List<Integer> others = new ArrayList<>();
        int again = slots.allocate();
        while (again != session.slot()) {
          others.add(again);
          again = slots.allocate();
        }
        others.forEach(slots::free);
      }
      case NO_STATE_INLINE -> session.state().memory().set(JAVA_INT, session.state().base(), 0);
      default -> throw new IllegalArgumentException(harm.toString());
    }
  }

  @ParameterizedTest
  @EnumSource(Harm.class)
  void shouldRefuseTheHarmedAndPassTheOthers(Harm harm) {
    prepare(112);
    TestHop hop = hop();
    Session bad = session(2, harm.mode);
    int slot = bad.slot();
    hop.sender().offer(session(1, Mode.SHM));
    hop.sender().offer(bad);
    hop.sender().offer(session(3, Mode.FILE_FD));
    hop.sender().offer(session(4, Mode.INLINE));
    harm(bad, harm);
    assertThat(hop.sender().flush()).isZero();

    assertThat(hop.receiver().receive()).isEqualTo(3);
    assertThat(hop.receiver().takeRefusals()).isEqualTo(1);
    assertThat(hop.receiver().takeRefusals()).as("told once").isZero();
    assertThat(hop.receiver().refusal()).isNotEmpty();
    long[] ids = {1, 3, 4};
    for (int i = 0; i < ids.length; i++) {
      Session good = hop.receiver().take(i);
      assertIntact(good, ids[i]);
      end(good);
    }
    if (slot >= 0 && harm != Harm.SLOT_FREED) {
      slots.free(slot);
    }
  }

  @Test
  void shouldRefuseASlotWhenTheReceiverHasNone() {
    prepare(112);
    TestHop hop = new TestHop(null, pool);
    hops.add(hop);
    Session session = session(1, Mode.SHM);
    int slot = session.slot();
    hop.sender().offer(session);
    assertThat(hop.sender().flush()).isZero();
    assertThat(hop.receiver().receive()).isZero();
    assertThat(hop.receiver().takeRefusals()).isEqualTo(1);
    slots.free(slot);
  }
}
