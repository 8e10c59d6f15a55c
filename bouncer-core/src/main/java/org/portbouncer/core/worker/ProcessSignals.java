package org.portbouncer.core.worker;

import org.portbouncer.core.sys.Libc;

/** What a worker does about the signals of a terminal. */
public final class ProcessSignals {

  private static final int SIGHUP = 1;
  private static final int SIGINT = 2;
  private static final int SIGTERM = 15;
  private static final long SIG_IGN = 1;

  private ProcessSignals() {}

  /**
   * Ignores what a terminal or a service manager sends to the whole group; the mother speaks for
   * all.
   */
  public static void ignoreTerminal() {
    for (int signal : new int[] {SIGHUP, SIGINT, SIGTERM}) {
      Libc.signal(signal, SIG_IGN);
    }
  }
}
