package org.portbouncer.core.sys;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** What the kernel says of another process of ours. Any thread. */
public final class ProcessState {

  private ProcessState() {}

  /** What {@link #of} says of a process that is not there. */
  public static final char GONE = 'X';

  /**
   * The state of a process as proc(5) gives it: R runs, S sleeps, D waits in the kernel, T is
   * stopped, t is stopped by a tracer, Z has died and waits for its parent to take notice; {@link
   * #GONE} where there is none, and a blank where the kernel does not say.
   */
  public static char of(int pid) {
    try {
      // "PID (NAME) STATE …", and the name may hold anything, parentheses too.
      String stat = Files.readString(Path.of("/proc/" + pid + "/stat"));
      return stat.charAt(stat.lastIndexOf(')') + 2);
    } catch (NoSuchFileException e) {
      return GONE;
    } catch (IOException | StringIndexOutOfBoundsException e) {
      // ESRCH: it went while it was read. Anything else is no proof.
      return Files.exists(Path.of("/proc/" + pid)) ? ' ' : GONE;
    }
  }

  /** Whether the process has gone, or has died and waits for its parent to take notice. */
  public static boolean isDead(int pid) {
    char state = of(pid);
    return state == 'Z' || state == GONE;
  }
}
