package org.portbouncer.launcher.cli;

/**
 * Ends a command with an exit code and, where there is something to say, one line on standard
 * error.
 */
final class CommandException extends Exception {
  private static final long serialVersionUID = 1L;

  private final int code;

  CommandException(int code, String line) {
    this(code, line, null);
  }

  CommandException(int code, String line, Throwable cause) {
    super(line, cause);
    this.code = code;
  }

  int code() {
    return code;
  }
}
