package org.portbouncer.core.worker;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.portbouncer.core.hop.HopReceiver;
import org.portbouncer.core.hop.Session;
import org.portbouncer.core.loop.EventLoop;
import org.portbouncer.core.support.Descriptor;
import org.portbouncer.core.sys.Const;
import org.portbouncer.core.sys.Libc;

/** Where an outbox leads when the inboxes behind it change. */
class OutboxTest {

  private final int openBefore = Descriptor.open();
  private final EventLoop loop = new EventLoop();
  private final SessionPool pool = new SessionPool();
  private final int[][] inboxes = {pair(), pair(), pair()};
  private final Outbox outbox = new Outbox(loop, new int[0], 8, pool);

  private static int[] pair() {
    return Descriptor.pair(Const.SOCK_DGRAM);
  }

  @AfterEach
  void close() {
    for (int[] pair : inboxes) {
      Descriptor.close(pair);
    }
  }

  private void lead(int... ids) {
    int[] fds = new int[ids.length];
    for (int i = 0; i < ids.length; i++) {
      // As they come over a control link: a descriptor of their own.
      fds[i] = Libc.fcntl(inboxes[ids[i]][0], Const.F_DUPFD_CLOEXEC, 3);
    }
    outbox.lead(ids, fds);
  }

  private void offer(int count) {
    for (int i = 0; i < count; i++) {
      Session session = pool.obtain();
      session.create(0, 0);
      outbox.offer(session);
    }
  }

  /** How many sessions an inbox has got. */
  private int arrived(int inbox) {
    HopReceiver receiver = new HopReceiver(inboxes[inbox][1], null, pool);
    int sum = 0;
    for (int count = receiver.receive(); count > 0; count = receiver.receive()) {
      sum += count;
      for (int i = 0; i < count; i++) {
        pool.release(receiver.take(i));
      }
    }
    return sum;
  }

  @Test
  void shouldSpreadOverTheInboxesItWasLedTo() {
    lead(0, 1);
    offer(4);
    outbox.flush();
    assertThat(arrived(0)).isEqualTo(2);
    assertThat(arrived(1)).isEqualTo(2);
    lead(1, 2);
    offer(4);
    outbox.flush();
    assertThat(arrived(0)).isZero();
    assertThat(arrived(1)).isEqualTo(2);
    assertThat(arrived(2)).isEqualTo(2);
  }

  @Test
  void shouldSendWhatWasOfferedBeforeItLetsGoOfAnInbox() {
    lead(0, 1);
    assertThat(outbox.takeSettled()).isTrue();
    offer(2);
    lead(1);
    assertThat(outbox.takeSettled()).as("while a session waits").isFalse();
    assertThat(outbox.waiting()).isEqualTo(2);
    outbox.flush();
    assertThat(arrived(0)).isEqualTo(1);
    assertThat(outbox.takeSettled()).isTrue();
    assertThat(outbox.takeSettled()).as("said once").isFalse();
  }

  @Test
  void shouldKeepNoDescriptorOfAnInboxThatIsGone() {
    lead(0, 1, 2);
    int open = Descriptor.open();
    for (int i = 0; i < 50; i++) {
      lead(1);
      assertThat(outbox.takeSettled()).isTrue();
      lead(0, 1, 2);
      assertThat(outbox.takeSettled()).isTrue();
    }
    assertThat(Descriptor.open()).isEqualTo(open);
    assertThat(open).isGreaterThan(openBefore);
  }

  @Test
  void shouldLetGoOfAFullInboxOnceItHasRoomThoughNobodyAsks() {
    int open = Descriptor.open();
    lead(0);
    while (outbox.waiting() == 0) {
      offer(8);
      outbox.flush();
    }
    lead();
    assertThat(outbox.takeSettled()).as("while sessions wait for room").isFalse();
    arrived(0);
    loop.run(
        now -> {
          arrived(0);
          if (outbox.waiting() == 0) {
            loop.stop();
          }
          return false;
        });
    assertThat(Descriptor.open()).isEqualTo(open);
  }
}
