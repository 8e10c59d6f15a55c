package org.portbouncer.launcher.mother.launch;

import org.portbouncer.core.worker.Worker;

/** How a worker's process ended, in words for the log. In the mother. */
public final class ProcessEnd {

  /** What the VM itself says with -XX:+ExitOnOutOfMemoryError. */
  private static final int OUT_OF_MEMORY = 3;

  /** Above this the exit code that the JDK gives is a signal's number. */
  private static final int SIGNALED = 128;

  private static final int FORBIDDEN = 31;

  private ProcessEnd() {}

  public static String text(int code) {
    return switch (code) {
      case OUT_OF_MEMORY -> "out of memory, exit code 3";
      case Worker.FAILED -> "an internal error, exit code " + Worker.FAILED;
      case SIGNALED + FORBIDDEN ->
          "killed by the kernel for a forbidden system call (SIGSYS): was it taken over?";
      case SIGNALED + 4, SIGNALED + 6, SIGNALED + 7, SIGNALED + 11 ->
          "crashed, signal " + (code - SIGNALED);
      default -> code > SIGNALED ? "killed by signal " + (code - SIGNALED) : "exit code " + code;
    };
  }
}
