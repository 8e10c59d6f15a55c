package org.portbouncer.core.config;

/**
 * A text that does not have the form it should have. The message is one sentence for the operator:
 * what is wrong, and what would be right; it names no file and no line, which the caller adds.
 */
public final class InvalidValueException extends IllegalArgumentException {

  private static final long serialVersionUID = 1L;

  /** With the sentence to show. */
  public InvalidValueException(String message) {
    super(message);
  }
}
