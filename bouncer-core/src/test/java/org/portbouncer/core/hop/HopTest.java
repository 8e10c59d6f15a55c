package org.portbouncer.core.hop;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.portbouncer.core.session.Descriptors;
import org.portbouncer.core.support.Descriptor;
import org.portbouncer.core.sys.Const;
import org.portbouncer.core.sys.Errno;

/** What a sender sends and a receiver gets of it. */
class HopTest extends HopCase {

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
}
