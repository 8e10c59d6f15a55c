package org.portbouncer.core.control;

/**
 * A packet that is not exactly what {@link Order} or {@link Report} says, or not its turn. The
 * message says which and why, and quotes nothing of it.
 */
public final class ControlException extends Exception {

  private static final long serialVersionUID = 1;

  public ControlException(String message) {
    super(message);
  }
}
