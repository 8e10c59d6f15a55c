package org.portbouncer.launcher.cli;

/** What the exit code of every command means. */
public final class ExitCode {

  /** Done. */
  public static final int DONE = 0;

  /** Refused: a bad configuration, or the operation failed. */
  public static final int REFUSED = 1;

  /** Wrong usage. */
  public static final int USAGE = 2;

  /** No server answers at the admin socket. */
  public static final int NO_SERVER = 3;

  /** Timed out. */
  public static final int TIMED_OUT = 4;

  private ExitCode() {}
}
