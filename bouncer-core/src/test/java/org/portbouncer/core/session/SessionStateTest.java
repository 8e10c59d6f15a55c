package org.portbouncer.core.session;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.portbouncer.core.support.Seed;
import org.portbouncer.core.sys.SockAddr;

class SessionStateTest {

  private static MemorySegment memory(int bytes) {
    return Arena.ofAuto().allocate(bytes, 8);
  }

  private static SessionState valid() {
    SessionState state = new SessionState();
    MemorySegment memory = memory(SessionState.BYTES);
    memory.fill((byte) 0x5a);
    state.create(memory, 0, 0);
    state.identify(0x0102030405060708L, 70_000, 0xff_ffff);
    state.origin(9, 0xfffe, 0xffff);
    state.accepted(Long.MAX_VALUE);
    state.deadline(-1);
    SockAddr.put(state.memory(), state.client(), InetAddress.ofLiteral("2001:db8::1"), 65_535);
    SockAddr.put(state.memory(), state.local(), InetAddress.ofLiteral("192.0.2.1"), 443);
    state.rule(32_767);
    state.bandwidth(-1);
    state.clientReady(true);
    return state;
  }

  private static byte[] bytes(SessionState state) {
    return state.memory().asSlice(state.base(), state.length()).toArray(JAVA_BYTE);
  }

  private static void requireSameFields(SessionState state) {
    assertThat(state.id()).isEqualTo(0x0102030405060708L);
    assertThat(state.record()).isEqualTo(70_000);
    assertThat(state.generation()).isEqualTo(0xff_ffff);
    assertThat(state.epoch()).isEqualTo(9);
    assertThat(state.listener()).isEqualTo(0xfffe);
    assertThat(state.endpoint()).isEqualTo(0xffff);
    assertThat(state.accepted()).isEqualTo(Long.MAX_VALUE);
    assertThat(state.deadline()).isEqualTo(-1);
    assertThat(SockAddr.text(state.memory(), state.client())).isEqualTo("[2001:db8::1]:65535");
    assertThat(SockAddr.text(state.memory(), state.local())).isEqualTo("192.0.2.1:443");
    assertThat(state.rule()).isEqualTo(32_767);
    assertThat(state.bandwidth()).isEqualTo(-1);
    assertThat(state.clientReady()).isTrue();
  }

  @Test
  void shouldKeepEveryFieldWhenWrappedElsewhere() {
    SessionState state = valid();
    requireSameFields(state);
    // An odd offset: in a datagram a state may lie anywhere.
    MemorySegment elsewhere = memory(SessionState.BYTES + 7);
    MemorySegment.copy(state.memory(), 0, elsewhere, 5, SessionState.BYTES);
    SessionState other = new SessionState();
    assertThat(other.wrap(elsewhere, 5, SessionState.BYTES)).isTrue();
    assertThat(other.base()).isEqualTo(5);
    requireSameFields(other);
  }

  @Test
  void shouldCallItselfChangedOnlyWhenAFieldIs() {
    SessionState state = valid();
    assertThat(state.changed()).isTrue();
    state.unchanged();
    state.rule(32_767);
    state.bandwidth(-1);
    state.deadline(-1);
    state.clientReady(true);
    assertThat(state.changed()).isFalse();
    state.bandwidth(0);
    assertThat(state.changed()).isTrue();
    state.unchanged();
    state.deadline(0);
    assertThat(state.changed()).isTrue();
  }

  @Test
  void shouldKeepEveryFieldWhenMoved() {
    SessionState state = valid();
    MemorySegment old = state.memory();
    MemorySegment other = memory(2 * SessionState.BYTES);
    state.moveTo(other, 16, SessionState.BYTES);
    old.fill((byte) 0);
    assertThat(state.memory()).isSameAs(other);
    requireSameFields(state);
  }

  @Test
  void shouldBeEmptyWhenCreatedOverOldBytes() {
    MemorySegment memory = memory(SessionState.BYTES);
    memory.fill((byte) 0xff);
    SessionState state = new SessionState();
    state.create(memory, 0, 0);
    assertThat(state.length()).isEqualTo(SessionState.BYTES);
    assertThat(state.id()).isZero();
    assertThat(state.deadline()).isZero();
    assertThat(state.rule()).isEqualTo(-1);
    assertThat(state.bandwidth()).isEqualTo(-1);
    assertThat(SockAddr.text(memory, state.client())).isEmpty();
    assertThat(state.wrap(memory, 0, SessionState.BYTES)).isTrue();
  }

  @Test
  void shouldRefuseWhenShorterThanAState() {
    byte[] bytes = bytes(valid());
    for (int length = 0; length < bytes.length; length++) {
      assertThat(wraps(Arrays.copyOf(bytes, length))).as("%d bytes", length).isFalse();
    }
  }

  @Test
  void shouldRefuseWhenLongerThanItSays() {
    byte[] bytes = bytes(valid());
    assertThat(wraps(Arrays.copyOf(bytes, bytes.length + 1))).isFalse();
    assertThat(wraps(Arrays.copyOf(bytes, 2 * bytes.length))).isFalse();
  }

  @Test
  void shouldRefuseWhenItIsOfAnotherVersion() {
    byte[] bytes = bytes(valid());
    for (int i = 0; i < 4; i++) {
      byte[] other = bytes.clone();
      other[i]++;
      assertThat(wraps(other)).as("byte %d", i).isFalse();
    }
  }

  @Test
  void shouldRefuseWhenALengthInsideLies() {
    for (int lie : new int[] {-1, 0, 119, 121, Integer.MAX_VALUE, Integer.MIN_VALUE}) {
      SessionState state = valid();
      state.memory().set(JAVA_INT_UNALIGNED, 4, lie);
      assertThat(wraps(state.memory().toArray(JAVA_BYTE))).as("length %d", lie).isFalse();
    }
    for (int lie : new int[] {-1, 1, -120, Integer.MAX_VALUE, Integer.MIN_VALUE}) {
      SessionState state = valid();
      state.memory().set(JAVA_INT_UNALIGNED, 108, lie);
      assertThat(wraps(state.memory().toArray(JAVA_BYTE))).as("padding %d", lie).isFalse();
    }
  }

  @Test
  void shouldRefuseWhenThePlaceLiesOutsideTheMemory() {
    MemorySegment memory = valid().memory();
    SessionState state = new SessionState();
    assertThat(state.wrap(memory, 1, SessionState.BYTES)).isFalse();
    assertThat(state.wrap(memory, -1, SessionState.BYTES)).isFalse();
    assertThat(state.wrap(memory, 0, SessionState.BYTES + 1L)).isFalse();
    assertThat(state.wrap(memory, memory.byteSize(), SessionState.BYTES)).isFalse();
    assertThat(state.wrap(MemorySegment.NULL, 0, SessionState.BYTES)).isFalse();
  }

  @Test
  void shouldKeepWhatItHadWhenAWrapIsRefused() {
    SessionState state = valid();
    assertThat(state.wrap(memory(SessionState.BYTES), 0, SessionState.BYTES)).isFalse();
    requireSameFields(state);
  }

  @Test
  void shouldNeverThrowNorReadOutsideWhenBytesAreRandomOrMutated() {
    Random random = Seed.random(SessionStateTest.class);
    byte[] valid = bytes(valid());
    int accepted = 0;
    for (int round = 0; round < 50_000; round++) {
      byte[] bytes;
      if (round % 4 == 0) {
        bytes = new byte[random.nextInt(2 * SessionState.BYTES)];
        random.nextBytes(bytes);
      } else {
        bytes = Arrays.copyOf(valid, random.nextInt(8) == 0 ? random.nextInt(200) : valid.length);
        for (int i = random.nextInt(6); i > 0 && bytes.length > 0; i--) {
          bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
        }
      }
      try {
        accepted += wraps(bytes) ? 1 : 0;
      } catch (RuntimeException e) {
        throw new AssertionError("round " + round + ": " + Arrays.toString(bytes), e);
      }
    }
    assertThat(accepted).as("mutations that leave a state").isPositive();
  }

  /**
   * Whether the bytes are taken for a state; then every getter is called, on memory that ends where
   * the state does, so that reading beyond throws.
   */
  private static boolean wraps(byte[] bytes) {
    MemorySegment memory = memory(Math.max(1, bytes.length)).asSlice(0, bytes.length);
    MemorySegment.copy(bytes, 0, memory, JAVA_BYTE, 0, bytes.length);
    SessionState state = new SessionState();
    if (!state.wrap(memory, 0, bytes.length)) {
      return false;
    }
    assertThat(state.length()).isEqualTo(bytes.length);
    long sum = state.id() + state.accepted() + state.deadline();
    sum += state.record() + state.generation() + state.epoch() + state.listener();
    sum += state.endpoint() + state.rule() + state.bandwidth();
    assertThat(Long.toHexString(sum)).isNotEmpty();
    assertThat(SockAddr.text(memory, state.client())).isNotNull();
    assertThat(SockAddr.text(memory, state.local())).isNotNull();
    state.moveTo(memory(bytes.length), 0, state.length());
    return true;
  }
}
