package org.portbouncer.core.sys;

/**
 * A system call failed where that is not part of ordinary work. Its message names call and reason.
 */
public final class SystemCallException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  private final int errno;

  public SystemCallException(String call, int errno) {
    super(call + ": " + Errno.text(errno));
    this.errno = errno;
  }

  /** The error number, positive. */
  public int errno() {
    return errno;
  }

  /** Passes a result of {@link Libc} through, or throws where it is an error. */
  public static int check(String call, int result) {
    if (result < 0) {
      throw new SystemCallException(call, -result);
    }
    return result;
  }
}
