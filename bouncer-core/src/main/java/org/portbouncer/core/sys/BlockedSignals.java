package org.portbouncer.core.sys;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Signals that this process had blocked and ignored when its VM started (bin/bouncer sees to it),
 * read from a signalfd. The VM leaves such signals alone, in all its threads; its own way makes a
 * thread for each that comes, and loses it where there is none to be had. In the mother, on a
 * thread of its own.
 */
public final class BlockedSignals {

  /** struct signalfd_siginfo begins with the number, u32. */
  private static final int INFO_BYTES = 128;

  private final int fd;
  private final MemorySegment info = Native.allocate(INFO_BYTES);

  private BlockedSignals(int fd) {
    this.fd = fd;
  }

  /** Opens them; null where one of them is not blocked: then it would come another way too. */
  public static BlockedSignals open(int... signals) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment blocked = arena.allocate(LibcProcess.ROOM, 16);
      MemorySegment wanted = arena.allocate(LibcProcess.ROOM, 16);
      LibcProcess.sigmask(0, 0, blocked.address());
      LibcProcess.sigemptyset(wanted.address());
      for (int signal : signals) {
        if (LibcProcess.sigismember(blocked.address(), signal) != 1) {
          return null;
        }
        LibcProcess.sigaddset(wanted.address(), signal);
      }
      int fd = LibcProcess.signalfd(-1, wanted.address(), Const.O_CLOEXEC);
      return fd < 0 ? null : new BlockedSignals(fd);
    }
  }

  /** Waits for the next. */
  public int next() {
    long read;
    do {
      read = Libc.read(fd, info.address(), INFO_BYTES);
    } while (read == -Errno.EINTR);
    if (read != INFO_BYTES) {
      throw new SystemCallException("read", read < 0 ? (int) -read : Errno.EIO);
    }
    return info.get(JAVA_INT, 0);
  }

  /** Has a signal that was ignored when this process was started do what it does by default. */
  public static void takeBack(int signal) {
    Libc.signal(signal, 0);
  }
}
