package org.portbouncer.core.sys;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.locks.LockSupport;

/**
 * Filters for system calls, seccomp(2). A process that has put one on cannot take it off again, nor
 * can what it starts.
 */
public final class Seccomp {

  private static final int SET_MODE_FILTER = 1;
  private static final int GET_ACTION_AVAIL = 2;
  private static final int KILL_PROCESS = 0x80000000;

  /** For all threads at once. */
  private static final int TSYNC = 1;

  /**
   * Without what kernels before 5.16 add to every filter against speculative reads inside the
   * process, at a cost: it runs no code of strangers that could read.
   */
  private static final int SPEC_ALLOW = 4;

  /** One instruction, `return SECCOMP_RET_ALLOW`. */
  private static final byte[] ALL_ALLOWED = {6, 0, 0, 0, 0, 0, (byte) 0xff, 0x7f};

  private static final int ENDING_LOOKS = 1000;
  private static final long ENDING_NANOS = 100_000;

  private Seccomp() {}

  /** Whether this kernel has filters, and lets this process have one. */
  public static boolean available() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment action = arena.allocate(4, 4);
      action.set(JAVA_INT, 0, KILL_PROCESS);
      return KernelCalls.seccomp(GET_ACTION_AVAIL, 0, action.address()) == 0;
    }
  }

  /**
   * Puts a filter on all threads of this process, and gives up for good what a program could gain
   * by its file (no_new_privs), without which no filter may be put on.
   *
   * @param program 8 bytes an instruction, as linux/filter.h has them
   * @return 0 or the errno
   */
  public static int confine(byte[] program) {
    // A thread that has put on another and is about to end may still be there.
    int result = put(program, TSYNC);
    for (int i = 0; i < ENDING_LOOKS && result > 0; i++) {
      LockSupport.parkNanos(ENDING_NANOS);
      result = put(program, TSYNC);
    }
    // Above 0 it is a thread that has another filter already.
    return result > 0 ? Errno.EPERM : -result;
  }

  /**
   * Puts a filter on the calling thread alone, and what it starts.
   *
   * @return 0 or the errno
   */
  public static int confineThread(byte[] program) {
    return -put(program, 0);
  }

  /**
   * Does what {@link #confineThread} does, with a filter that allows every call: for a thread that
   * ends next, so that the classes it takes are loaded when one with a real filter does the same.
   */
  public static void rehearseThread() {
    put(ALL_ALLOWED, 0);
  }

  private static int put(byte[] program, int flags) {
    int result = Libc.prctl(Const.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (result < 0) {
      return result;
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment instructions = arena.allocate(program.length, 8);
      MemorySegment.copy(program, 0, instructions, JAVA_BYTE, 0, program.length);
      // struct sock_fprog: 0 length u16 | 8 instructions*
      MemorySegment header = arena.allocate(16, 8);
      header.set(JAVA_SHORT, 0, (short) (program.length / 8));
      header.set(JAVA_LONG, 8, instructions.address());
      result = KernelCalls.seccomp(SET_MODE_FILTER, flags | SPEC_ALLOW, header.address());
      if (result == -Errno.EINVAL) {
        result = KernelCalls.seccomp(SET_MODE_FILTER, flags, header.address());
      }
    }
    return result;
  }
}
