package org.portbouncer.launcher.mother.handover;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.portbouncer.core.config.Endpoint;
import org.portbouncer.core.control.ControlChannel;
import org.portbouncer.core.control.ControlException;
import org.portbouncer.core.sys.Const;
import org.portbouncer.core.sys.Errno;
import org.portbouncer.core.sys.Libc;
import org.portbouncer.core.sys.Sockets;

class HandoverLinkTest {
  private final int[] pair = Sockets.pair(Const.SOCK_SEQPACKET);
  private final HandoverLink here = new HandoverLink(pair[0]);
  private final HandoverLink there = new HandoverLink(pair[1]);

  @AfterEach
  void close() {
    Libc.close(pair[0]);
    Libc.close(pair[1]);
  }

  @Test
  void shouldReadWhatWasSaid() throws ControlException {
    here.hello(new HandoverLink.Hello(7, -5, "1.2.3"));
    assertThat(there.next()).isEqualTo(HandoverLink.Word.HELLO);
    assertThat(there.readHello()).isEqualTo(new HandoverLink.Hello(7, -5, "1.2.3"));

    for (Endpoint endpoint :
        new Endpoint[] {
          new Endpoint(Endpoint.Kind.INET, "[::]:65535", "::", 65_535, ""),
          new Endpoint(
              Endpoint.Kind.INET, "udp:1.2.3.4:5", "1.2.3.4", 5, "", Endpoint.Ports.ONE, true),
          new Endpoint(Endpoint.Kind.UNIX, "unix:/a b", "", 0, "/a b")
        }) {
      here.socket(new HandoverLink.Kept(pair[0], endpoint, "web 0 ::", true, false));
      assertThat(there.next()).isEqualTo(HandoverLink.Word.SOCKET);
      HandoverLink.Kept kept = there.readSocket();
      assertThat(kept.endpoint()).isEqualTo(endpoint);
      assertThat(kept.anyPort()).isEqualTo("web 0 ::");
      assertThat(kept.passed()).isTrue();
      assertThat(kept.fresh()).isFalse();
      assertThat(Libc.close(kept.fd())).isZero();
    }

    here.memory(HandoverLink.Memory.BOOKS, pair[0], 1L << 40);
    assertThat(there.next()).isEqualTo(HandoverLink.Word.MEMORY);
    HandoverLink.Memory[] kind = new HandoverLink.Memory[1];
    long[] length = new long[1];
    assertThat(Libc.close(there.readMemory(kind, length))).isZero();
    assertThat(kind[0]).isEqualTo(HandoverLink.Memory.BOOKS);
    assertThat(length[0]).isEqualTo(1L << 40);

    here.ready(4711, false, "why");
    assertThat(there.next()).isEqualTo(HandoverLink.Word.READY);
    assertThat(there.readReady()).isEqualTo(new HandoverLink.Ready(4711, false, "why"));
    here.go(1L << 50);
    assertThat(there.next()).isEqualTo(HandoverLink.Word.GO);
    assertThat(there.readGo()).isEqualTo(1L << 50);
    here.end(true);
    assertThat(there.next()).isEqualTo(HandoverLink.Word.END);
    assertThat(there.readEnd()).isTrue();
    here.say(HandoverLink.Word.NEXT);
    assertThat(there.next()).isEqualTo(HandoverLink.Word.NEXT);
    there.readNothing();
    assertThat(there.next()).as("nothing more").isNull();
  }

  @Test
  void shouldSayWhatDiffersBetweenTwoVersions() {
    HandoverLink.Hello own = new HandoverLink.Hello(1, 9, "1");
    assertThat(own.differsFrom(new HandoverLink.Hello(1, 9, "2"))).isEmpty();
    assertThat(own.differsFrom(new HandoverLink.Hello(2, 9, "2"))).contains("protocol 2 there");
    assertThat(own.differsFrom(new HandoverLink.Hello(0, 9, "2"))).contains("protocol 0 there");
    assertThat(own.differsFrom(new HandoverLink.Hello(1, 8, "2"))).contains("different forms");
  }

  @Test
  void shouldRefuseAWordThatIsNotItsTurn() throws ControlException {
    here.go(1);
    assertThat(there.next()).isEqualTo(HandoverLink.Word.GO);
    assertThatThrownBy(there::readReady).isInstanceOf(ControlException.class);
  }

  @Test
  void shouldSayThatTheOtherHasGone() {
    Libc.close(pair[0]);
    assertThatThrownBy(there::next).hasMessage("the other server has gone");
  }

  @Test
  void shouldRefuseGarbageAndKeepNoDescriptorOfIt() {
    long seed = Long.getLong("seed", System.nanoTime());
    Random random = new Random(seed);
    ControlChannel raw = new ControlChannel(pair[0]);
    int spare = Libc.fcntl(pair[0], Const.F_DUPFD_CLOEXEC, 0);
    Libc.close(spare);
    for (int i = 0; i < 20_000; i++) {
      byte[] bytes = new byte[random.nextInt(40)];
      random.nextBytes(bytes);
      raw.begin(random.nextInt(16)).put(bytes);
      for (int fds = random.nextInt(3); fds > 0; fds--) {
        raw.attach(pair[0]);
      }
      assertThat(raw.send()).isZero();
      try {
        read(there.next());
      } catch (ControlException refused) {
        assertThat(refused.getMessage()).as("-Dseed=%d", seed).isNotEmpty();
      }
      assertThat(next()).as("-Dseed=%d", seed).isNull();
    }
    int after = Libc.fcntl(pair[0], Const.F_DUPFD_CLOEXEC, 0);
    Libc.close(after);
    assertThat(after).as("descriptors; -Dseed=%d", seed).isEqualTo(spare);
    assertThat(Libc.close(spare)).isEqualTo(-Errno.EBADF);
  }

  private HandoverLink.Word next() {
    try {
      return there.next();
    } catch (ControlException e) {
      throw new AssertionError(e);
    }
  }

  private void read(HandoverLink.Word word) throws ControlException {
    switch (word) {
      case HELLO -> there.readHello();
      case SOCKET -> Libc.close(there.readSocket().fd());
      case MEMORY -> Libc.close(there.readMemory(new HandoverLink.Memory[1], new long[1]));
      case READY -> there.readReady();
      case GO -> there.readGo();
      case INBOX -> Libc.close(there.readInbox());
      case END -> there.readEnd();
      default -> there.readNothing();
    }
  }
}
