package org.portbouncer.core.worker;

import java.nio.ByteBuffer;
import org.portbouncer.core.control.ControlChannel;
import org.portbouncer.core.control.ControlException;
import org.portbouncer.core.control.Fields;
import org.portbouncer.core.control.Order;
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
 * @param build which build the mother takes the worker for
 * @param stage which stage it serves
 * @param index which of the stage's workers it is, from 0
 * @param place its place on the worker board
 * @param batch most sessions in one datagram
 * @param accessLogForm how access log lines look
 * @param areaFd the shared area
 * @param accessLogFd where access log lines go, -1 for nowhere
 * @param slotsFd the area of state slots, -1 where no state travels so
 * @param callsFd where the next server asks for its sessions once the mother has gone; -1 for
 *     nowhere
 * @param inboxFd the stage's inbox, reading end
 * @param nextInboxes the next stage's inboxes, writing ends; none for io
 */
public record WorkerStart(
    int build,
    StageId stage,
    int index,
    int place,
    int batch,
    LogForm accessLogForm,
    int areaFd,
    int accessLogFd,
    int slotsFd,
    int callsFd,
    int inboxFd,
    int[] nextInboxes) {

  private static final int ACCESS_LOG = 1;
  private static final int SLOTS = 2;
  private static final int CALLS = 4;

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
    ByteBuffer packet = control.begin(Order.START.code());
    packet.putInt(build);
    packet.put((byte) stage.code());
    packet.putShort((short) index);
    packet.putShort((short) place);
    packet.putShort((short) batch);
    int flags = accessLogFd >= 0 ? ACCESS_LOG : 0;
    flags |= slotsFd >= 0 ? SLOTS : 0;
    flags |= callsFd >= 0 ? CALLS : 0;
    packet.put((byte) flags);
    packet.put(accessLogForm.code());
    packet.putShort((short) nextInboxes.length);
    control.attach(areaFd);
    if (accessLogFd >= 0) {
      control.attach(accessLogFd);
    }
    if (slotsFd >= 0) {
      control.attach(slotsFd);
    }
    if (callsFd >= 0) {
      control.attach(callsFd);
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
    int length = control.receive();
    return received(control, length);
  }

  /**
   * Reads what should be it.
   *
   * @param length of the packet received last, as {@link ControlChannel#receive} gives it
   * @throws IllegalStateException where it is none
   */
  static WorkerStart received(ControlChannel control, int length) {
    if (length <= 0 || control.code() != Order.START.code()) {
      control.closeDescriptors();
      throw new IllegalStateException("started by hand? A worker is started by the mother alone");
    }
    try {
      if (control.truncated()) {
        throw new ControlException("more than one packet holds");
      }
      return read(control, control.fields());
    } catch (ControlException e) {
      control.closeDescriptors();
      throw new IllegalStateException("the mother's START is none: " + e.getMessage(), e);
    }
  }

  private static WorkerStart read(ControlChannel control, Fields fields) throws ControlException {
    int build = fields.i32();
    StageId stage = StageId.withCode(fields.u8());
    int index = fields.u16();
    int place = fields.u16();
    int batch = fields.u16();
    int flags = fields.u8();
    LogForm form = LogForm.of(fields.u8());
    int[] next = new int[fields.u16()];
    fields.end();
    if (stage == null || form == null || (flags & ~(ACCESS_LOG | SLOTS | CALLS)) != 0) {
      throw new ControlException("a value that means nothing");
    }
    if (control.descriptorCount() != 2 + Integer.bitCount(flags) + next.length) {
      throw new ControlException(control.descriptorCount() + " descriptors, and not what it says");
    }
    int at = 0;
    int area = control.take(at++);
    int log = (flags & ACCESS_LOG) != 0 ? control.take(at++) : -1;
    int slots = (flags & SLOTS) != 0 ? control.take(at++) : -1;
    int calls = (flags & CALLS) != 0 ? control.take(at++) : -1;
    int inbox = control.take(at++);
    for (int i = 0; i < next.length; i++) {
      next[i] = control.take(at++);
    }
    return new WorkerStart(
        build, stage, index, place, batch, form, area, log, slots, calls, inbox, next);
  }

  static void awaitReadable(int fd) {
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
