package org.portbouncer.io;

/**
 * A way from one socket to the other: bytes are taken from the source, and are in transit until
 * they are given to the destination. One per direction of a session and kind; in the io worker, on
 * its loop's thread.
 */
interface Path {

  /** The most that {@link #take} takes at once. */
  long room();

  /**
   * Takes up to {@code max} bytes from {@code fd}. Only while nothing is in transit, so that what
   * the call says is about the source and never about room here.
   *
   * @return how many; 0 where the call says end of stream; else the negated errno
   */
  long take(int fd, long max);

  /**
   * Gives {@code fd} what it takes of the bytes in transit.
   *
   * @return how many, or the negated errno
   */
  long give(int fd);

  /** Whether nothing is in transit. */
  boolean isEmpty();

  /** The turn is over: keeps what is in transit where nobody else reaches it, and nothing else. */
  void settle();

  /** Throws away what is in transit. */
  void drop();
}
