package org.portbouncer.launcher.mother.ground;

/** The server cannot start (or go on); the message is one line for the operator. */
public final class StartException extends Exception {

  private static final long serialVersionUID = 1L;

  public StartException(String message) {
    super(message);
  }

  public StartException(String message, Throwable cause) {
    super(message, cause);
  }
}
