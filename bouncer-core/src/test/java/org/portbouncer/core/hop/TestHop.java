package org.portbouncer.core.hop;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import org.portbouncer.core.shared.StateSlots;
import org.portbouncer.core.sys.Const;
import org.portbouncer.core.sys.Libc;
import org.portbouncer.core.sys.Native;
import org.portbouncer.core.worker.SessionPool;

/** Both ends of a hop, in one process. */
final class TestHop implements AutoCloseable {

  private final int sending;
  private final int receiving;
  private final HopSender sender;
  private final HopReceiver receiver;

  TestHop(StateSlots slots, SessionPool pool) {
    this(slots, pool, 0);
  }

  /**
   * @param sendBuffer of the socket; 0 leaves it as it is
   */
  TestHop(StateSlots slots, SessionPool pool, int sendBuffer) {
    MemorySegment pair = Native.allocate(8);
    int type = Const.SOCK_DGRAM | Const.SOCK_CLOEXEC | Const.SOCK_NONBLOCK;
    assertThat(Libc.socketpair(Const.AF_UNIX, type, 0, pair.address())).isZero();
    sending = pair.get(JAVA_INT, 0);
    receiving = pair.get(JAVA_INT, 4);
    if (sendBuffer > 0) {
      MemorySegment value = Native.allocate(8);
      value.set(JAVA_INT, 0, sendBuffer);
      Libc.setsockopt(sending, Const.SOL_SOCKET, Const.SO_SNDBUF, value.address(), 4);
    }
    sender = new HopSender(sending, Frame.SESSIONS, pool);
    receiver = new HopReceiver(receiving, slots, pool);
  }

  HopSender sender() {
    return sender;
  }

  HopReceiver receiver() {
    return receiver;
  }

  int receivingFd() {
    return receiving;
  }

  /** Sends one session and receives it. */
  Session pass(Session session) {
    sender.offer(session);
    assertThat(sender.flush()).isZero();
    assertThat(receiver.receive()).as(receiver.refusal()).isEqualTo(1);
    return receiver.take(0);
  }

  @Override
  public void close() {
    Libc.close(sending);
    Libc.close(receiving);
  }
}
