package org.portbouncer.launcher.admin;

/** What was asked for cannot be done; the message is one line for whoever asked. */
public final class RefusedException extends Exception {

  private static final long serialVersionUID = 1L;

  /** With the line to show. */
  public RefusedException(String message) {
    super(message);
  }
}
