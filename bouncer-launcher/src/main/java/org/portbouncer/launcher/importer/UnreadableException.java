package org.portbouncer.launcher.importer;

/** A file cannot be read as what it is said to be; the message is one line with its place. */
public final class UnreadableException extends Exception {
  private static final long serialVersionUID = 1L;

  UnreadableException(String message) {
    super(message);
  }

  UnreadableException(Origin origin, String message) {
    this(origin.place() + ": " + message);
  }
}
