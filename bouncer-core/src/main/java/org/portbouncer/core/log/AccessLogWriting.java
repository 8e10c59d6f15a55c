package org.portbouncer.core.log;

import org.portbouncer.core.loop.EventLoop;
import org.portbouncer.core.loop.Timer;

/**
 * Writes a process's access log once a turn of its loop, and again a moment later where not all was
 * taken; tells what had to be left out, and what is wrong. In every process, on the thread of its
 * loop.
 */
public final class AccessLogWriting {

  private static final long SLOW_READER_NANOS = 10_000_000;

  /** A disk that is full, or a daemon that is not there, will not be back at once. */
  private static final long TROUBLE_NANOS = 200_000_000;

  /** What a reader gets at the end of a process. */
  private static final long LAST_NANOS = 1_000_000_000;

  private static final int LOOK_MS = 20;

  /** Where a process counts. */
  public interface Books {
    /** So many lines more were left out. */
    void leftOut(long lines);

    /** Why lines wait, or were left out: an errno; 0 where they are written again. */
    void trouble(int errno);
  }

  private final AccessLog log;
  private final EventLoop loop;
  private final Books books;
  private int trouble;

  /** Wakes the loop so that what was not taken is tried again. */
  private final Timer retry =
      new Timer() {
        @Override
        protected void expired(long now) {}
      };

  public AccessLogWriting(AccessLog log, EventLoop loop, Books books) {
    this.log = log;
    this.loop = loop;
    this.books = books;
  }

  /** Writes what was gathered. */
  public void endOfTurn(long now) {
    boolean left = log.flush();
    tell();
    if (left && !retry.isSet()) {
      loop.timers().set(retry, now + (trouble == 0 ? SLOW_READER_NANOS : TROUBLE_NANOS));
    }
  }

  /**
   * Writes what can still be written, which may take a moment where the reader is slow, and counts
   * the rest as left out; the process ends.
   */
  public void close() {
    long until = System.nanoTime() + LAST_NANOS;
    while (log.flush() && log.trouble() == 0 && System.nanoTime() < until) {
      log.awaitRoom(LOOK_MS);
    }
    log.leaveOutRest();
    tell();
  }

  private void tell() {
    long lost = log.takeLost();
    if (lost > 0) {
      books.leftOut(lost);
    }
    if (log.trouble() != trouble) {
      trouble = log.trouble();
      books.trouble(trouble);
    }
  }
}
