package org.portbouncer.core.loop;

/** Something that waits for a time in a {@link Timers} queue. Belongs to the thread of its loop. */
public abstract class Timer {

  /** Its place in the heap; -1 while it is not set. Written by the queue alone. */
  int place = -1;

  /** When it is due, in nanoseconds of the loop's clock. */
  long due;

  /**
   * Called once the time has come; the timer is no longer set then and may be set again.
   *
   * @param now a time at or after that which was set: what was ready by then has been handled, what
   *     came later may not have been. What is judged by it is judged after a look.
   */
  protected abstract void expired(long now);

  /** Whether it waits. */
  public final boolean isSet() {
    return place >= 0;
  }

  /** When it is due; meaningful only while it is set. */
  public final long due() {
    return due;
  }
}
