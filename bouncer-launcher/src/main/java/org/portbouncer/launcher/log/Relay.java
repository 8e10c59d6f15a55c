package org.portbouncer.launcher.log;

import java.lang.foreign.MemorySegment;
import java.util.concurrent.TimeUnit;
import org.portbouncer.core.sys.Errno;
import org.portbouncer.core.sys.Libc;
import org.portbouncer.core.sys.Native;
import org.portbouncer.core.sys.Pipes;
import org.portbouncer.core.sys.Sockets;

/**
 * A pipe that never keeps who writes to it, and a thread that passes on what comes to a descriptor
 * that might. For a standard output that can be neither opened anew nor set not to wait, because
 * its file description belongs to others: another user's pipe, a terminal of another session. In
 * the mother; what workers write goes through it too.
 */
final class Relay {

  private static final int PIECE = 64 * 1024;
  private static final long LOOK_MS = 5;

  private final int to;
  private final int reading;
  private final int writing;
  private final MemorySegment memory = Native.allocate(PIECE);
  private volatile boolean busy;

  /**
   * Begins to pass on.
   *
   * @param to where to; stays the caller's
   */
  Relay(int to) {
    this.to = to;
    int[] pipe = Pipes.open();
    reading = pipe[0];
    writing = pipe[1];
    Thread.ofPlatform().name("relay").daemon().start(this::run);
  }

  /** What to write to; the caller's, who closes it, after which the relay ends. */
  int writing() {
    return writing;
  }

  /** Passes on until nobody can write any more. */
  private void run() {
    while (true) {
      Pipes.awaitReadable(reading, -1);
      busy = true;
      long length = Libc.read(reading, memory.address(), PIECE);
      if (length > 0) {
        write((int) length);
      }
      busy = false;
      if (length <= 0 && length != -Errno.EAGAIN && length != -Errno.EINTR) {
        Libc.close(reading);
        return;
      }
    }
  }

  /** A reader that has gone takes nothing: what is for it is read all the same, and thrown away. */
  private void write(int length) {
    for (int done = 0; done < length; ) {
      long written = Libc.write(to, memory.address() + done, length - done);
      if (written == -Errno.EAGAIN) {
        Pipes.awaitWritable(to, -1);
      } else if (written < 0 && written != -Errno.EINTR) {
        return;
      } else {
        done += (int) Math.max(0, written);
      }
    }
  }

  /** Waits until all that came is passed on, for so long at most. */
  void drain(long nanos) {
    long until = System.nanoTime() + nanos;
    while ((busy || Sockets.isReadable(reading)) && System.nanoTime() < until) {
      try {
        TimeUnit.MILLISECONDS.sleep(LOOK_MS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      }
    }
  }
}
