package org.portbouncer.negotiator.cluster;

/** Redis said no; the message is its own. */
final class RedisException extends Exception {

  private static final long serialVersionUID = 1;

  RedisException(String message) {
    super(message);
  }

  /** Whether it does not know the script that was named: it may be given its text. */
  boolean isUnknownScript() {
    return getMessage().startsWith("NOSCRIPT");
  }

  /** Whether the script had heard a later call, or this one, before. */
  boolean isOld() {
    return getMessage().startsWith("OLD");
  }
}
