package org.portbouncer.core.session;

import org.portbouncer.core.sys.Libc;

/**
 * The descriptors of one session, each with exactly one owner. Move-only: {@link #take} clears what
 * it gives, {@link #closeAll} closes what is left and may be called twice. Used by the mother and
 * by every worker, on the thread of its loop.
 */
public final class Descriptors {

  /** The accepted client. */
  public static final int CLIENT = 0;

  /** The connection to the target. */
  public static final int TARGET = 1;

  /** The far end of {@link #TARGET} where the target is internal: the io worker serves it. */
  public static final int SERVICE = 2;

  /** The file that holds the session's state, where it travels so. */
  public static final int STATE = 3;

  /** How many a session may have while it is set up. */
  public static final int IN_SETUP = 4;

  /**
   * Of a session that goes on in another io worker, what was on its way from the client: the
   * reading end of a pipe, or a memory file. The one for the other way comes after it.
   */
  public static final int CARRIED = IN_SETUP;

  /** How many a session may have. */
  public static final int ROLES = CARRIED + 2;

  private final int[] byRole = {-1, -1, -1, -1, -1, -1};

  /** The descriptor in this role, still owned here; -1 where there is none. */
  public int peek(int role) {
    return byRole[role];
  }

  /** Moves the descriptor out; it is the caller's to close from here on. */
  public int take(int role) {
    int fd = byRole[role];
    byRole[role] = -1;
    return fd;
  }

  /** Moves {@code fd} in; one that was there is closed. */
  public void put(int role, int fd) {
    close(role);
    byRole[role] = fd;
  }

  /** Closes the descriptor in this role, if there is one. */
  public void close(int role) {
    int fd = take(role);
    if (fd >= 0) {
      Libc.close(fd);
    }
  }

  /** Closes whatever is left. */
  public void closeAll() {
    for (int role = 0; role < ROLES; role++) {
      close(role);
    }
  }

  /** One bit for each role that is filled; this is how a message says what its descriptors are. */
  public int mask() {
    int mask = 0;
    for (int role = 0; role < ROLES; role++) {
      if (byRole[role] >= 0) {
        mask |= 1 << role;
      }
    }
    return mask;
  }
}
