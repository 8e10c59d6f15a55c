package org.portbouncer.core.worker;

import org.portbouncer.core.hop.HopReceiver;
import org.portbouncer.core.loop.Pollable;
import org.portbouncer.core.shared.WorkerBoard;
import org.portbouncer.core.sys.Const;
import org.portbouncer.core.sys.Errno;
import org.portbouncer.core.sys.Sockets;
import org.portbouncer.core.sys.SystemCallException;

/**
 * The worker's reading end of its stage's inbox. It is not read while the way on is full or while
 * the process has no descriptors to spare: what waits there is safe, and the wait reaches the
 * mother.
 */
final class Inbox extends Pollable {

  /** Messages taken in one turn, so that held sessions, timers and the mother get theirs too. */
  private static final int PER_TURN = 16;

  private final Worker worker;
  private final HopReceiver receiver;
  private final int fd;
  private final int descriptorRoom;
  private boolean opened;

  /**
   * @param descriptorRoom sessions the process may hold
   */
  Inbox(Worker worker, HopReceiver receiver, int fd, int descriptorRoom) {
    this.worker = worker;
    this.receiver = receiver;
    this.fd = fd;
    this.descriptorRoom = descriptorRoom;
  }

  /** Begins to read. */
  void open() {
    opened = true;
    adjust();
  }

  /** Ends reading for good. */
  void close() {
    opened = false;
    adjust();
  }

  /** Whether a message waits, read or not read now. */
  boolean hasMessage() {
    return Sockets.isReadable(fd);
  }

  /** Reads or pauses, as the worker's state asks for. */
  void adjust() {
    boolean wanted = opened && mayReceive();
    if (wanted && !registered()) {
      worker.loop().add(this, fd, Const.EPOLLIN);
    } else if (!wanted && registered()) {
      worker.loop().remove(this, fd);
      if (opened && worker.heldCount() >= descriptorRoom) {
        worker.count(WorkerBoard.Count.DESCRIPTOR_PAUSES, 1);
      }
    }
  }

  private boolean mayReceive() {
    return !worker.outboxBlocked() && worker.heldCount() < descriptorRoom;
  }

  /** Says what was refused of a message that was otherwise good. */
  private void refusals() {
    int refused = receiver.takeRefusals();
    if (refused > 0) {
      worker.count(WorkerBoard.Count.REFUSED, refused);
      worker.log().error(worker.loop().now(), refused + " sessions refused: " + receiver.refusal());
    }
  }

  @Override
  protected void ready(int events) {
    for (int turn = 0; turn < PER_TURN && registered(); turn++) {
      int count = receiver.receive();
      if (count == HopReceiver.MARK) {
        worker.marked(receiver.mark());
      } else if (count == HopReceiver.REFUSED) {
        worker.count(WorkerBoard.Count.REFUSED, 1);
        worker.log().error(worker.loop().now(), "hop message refused: " + receiver.refusal());
      } else if (count < 0) {
        if (count != -Errno.EAGAIN && count != -Errno.EINTR) {
          throw new SystemCallException("recvmsg", -count);
        }
        return;
      } else {
        worker.count(WorkerBoard.Count.RECEIVED, count);
        refusals();
        for (int i = 0; i < count; i++) {
          worker.arrived(receiver.take(i));
        }
        worker.flushOutbox();
      }
    }
  }
}
