package org.portbouncer.core.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.portbouncer.core.control.OrphanLink.Word;
import org.portbouncer.core.shared.SessionFlow;
import org.portbouncer.core.support.Descriptor;
import org.portbouncer.core.sys.Const;
import org.portbouncer.core.sys.SockAddr;

class OrphanLinkTest {

  /** Code, number, id, times, no names, no addresses, position. */
  private static final int SHORTEST_SESSION = 1 + 4 + 8 + 44 + 8 * 2 + 1 + 4 + 4 + 16 + 8 + 1;

  private final int[] pair = Descriptor.pair(Const.SOCK_SEQPACKET);
  private final int[] calls = Descriptor.pair(Const.SOCK_DGRAM);
  private final int[] pipe = Descriptor.pipe();
  private final OrphanLink worker = new OrphanLink(pair[0]);
  private final OrphanLink server = new OrphanLink(pair[1]);

  @AfterEach
  void close() {
    Descriptor.close(pair);
    Descriptor.close(calls);
    Descriptor.close(pipe);
  }

  private static byte[] address(int fill) {
    byte[] address = new byte[SockAddr.BYTES];
    Arrays.fill(address, (byte) fill);
    return address;
  }

  private static OrphanSession session(int pipes) {
    return new OrphanSession(
        7,
        1L << 40,
        new OrphanSession.Times(1, 2, 3, 4, 5, 6),
        new OrphanSession.Names(
            "web", "127.0.0.1:80", "office", "#1", "wide", "a", "10.0.0.1:8080", "onion", 200),
        new OrphanSession.Addresses(address(1), address(2), new byte[0], address(3)),
        new OrphanSession.Position(SessionFlow.HEADER, 10, 20, 30, 40, pipes));
  }

  @Test
  void shouldReadWhatWasSaid() throws ControlException {
    assertThat(worker.hello(4711, 3)).isZero();
    assertThat(server.next(false)).isEqualTo(Word.HELLO);
    assertThat(server.readHello()).isEqualTo(new OrphanLink.Hello(OrphanLink.PROTOCOL, 4711, 3));
    assertThat(worker.held(1, new byte[] {1, 2, 3, 4}, 1, 2)).isZero();
    assertThat(server.next(false)).isEqualTo(Word.HELD);
    OrphanLink.Held held = server.readHeld();
    assertThat(held.way()).isEqualTo(1);
    assertThat(held.bytes()).containsExactly(2, 3);
    OrphanSession said = session(2);
    assertThat(worker.session(said, new int[] {pair[0], calls[0], pipe[0]})).isZero();
    assertThat(server.next(false)).isEqualTo(Word.SESSION);
    OrphanSession heard = server.readSession();
    assertThat(heard).usingRecursiveComparison().isEqualTo(said);
    assertThat(heard.position().inPipe(0)).isFalse();
    assertThat(heard.position().inPipe(1)).isTrue();
    assertThat(heard.position().carried(1)).isEqualTo(40);
    int third = server.descriptor(2);
    assertThat(Descriptor.link(third)).isEqualTo(Descriptor.link(pipe[0]));
    Descriptor.close(third, server.descriptor(0), server.descriptor(1));
    assertThat(worker.done(new int[] {1, 2, 3})).isZero();
    assertThat(server.next(false)).isEqualTo(Word.DONE);
    assertThat(server.readDone()).containsExactly(1, 2, 3);
    assertThat(server.took(8)).isZero();
    assertThat(server.left(9)).isZero();
    assertThat(worker.next(true)).isEqualTo(Word.TOOK);
    assertThat(worker.readNumber()).isEqualTo(8);
    assertThat(worker.next(true)).isEqualTo(Word.LEFT);
    assertThat(worker.readNumber()).isEqualTo(9);
    assertThat(worker.next(true)).as("nothing more").isNull();
  }

  @Test
  void shouldTakeACallAndNothingElseThatComesToTheSocketForCalls() {
    OrphanLink caller = new OrphanLink(calls[0]);
    OrphanLink called = new OrphanLink(calls[1]);
    assertThat(called.takeCall()).as("nothing there").isNegative();
    int open = Descriptor.open();
    caller.took(1);
    caller.session(session(0), new int[] {pair[0], pair[1]});
    ControlChannel raw = new ControlChannel(calls[0]);
    raw.begin(1);
    raw.attach(pair[0]);
    raw.send();
    raw.begin(1).putShort((short) 1);
    raw.send();
    for (int i = 0; i < 4; i++) {
      assertThat(called.takeCall()).isNegative();
    }
    assertThat(Descriptor.open()).isEqualTo(open);
    assertThat(caller.call(pair[0])).isZero();
    int link = called.takeCall();
    assertThat(Descriptor.link(link)).isEqualTo(Descriptor.link(pair[0]));
    Descriptor.close(link);
  }

  @Test
  void shouldRefuseWordsOfTheOtherEnd() {
    worker.took(1);
    assertThatThrownBy(() -> server.next(false)).hasMessage("TOOK out of turn");
    server.done(new int[3]);
    assertThatThrownBy(() -> worker.next(true)).hasMessage("DONE out of turn");
    Descriptor.close(pair[0]);
    assertThatThrownBy(() -> server.next(false)).hasMessage("it has gone");
  }

  @Test
  void shouldRefuseASessionThatDoesNotComeWithItsDescriptors() throws ControlException {
    for (int count : new int[] {0, 1, 2, 4}) {
      int open = Descriptor.open();
      int[] descriptors = new int[count];
      Arrays.fill(descriptors, pipe[0]);
      worker.session(session(1), descriptors);
      assertThat(server.next(false)).isEqualTo(Word.SESSION);
      assertThatThrownBy(server::readSession).hasMessage("a session without its descriptors");
      assertThat(server.next(false)).isNull();
      assertThat(Descriptor.open()).isEqualTo(open);
    }
  }

  @Test
  void shouldCutANameThatIsTooLong() throws ControlException {
    OrphanSession.Names names =
        new OrphanSession.Names("x".repeat(5_000), "", "", "", "", "", "", "", 0);
    OrphanSession.Addresses none =
        new OrphanSession.Addresses(new byte[0], new byte[0], new byte[0], new byte[0]);
    OrphanSession said = session(0);
    worker.session(
        new OrphanSession(1, 1, said.times(), names, none, said.position()),
        new int[] {pipe[0], pipe[1]});
    assertThat(server.next(false)).isEqualTo(Word.SESSION);
    assertThat(server.readSession().names().listener()).hasSize(1024);
    assertThat(server.next(false)).isNull();
  }

  /** Whatever its code, its length, its bytes and its descriptors are. */
  @Test
  void shouldRefuseOrReadWhateverComesAndKeepNoDescriptor() {
    long seed = Long.getLong("seed", System.nanoTime());
    Random random = new Random(seed);
    ControlChannel raw = new ControlChannel(pair[0]);
    int open = Descriptor.open();
    int read = 0;
    for (int i = 0; i < 20_000; i++) {
      int code = random.nextInt(10);
      byte[] bytes = new byte[random.nextInt(i % 2 == 0 ? 40 : SHORTEST_SESSION + 20)];
      if (i % 4 != 0) {
        random.nextBytes(bytes);
      }
      ByteBuffer packet = raw.begin(code);
      packet.put(bytes);
      for (int fds = random.nextInt(4); fds > 0; fds--) {
        raw.attach(pipe[0]);
      }
      assertThat(raw.send()).isZero();
      try {
        read(server.next(i % 8 == 0));
        read++;
      } catch (ControlException refused) {
        assertThat(refused.getMessage()).as("-Dseed=%d", seed).isNotEmpty();
      }
      assertThat(nothing(seed)).isTrue();
    }
    assertThat(read).as("words that were taken; -Dseed=%d", seed).isPositive();
    assertThat(Descriptor.open()).as("descriptors; -Dseed=%d", seed).isEqualTo(open);
  }

  private boolean nothing(long seed) {
    try {
      return server.next(false) == null;
    } catch (ControlException e) {
      throw new AssertionError("-Dseed=" + seed, e);
    }
  }

  private void read(Word word) throws ControlException {
    switch (word) {
      case HELLO -> server.readHello();
      case HELD -> server.readHeld();
      case SESSION -> server.readSession();
      case DONE -> server.readDone();
      default -> server.readNumber();
    }
  }
}
