package org.portbouncer.core.worker;

import java.nio.ByteBuffer;
import org.portbouncer.core.config.ConfigCodecException;
import org.portbouncer.core.control.ControlChannel;
import org.portbouncer.core.control.ControlMessage;
import org.portbouncer.core.loop.Pollable;
import org.portbouncer.core.session.Result;
import org.portbouncer.core.sys.Const;
import org.portbouncer.core.sys.Errno;
import org.portbouncer.core.sys.Libc;
import org.portbouncer.core.sys.Native;
import org.portbouncer.core.sys.SystemCallException;

/**
 * A worker's end of the control link: does what the mother says, in the order in which she says it.
 */
final class MotherLink extends Pollable {

  private final Worker worker;
  private final ControlChannel control;
  private boolean ready;

  MotherLink(Worker worker, ControlChannel control) {
    this.worker = worker;
    this.control = control;
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
      case CONFIG -> configure(body);
      case KILL -> worker.kill(body.getInt(), body.getInt());
      case END_ALL -> worker.endAll(Result.of(body.get()));
      case ACCESS_LOG -> {
        boolean json = body.get() != 0;
        worker.accessLog(control.descriptorCount() > 0 ? control.descriptor(0) : -1, json);
      }
      case STOP -> worker.stop();
      // Between two turns nothing is half received or half sent, so the answer is always: now.
      case SYNC -> answer(ControlMessage.SYNCED, body.getInt());
      case null, default -> throw new IllegalStateException("the mother said " + control.type());
    }
  }

  private void configure(ByteBuffer body) {
    Epoch epoch = read(control.descriptor(0), body.getInt());
    worker.configure(epoch);
    answer(ControlMessage.EPOCH, epoch.number());
    if (!ready) {
      ready = true;
      worker.start();
      answer(ControlMessage.READY, 0);
    }
  }

  private static Epoch read(int fd, int length) {
    byte[] bytes = Native.read(fd, length);
    Libc.close(fd);
    try {
      return EpochCodec.decode(ByteBuffer.wrap(bytes));
    } catch (ConfigCodecException e) {
      throw new IllegalStateException("the mother's configuration cannot be read", e);
    }
  }

  /** A mark of the mother's came through the inbox. */
  void mark(int token) {
    answer(ControlMessage.MARK, token);
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
