package org.portbouncer.core.worker;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.portbouncer.core.sys.Libc;

/** What a worker does to its own process at start: signals, and the name that `ps` shows. */
final class ProcessSignals {

  private static final int SIGHUP = 1;
  private static final int SIGINT = 2;
  private static final int SIGTERM = 15;
  private static final long SIG_IGN = 1;

  /** The kernel keeps 15 bytes. */
  private static final int NAME_BYTES = 15;

  private ProcessSignals() {}

  /**
   * Ignores what a terminal or a service manager sends to the whole group; the mother speaks for
   * all.
   */
  static void ignoreTerminal() {
    for (int signal : new int[] {SIGHUP, SIGINT, SIGTERM}) {
      Libc.signal(signal, SIG_IGN);
    }
  }

  /** Sets the process's name as `ps -o comm` and `top` show it, e.g. `bnc:connect/0`. */
  static void name(String role) {
    String name = "bnc:" + role;
    long pid = ProcessHandle.current().pid();
    try {
      Files.writeString(
          Path.of("/proc/self/task/" + pid + "/comm"),
          name.substring(0, Math.min(NAME_BYTES, name.length())));
    } catch (IOException e) {
      // A name for people only: without /proc it stays `java`.
    }
  }
}
