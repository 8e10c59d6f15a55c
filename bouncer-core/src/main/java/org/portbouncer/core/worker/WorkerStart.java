package org.portbouncer.core.worker;

import java.nio.ByteBuffer;
import org.portbouncer.core.control.ControlChannel;
import org.portbouncer.core.control.ControlMessage;
import org.portbouncer.core.log.LogForm;
import org.portbouncer.core.session.StageId;
import org.portbouncer.core.sys.Const;
import org.portbouncer.core.sys.Errno;
import org.portbouncer.core.sys.Libc;
import org.portbouncer.core.sys.Native;
import org.portbouncer.core.sys.SystemCallException;

/**
 * The START message: all that a worker has is in it. The same class writes it in the mother and
 * reads it in the worker, so that the two cannot differ.
 *
 * @param stage which stage it serves
 * @param index which of the stage's workers it is, from 0
 * @param place its place on the worker board
 * @param batch most sessions in one datagram
 * @param accessLogForm how access log lines look
 * @param areaFd the shared area
 * @param accessLogFd where access log lines go, -1 for nowhere
 * @param slotsFd the area of state slots, -1 where no state travels so
 * @param inboxFd the stage's inbox, reading end
 * @param nextInboxes the next stage's inboxes, writing ends; none for io
 */
public record WorkerStart(
    StageId stage,
    int index,
    int place,
    int batch,
    LogForm accessLogForm,
    int areaFd,
    int accessLogFd,
    int slotsFd,
    int inboxFd,
    int[] nextInboxes) {

  private static final int ACCESS_LOG = 1;
  private static final int SLOTS = 2;

  /** This process's id. */
  public int pid() {
    return (int) ProcessHandle.current().pid();
  }

  /**
   * Sends it; in the mother. The descriptors stay hers.
   *
   * @return 0 or the errno
   */
  public int send(ControlChannel control) {
    ByteBuffer packet = control.begin(ControlMessage.START);
    packet.put((byte) stage.ordinal());
    packet.putShort((short) index);
    packet.putShort((short) place);
    packet.putShort((short) batch);
    int flags = accessLogFd >= 0 ? ACCESS_LOG : 0;
    flags |= slotsFd >= 0 ? SLOTS : 0;
    packet.put((byte) flags);
    packet.put(accessLogForm.code());
    control.attach(areaFd);
    if (accessLogFd >= 0) {
      control.attach(accessLogFd);
    }
    if (slotsFd >= 0) {
      control.attach(slotsFd);
    }
    control.attach(inboxFd);
    for (int inbox : nextInboxes) {
      control.attach(inbox);
    }
    return control.send();
  }

  /**
   * Waits for it; in the worker, as the first thing.
   *
   * @throws IllegalStateException where the mother went away or said something else
   */
  static WorkerStart receive(ControlChannel control) {
    awaitReadable(control.fd());
    if (control.receive() <= 0 || control.type() != ControlMessage.START) {
      throw new IllegalStateException("started by hand? A worker is started by the mother alone");
    }
    ByteBuffer body = control.body();
    StageId stage = StageId.of(body.get());
    int index = body.getShort();
    int place = body.getShort();
    int batch = body.getShort();
    int flags = body.get();
    LogForm form = LogForm.of(body.get());
    int at = 0;
    int area = control.descriptor(at++);
    int log = (flags & ACCESS_LOG) != 0 ? control.descriptor(at++) : -1;
    int slots = (flags & SLOTS) != 0 ? control.descriptor(at++) : -1;
    int inbox = control.descriptor(at++);
    int[] next = new int[control.descriptorCount() - at];
    for (int i = 0; i < next.length; i++) {
      next[i] = control.descriptor(at++);
    }
    return new WorkerStart(stage, index, place, batch, form, area, log, slots, inbox, next);
  }

  private static void awaitReadable(int fd) {
    // struct pollfd: 0 fd | 4 events u16 | 6 returned events u16
    var poll = Native.allocate(8);
    poll.set(java.lang.foreign.ValueLayout.JAVA_INT, 0, fd);
    poll.set(java.lang.foreign.ValueLayout.JAVA_SHORT, 4, (short) Const.EPOLLIN);
    int result;
    do {
      result = Libc.poll(poll.address(), 1, -1);
    } while (result == -Errno.EINTR);
    SystemCallException.check("poll", result);
  }
}
