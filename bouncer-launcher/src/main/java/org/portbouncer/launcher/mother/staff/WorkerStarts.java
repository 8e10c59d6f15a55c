package org.portbouncer.launcher.mother.staff;

import java.util.concurrent.atomic.AtomicInteger;
import org.portbouncer.launcher.mother.launch.RestartPause;

/**
 * How often, when and why the process of a worker was started. On the thread of the mother's loop;
 * {@link #again}, {@link #next} and {@link #lastEnd} may be read from others.
 */
public final class WorkerStarts {

  private final RestartPause pauses = new RestartPause();
  private final AtomicInteger again = new AtomicInteger();
  private long startedAt;
  private long receivedBefore;
  private volatile String lastEnd = "";
  private volatile long next;

  WorkerStarts() {}

  /** How often it was started after the first time. */
  public int again() {
    return again.get();
  }

  void countAgain() {
    again.incrementAndGet();
  }

  /** How long its next start waits. */
  RestartPause pauses() {
    return pauses;
  }

  /** When it is started again, on the loop's clock; meaningful while it is throttled. */
  public long next() {
    return next;
  }

  /** Why it had to be started again the last time; empty where it never had. */
  public String lastEnd() {
    return lastEnd;
  }

  void next(long at, String why) {
    next = at;
    lastEnd = why;
  }

  /** When it was started the last time, on the loop's clock. */
  long startedAt() {
    return startedAt;
  }

  void startedAt(long now) {
    startedAt = now;
  }

  /** Sessions that its predecessors had received. */
  long receivedBefore() {
    return receivedBefore;
  }

  void receivedBefore(long sessions) {
    receivedBefore = sessions;
  }
}
