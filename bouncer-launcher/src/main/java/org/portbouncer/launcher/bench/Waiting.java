package org.portbouncer.launcher.bench;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.MemorySegment;
import org.portbouncer.core.sys.Const;
import org.portbouncer.core.sys.Libc;
import org.portbouncer.core.sys.Native;

/** Waits for a socket with poll(2). One thread. */
final class Waiting {

  /** A peer that is silent for so long has died. */
  private static final int PATIENCE_MS = 30_000;

  // struct pollfd: 0 fd | 4 events u16 | 6 returned events u16
  private final MemorySegment poll = Native.allocate(8);
  private final int fd;

  Waiting(int fd) {
    this.fd = fd;
  }

  void readable() {
    await(Const.EPOLLIN);
  }

  void readableForEver() {
    await(Const.EPOLLIN, -1);
  }

  void writable() {
    await(Const.EPOLLOUT);
  }

  private void await(int events) {
    await(events, PATIENCE_MS);
  }

  private void await(int events, int timeoutMs) {
    poll.set(JAVA_INT, 0, fd);
    poll.set(JAVA_SHORT, 4, (short) events);
    if (Libc.poll(poll.address(), 1, timeoutMs) == 0) {
      throw new IllegalStateException("the other process does not go on");
    }
  }
}
