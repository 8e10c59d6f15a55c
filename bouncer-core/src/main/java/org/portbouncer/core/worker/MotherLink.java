package org.portbouncer.core.worker;

import java.nio.ByteBuffer;
import java.util.List;
import org.portbouncer.core.control.ControlChannel;
import org.portbouncer.core.control.ControlMessage;
import org.portbouncer.core.log.LogForm;
import org.portbouncer.core.loop.Pollable;
import org.portbouncer.core.session.Result;
import org.portbouncer.core.sys.Const;
import org.portbouncer.core.sys.Errno;
import org.portbouncer.core.sys.Seccomp;
import org.portbouncer.core.sys.SystemCallException;

/**
 * A worker's end of the control link: does what the mother says, in the order in which she says it.
 */
final class MotherLink extends Pollable {

  private final Worker worker;
  private final ControlChannel control;
  private final EpochReader epochs;
  private boolean serving;

  /** What system calls may be made, until it is put on; null for all. */
  private byte[] filter;

  MotherLink(Worker worker, ControlChannel control, EpochReader epochs) {
    this.worker = worker;
    this.control = control;
    this.epochs = epochs;
  }

  void attach() {
    worker.loop().add(this, control.fd(), Const.EPOLLIN);
  }

  @Override
  protected void ready(int events) {
    while (registered()) {
      int length = control.receive();
      if (length == -Errno.EAGAIN || length == -Errno.EINTR) {
        return;
      }
      if (length <= 0) {
        worker.loop().remove(this, control.fd());
        worker.motherLost();
        return;
      }
      handle();
    }
  }

  private void handle() {
    ByteBuffer body = control.body();
    switch (control.type()) {
      case CONFINE -> {
        filter = new byte[body.remaining()];
        body.get(filter);
      }
      case CONFIG -> configure(body);
      case RETIRE -> retire(body);
      case LANES -> lanes(body);
      case DRAIN -> worker.drain();
      case LOOK -> worker.endUnwanted();
      case END_ALL -> worker.endAll(Result.of(body.get()));
      case ACCESS_LOG -> {
        LogForm form = LogForm.of(body.get());
        worker.accessLog(control.descriptorCount() > 0 ? control.descriptor(0) : -1, form);
      }
      case LEVEL -> worker.log().least(ServerLog.Level.of(body.get()));
      case CLASSES -> worker.classesChanged();
      case STOP -> worker.stop();
      // Between two turns nothing is half received or half sent, so the answer is always: now.
      case SYNC -> answer(ControlMessage.SYNCED, body.getInt());
      case null, default -> throw new IllegalStateException("the mother said " + control.type());
    }
  }

  private void configure(ByteBuffer body) {
    int length = body.getInt();
    int fd = control.descriptor(0);
    if (serving) {
      epochs.readBeside(fd, length, this::configured);
      return;
    }
    configured(epochs.read(fd, length));
    serving = true;
    confine();
    worker.start();
    answer(ControlMessage.READY, 0);
  }

  /** By now the VM has started, and no client's byte has come. */
  private void confine() {
    int errno = filter == null ? 0 : Seccomp.confine(filter);
    if (errno != 0) {
      worker.log().warn(worker.loop().now(), "no system call filter: " + Errno.text(errno));
    }
    filter = null;
  }

  private void configured(List<NewEpoch> come) {
    worker.configure(come);
    answer(ControlMessage.EPOCH, come.getLast().epoch().number());
  }

  private void retire(ByteBuffer body) {
    int oldest = body.getInt();
    int[] inUse = new int[body.getShort() & 0xffff];
    for (int i = 0; i < inUse.length; i++) {
      inUse[i] = body.getInt();
    }
    worker.retire(oldest, inUse);
  }

  /** A mark of the mother's came through the inbox. */
  void mark(int token) {
    answer(ControlMessage.MARK, token);
  }

  private void lanes(ByteBuffer body) {
    int version = body.getInt();
    int[] ids = new int[body.getShort() & 0xffff];
    int[] inboxes = new int[ids.length];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = body.getInt();
      inboxes[i] = control.descriptor(i);
    }
    worker.lead(version, ids, inboxes);
  }

  /** What was sent to inboxes that go is in them, and they are closed. */
  void settled(int version) {
    answer(ControlMessage.LANES, version);
  }

  private void answer(ControlMessage type, int number) {
    control.begin(type).putInt(number);
    int errno = control.send();
    // A mother who does not read asks again.
    if (errno != 0
        && errno != Errno.EPIPE
        && errno != Errno.ECONNRESET
        && (errno != Errno.EAGAIN || type == ControlMessage.READY)) {
      throw new SystemCallException("sendmsg", errno);
    }
  }
}
