package org.portbouncer.core.sys;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * A process that shares descriptors and memory with this one, and waits in fgetc(3) for the end of
 * a pipe: clone(2) with CLONE_FILES and CLONE_VM. It runs no Java, and has a stack and thread-local
 * memory of its own, so that no thread of this process has to stay for it. Signals that others send
 * are blocked in it. Its parent is this one's, whose child it is to be traced as where Yama allows
 * no more.
 */
public final class KeeperProcess {

  /** What ps shows: the name of the thread that calls {@link #start}. */
  public static final String NAME = "bnc:keep";

  private static final MemorySegment CLONE = Downcall.symbol("clone");
  private static final MemorySegment FDOPEN = Downcall.symbol("fdopen");
  private static final MemorySegment SETVBUF = Downcall.symbol("setvbuf");
  private static final MemorySegment FGETC = Downcall.symbol("fgetc");

  private static final int CLONE_VM = 0x100;
  private static final int CLONE_FILES = 0x400;
  private static final int CLONE_PARENT = 0x8000;
  private static final int CLONE_SETTLS = 0x80000;

  /** What clone(2) is called with, and nothing else. */
  public static final int FLAGS = CLONE_VM | CLONE_FILES | CLONE_PARENT | CLONE_SETTLS;

  /**
   * SIGILL, SIGTRAP, SIGBUS, SIGFPE and SIGSEGV, bit N - 1 for signal N: the VM's own code runs
   * into them as a matter of course, and the kernel ends a process in which they are blocked.
   */
  private static final long FAULTS = 1 << 3 | 1 << 4 | 1 << 6 | 1 << 7 | 1 << 10;

  private static final int UNBUFFERED = 2;
  private static final int SIG_SETMASK = 2;

  private static final int STACK = 64 * 1024;

  /** Of thread-local memory, on both sides of where the thread pointer points. */
  private static final int LOCAL = 64 * 1024;

  private final MemorySegment stack = Native.allocate(STACK);
  private final MemorySegment local = Native.allocate(2L * LOCAL);
  private final long stream;

  private KeeperProcess(long stream) {
    this.stream = stream;
  }

  /**
   * Makes all that {@link #start} needs.
   *
   * @param fd a pipe's reading end, which stays open for as long as this process lives
   */
  public static KeeperProcess prepare(int fd) {
    int flags = Libc.fcntl(fd, Const.F_GETFL, 0);
    Libc.fcntl(fd, Const.F_SETFL, flags & ~Const.O_NONBLOCK);
    try (Arena arena = Arena.ofConfined()) {
      long stream = Downcall.callLong(FDOPEN, fd, Native.string(arena, "r"), 0);
      if (stream < 0 && stream > -4096) {
        throw new SystemCallException("fdopen", (int) -stream);
      }
      Downcall.callInt(SETVBUF, stream, 0, UNBUFFERED, 0);
      KeeperProcess process = new KeeperProcess(stream);
      process.local();
      // Linked before a filter stands in the way.
      LibcProcess.sigmask(SIG_SETMASK, 0, 0);
      return process;
    }
  }

  /**
   * The thread pointer points to a place that begins with its own address, twice, as the C
   * libraries of x86-64 have it; on aarch64 nothing of it is read.
   */
  private void local() {
    long pointer = local.address() + LOCAL;
    local.set(JAVA_LONG, LOCAL, pointer);
    local.set(JAVA_LONG, LOCAL + 16, pointer);
  }

  /**
   * Starts it.
   *
   * @return its pid, or the negated errno
   */
  public int start() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment all = arena.allocate(LibcProcess.ROOM, 16);
      MemorySegment before = arena.allocate(LibcProcess.ROOM, 16);
      all.set(JAVA_LONG, 0, ~FAULTS);
      LibcProcess.sigmask(SIG_SETMASK, all.address(), before.address());
      int pid =
          Downcall.callInt(
              CLONE,
              FGETC.address(),
              stack.address() + STACK,
              FLAGS,
              stream,
              0,
              local.address() + LOCAL);
      LibcProcess.sigmask(SIG_SETMASK, before.address(), 0);
      return pid;
    }
  }
}
