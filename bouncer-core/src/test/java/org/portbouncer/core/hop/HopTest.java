package org.portbouncer.core.hop;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.portbouncer.core.session.Descriptors;
import org.portbouncer.core.session.SessionState;
import org.portbouncer.core.support.Descriptor;
import org.portbouncer.core.support.Seed;
import org.portbouncer.core.sys.Const;
import org.portbouncer.core.sys.Errno;
import org.portbouncer.core.sys.SockAddr;
import org.portbouncer.core.worker.SessionPool;

/** Both ends of a hop, over a real pair of datagram sockets. */
class HopTest {

  private final SessionPool pool = new SessionPool();
  private int[] pair;
  private HopSender sender;
  private HopReceiver receiver;
  private int openBefore;

  @BeforeEach
  void openHop() {
    pair = Descriptor.pair(Const.SOCK_DGRAM);
    hop();
    openBefore = Descriptor.open();
  }

  @AfterEach
  void closeHop() {
    Descriptor.close(pair);
  }

  /** Makes both ends; the only place that knows how. */
  private void hop() {
    sender = new HopSender(pair[0], Frame.SESSIONS, pool);
    receiver = new HopReceiver(pair[1], null, pool);
  }

  private Session session(long id) {
    Session session = pool.obtain();
    session.create(0, 0);
    SessionState state = session.state();
    state.identify(id, (int) id, 7);
    state.origin(1, 2, 3);
    state.accepted(1000 + id);
    SockAddr.put(state.memory(), state.client(), InetAddress.ofLiteral("192.0.2.1"), 4000);
    return session;
  }

  private Session session(long id, int... roles) {
    Session session = session(id);
    for (int role : roles) {
      session.descriptors().put(role, Descriptor.named(name(id, role)));
    }
    return session;
  }

  private static String name(long id, int role) {
    return "s" + id + "r" + role;
  }

  private void require(Session session, long id, int... roles) {
    assertThat(session.state().id()).isEqualTo(id);
    assertThat(session.state().generation()).isEqualTo(7);
    assertThat(session.state().accepted()).isEqualTo(1000 + id);
    assertThat(SockAddr.text(session.state().memory(), session.state().client()))
        .isEqualTo("192.0.2.1:4000");
    int mask = 0;
    for (int role : roles) {
      mask |= 1 << role;
      assertThat(Descriptor.link(session.descriptors().peek(role)))
          .isEqualTo("/memfd:" + name(id, role) + " (deleted)");
    }
    assertThat(session.descriptors().mask()).isEqualTo(mask);
    pool.release(session);
  }

  private void requireNothingLeaked() {
    assertThat(Descriptor.open()).as("descriptors open").isEqualTo(openBefore);
  }

  @Test
  void shouldPassStateAndDescriptorsWhenOneSessionIsSent() {
    sender.offer(session(1, Descriptors.CLIENT, Descriptors.TARGET));
    assertThat(sender.waiting()).isEqualTo(1);
    assertThat(sender.flush()).isZero();
    assertThat(sender.waiting()).isZero();
    requireNothingLeaked();
    assertThat(receiver.receive()).isEqualTo(1);
    require(receiver.take(0), 1, Descriptors.CLIENT, Descriptors.TARGET);
    requireNothingLeaked();
    assertThat(receiver.receive()).isEqualTo(-Errno.EAGAIN);
  }

  @Test
  void shouldReachTheSameSocketWhenWrittenThroughThePassedDescriptor() {
    int[] client = Descriptor.pair(Const.SOCK_STREAM);
    Session session = session(1);
    session.descriptors().put(Descriptors.CLIENT, client[0]);
    sender.offer(session);
    assertThat(sender.flush()).isZero();
    assertThat(receiver.receive()).isEqualTo(1);
    Session received = receiver.take(0);
    Descriptor.write(received.descriptors().peek(Descriptors.CLIENT), "hello");
    assertThat(Descriptor.read(client[1])).isEqualTo("hello");
    pool.release(received);
    Descriptor.close(client[1]);
    requireNothingLeaked();
  }

  @Test
  void shouldKeepOrderAndRolesWhenSeveralSessionsShareADatagram() {
    sender.offer(session(1, Descriptors.CLIENT));
    sender.offer(session(2));
    sender.offer(session(3, Descriptors.CLIENT, Descriptors.TARGET, Descriptors.SERVICE));
    sender.offer(session(4, Descriptors.TARGET));
    assertThat(sender.flush()).isZero();
    assertThat(receiver.receive()).isEqualTo(4);
    require(receiver.take(0), 1, Descriptors.CLIENT);
    require(receiver.take(1), 2);
    require(receiver.take(2), 3, Descriptors.CLIENT, Descriptors.TARGET, Descriptors.SERVICE);
    require(receiver.take(3), 4, Descriptors.TARGET);
    requireNothingLeaked();
  }

  @Test
  void shouldPassAllWhenSixtySessionsShareADatagram() {
    int[] roles = {Descriptors.CLIENT, Descriptors.TARGET, Descriptors.SERVICE};
    for (int id = 0; id < Frame.SESSIONS; id++) {
      sender.offer(session(id, roles));
    }
    assertThat(sender.flush()).isZero();
    requireNothingLeaked();
    assertThat(receiver.receive()).isEqualTo(60);
    for (int id = 0; id < Frame.SESSIONS; id++) {
      require(receiver.take(id), id, roles);
    }
    requireNothingLeaked();
  }

  @Test
  void shouldSendSeveralDatagramsWhenMoreThanABatchWaits() {
    for (int id = 0; id < 2 * Frame.SESSIONS + 1; id++) {
      sender.offer(session(id, Descriptors.CLIENT));
    }
    assertThat(sender.flush()).isZero();
    int next = 0;
    for (int expected : new int[] {Frame.SESSIONS, Frame.SESSIONS, 1}) {
      assertThat(receiver.receive()).isEqualTo(expected);
      for (int i = 0; i < expected; i++) {
        require(receiver.take(i), next++, Descriptors.CLIENT);
      }
    }
    requireNothingLeaked();
  }

  @Test
  void shouldLoseNothingWhenTheInboxIsFull() {
    int offered = 0;
    int errno = 0;
    while (errno == 0) {
      sender.offer(session(offered, rolesOf(offered)));
      offered++;
      errno = sender.flush();
      assertThat(offered).as("an inbox without end").isLessThan(100_000);
    }
    assertThat(errno).isEqualTo(Errno.EAGAIN);
    assertThat(sender.waiting()).isEqualTo(1);
    for (int i = 0; i < 200; i++) {
      sender.offer(session(offered, rolesOf(offered)));
      offered++;
    }
    sender.keepStates();
    int received = 0;
    while (received < offered) {
      int count = receiver.receive();
      if (count == -Errno.EAGAIN) {
        assertThat(sender.flush()).isIn(0, Errno.EAGAIN);
        continue;
      }
      assertThat(count).isPositive();
      for (int i = 0; i < count; i++) {
        require(receiver.take(i), received, rolesOf(received));
        received++;
      }
    }
    assertThat(sender.waiting()).isZero();
    requireNothingLeaked();
  }

  /** Few have descriptors: the kernel limits how many may be on their way. */
  private static int[] rolesOf(int id) {
    return id % 97 == 0 ? new int[] {Descriptors.CLIENT, Descriptors.TARGET} : new int[0];
  }

  @Test
  void shouldKeepTheSessionWhenTheReceiverHasGone() {
    Descriptor.close(pair[1]);
    int[] old = pair;
    sender.offer(session(1, Descriptors.CLIENT));
    int open = Descriptor.open();
    assertThat(sender.flush()).isEqualTo(Errno.ECONNREFUSED);
    assertThat(sender.waiting()).isEqualTo(1);
    assertThat(Descriptor.open()).isEqualTo(open);
    Descriptor.close(old[0]);
    pair = Descriptor.pair(Const.SOCK_DGRAM);
  }

  @Test
  void shouldLeaveStatesUsableWhenKeptBeyondTheNextMessage() {
    sender.offer(session(1, Descriptors.CLIENT));
    assertThat(sender.flush()).isZero();
    assertThat(receiver.receive()).isEqualTo(1);
    Session first = receiver.take(0);
    first.keepState();
    sender.offer(session(2));
    assertThat(sender.flush()).isZero();
    assertThat(receiver.receive()).isEqualTo(1);
    require(receiver.take(0), 2);
    require(first, 1, Descriptors.CLIENT);
    requireNothingLeaked();
  }

  @Test
  void shouldGiveAMarkItsPlaceAmongTheMessages() {
    HopMarker marker = new HopMarker();
    sender.offer(session(1, Descriptors.CLIENT));
    assertThat(sender.flush()).isZero();
    assertThat(marker.send(pair[0], 0xcafe_0007)).isZero();
    sender.offer(session(2));
    assertThat(sender.flush()).isZero();
    assertThat(receiver.receive()).isEqualTo(1);
    require(receiver.take(0), 1, Descriptors.CLIENT);
    assertThat(receiver.receive()).isEqualTo(HopReceiver.MARK);
    assertThat(receiver.mark()).isEqualTo(0xcafe_0007);
    assertThat(receiver.receive()).isEqualTo(1);
    require(receiver.take(0), 2);
    requireNothingLeaked();
  }

  // What is refused.

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
    Random random = Seed.random(HopTest.class);
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
