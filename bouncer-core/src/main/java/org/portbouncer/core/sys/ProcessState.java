package org.portbouncer.core.sys;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** What the kernel says of another process of ours. Any thread. */
public final class ProcessState {

  private ProcessState() {}

  /** Whether the process has gone, or has died and waits for its parent to take notice. */
  public static boolean isDead(int pid) {
    try {
      // proc(5): "PID (NAME) STATE …", and the name may hold anything, parentheses too.
      String stat = Files.readString(Path.of("/proc/" + pid + "/stat"));
      char state = stat.charAt(stat.lastIndexOf(')') + 2);
      return state == 'Z' || state == 'X';
    } catch (NoSuchFileException e) {
      return true;
    } catch (IOException | StringIndexOutOfBoundsException e) {
      // ESRCH: it went while it was read. Anything else is no proof.
      return !Files.exists(Path.of("/proc/" + pid));
    }
  }
}
