package org.portbouncer.core.sys;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Pipes, and waiting for room in one. Runs in the mother, and at the end of a worker. */
public final class Pipes {

  private Pipes() {}

  /**
   * A pipe of our own, close-on-exec, that never waits.
   *
   * @return the reading end, then the writing end
   * @throws SystemCallException where the process or the system has no descriptors left
   */
  public static int[] open() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment pair = arena.allocate(8, 4);
      SystemCallException.check(
          "pipe2", Libc.pipe2(pair.address(), Const.O_NONBLOCK | Const.O_CLOEXEC));
      return new int[] {pair.get(JAVA_INT, 0), pair.get(JAVA_INT, 4)};
    }
  }

  /**
   * Waits until a write has a chance, or the reader has gone; never on a loop that serves.
   *
   * @param most milliseconds to wait, -1 for ever
   */
  public static void awaitWritable(int fd, int most) {
    await(fd, Const.EPOLLOUT, most);
  }

  /** Waits until something can be read, or nobody can write any more; as {@link #awaitWritable}. */
  public static void awaitReadable(int fd, int most) {
    await(fd, Const.EPOLLIN, most);
  }

  private static void await(int fd, int events, int most) {
    // struct pollfd: 0 fd | 4 events u16 | 6 returned events u16
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment poll = arena.allocate(8, 4);
      poll.set(JAVA_INT, 0, fd);
      poll.set(JAVA_SHORT, 4, (short) events);
      Libc.poll(poll.address(), 1, most);
    }
  }
}
