package org.portbouncer.core.hop;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.portbouncer.core.session.Descriptors;
import org.portbouncer.core.session.SessionState;
import org.portbouncer.core.support.Descriptor;
import org.portbouncer.core.support.Seed;
import org.portbouncer.core.sys.Const;

/** What a receiver does with messages that lie, in full or in part. */
class HopRefusalsTest extends HopCase {

  /** A good message's bytes: two sessions, the first with a client, the second with both. */
  private byte[] good() {
    sender.offer(session(1, Descriptors.CLIENT));
    sender.offer(session(2, Descriptors.CLIENT, Descriptors.TARGET));
    assertThat(sender.flush()).isZero();
    byte[] bytes = Descriptor.readBytes(pair[1]);
    assertThat(bytes).hasSize(Frame.HEADER + 2 * (Frame.ENTRY + SessionState.BYTES));
    return bytes;
  }

  /** Sends bytes as they are, with this many descriptors of one file. */
  private void send(byte[] bytes, int descriptors) {
    int file = Descriptor.named("raw");
    try (Arena arena = Arena.ofConfined()) {
      MessageHeader raw = new MessageHeader(1);
      raw.reset();
      MemorySegment memory = arena.allocate(Math.max(1, bytes.length));
      MemorySegment.copy(bytes, 0, memory, JAVA_BYTE, 0, bytes.length);
      raw.addVector(memory.address(), bytes.length);
      for (int i = 0; i < descriptors; i++) {
        raw.addDescriptor(file);
      }
      assertThat(raw.send(pair[0])).isEqualTo(bytes.length);
    }
    Descriptor.close(file);
  }

  private void requireRefused(String why, byte[] bytes, int descriptors) {
    send(bytes, descriptors);
    int count = receiver.receive();
    // A message that lies is refused whole; one whose frame is good but for a state, without that
    // one.
    assertThat(count == HopReceiver.REFUSED || receiver.takeRefusals() > 0).as(why).isTrue();
    assertThat(receiver.refusal()).isNotEmpty();
    releaseAll(count);
    requireNothingLeaked();
    sender.offer(session(5, Descriptors.CLIENT));
    assertThat(sender.flush()).isZero();
    assertThat(receiver.receive()).as("the message after: " + why).isEqualTo(1);
    require(receiver.take(0), 5, Descriptors.CLIENT);
    requireNothingLeaked();
  }

  private void releaseAll(int count) {
    for (int i = 0; i < count; i++) {
      pool.release(receiver.take(i));
    }
  }

  @Test
  void shouldTakeTheRawBytesWhenNothingIsWrongWithThem() {
    send(good(), 3);
    assertThat(receiver.receive()).isEqualTo(2);
    pool.release(receiver.take(0));
    pool.release(receiver.take(1));
    requireNothingLeaked();
  }

  @Test
  void shouldRefuseAndGoOnWhenAMessageIsCutShort() {
    byte[] good = good();
    for (int length = 0; length < good.length; length++) {
      requireRefused(length + " bytes", Arrays.copyOf(good, length), 3);
    }
  }

  @Test
  void shouldRefuseAndGoOnWhenAMessageIsGarbage() {
    byte[] noise = new byte[500];
    new Random(1).nextBytes(noise);
    requireRefused("noise", noise, 40);
    requireRefused("text", "GET / HTTP/1.0\r\n\r\n".getBytes(US_ASCII), 0);
    requireRefused("zeros", new byte[400], 1);
  }

  @Test
  void shouldRefuseAndGoOnWhenAMessageLies() {
    requireRefused("a descriptor too few", good(), 2);
    requireRefused("no descriptor", good(), 0);
    requireRefused("a descriptor too many", good(), 4);
    requireRefused("as many as one message takes", good(), Const.SCM_MAX_FD);
    for (int count : new int[] {0, 3, Frame.SESSIONS, Frame.SESSIONS + 1, 0xffff}) {
      requireRefused("a count of " + count, with(good(), Frame.COUNT, (short) count), 3);
    }
    int entry = Frame.HEADER;
    requireRefused("an unknown version", with(good(), 0, (byte) 0x02), 3);
    requireRefused("an unknown transfer", with(good(), entry + Frame.TRANSFER, (byte) 0x7f), 3);
    requireRefused("an unknown role", with(good(), entry + Frame.MASK, (byte) 0x41), 3);
    for (int length : new int[] {-1, 0, 119, 121, 300, Integer.MAX_VALUE, Integer.MIN_VALUE}) {
      requireRefused("a state of " + length, with(good(), entry + Frame.LENGTH, length), 3);
    }
    requireRefused("no state", with(good(), entry + Frame.ENTRY, (byte) 0), 3);
    int second = entry + Frame.ENTRY + SessionState.BYTES;
    requireRefused("no second state", with(good(), second + Frame.ENTRY, (byte) 0), 3);
  }

  private static byte[] with(byte[] bytes, int at, Number value) {
    MemorySegment memory = MemorySegment.ofArray(bytes);
    switch (value) {
      case Byte b -> memory.set(JAVA_BYTE, at, b);
      case Short s -> memory.set(JAVA_SHORT_UNALIGNED, at, s);
      default -> memory.set(JAVA_INT_UNALIGNED, at, value.intValue());
    }
    return bytes;
  }

  @Test
  void shouldNeverThrowNorLeakWhenMessagesAreMutated() {
    Random random = Seed.random(HopRefusalsTest.class);
    byte[] good = good();
    int taken = 0;
    int refused = 0;
    for (int round = 0; round < 200_000; round++) {
      byte[] bytes = Arrays.copyOf(good, length(random, good.length));
      List<Integer> changed = new ArrayList<>();
      for (int i = random.nextInt(5); i > 0 && bytes.length > 0; i--) {
        // Half of the changes go to the header and the first entry, where they matter most.
        int at = random.nextInt(random.nextBoolean() ? Math.min(24, bytes.length) : bytes.length);
        bytes[at] = (byte) (random.nextBoolean() ? random.nextInt(8) : random.nextInt());
        changed.add(at);
      }
      int descriptors = random.nextInt(4) == 0 ? random.nextInt(8) : 3;
      if (random.nextInt(200) == 0) {
        descriptors = random.nextInt(254);
      }
      send(bytes, descriptors);
      try {
        int count = receiver.receive();
        if (count == HopReceiver.REFUSED) {
          refused++;
        } else {
          assertThat(count + receiver.takeRefusals()).isPositive();
          taken++;
          releaseAll(count);
        }
      } catch (RuntimeException e) {
        throw new AssertionError("round " + round + ", bytes changed: " + changed, e);
      }
      if (round % 1000 == 0) {
        requireNothingLeaked();
      }
    }
    requireNothingLeaked();
    assertThat(taken).isPositive();
    assertThat(refused).isPositive();
  }

  private static int length(Random random, int whole) {
    return random.nextInt(5) == 0 ? random.nextInt(2 * whole) : whole;
  }
}
