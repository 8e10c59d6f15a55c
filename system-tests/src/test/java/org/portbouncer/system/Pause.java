package org.portbouncer.system;

import java.time.Duration;

/** Waiting that is part of what a test plays, such as a slow reader; never waiting for bouncer. */
final class Pause {
  private Pause() {}

  static void millis(long millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  /** For a thread of the test that has been told to end. */
  static void untilEnd(Thread thread) {
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  /** A reader's pace: one pause for each {@code step} bytes. */
  static Received.Pace every(int step, Duration pause) {
    return new Received.Pace() {
      private long next = step;

      @Override
      public void after(long bytes) {
        while (bytes >= next) {
          next += step;
          millis(pause.toMillis());
        }
      }
    };
  }
}
