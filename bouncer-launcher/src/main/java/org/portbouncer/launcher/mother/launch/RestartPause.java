package org.portbouncer.launcher.mother.launch;

/**
 * How long to wait before a process that died is started again: not at all where it had served, or
 * where it is the first time; from 0.1 s, doubling up to 10 s, where processes die one after the
 * other without having served. On the thread of the mother's loop.
 */
public final class RestartPause {

  private static final long FIRST_NANOS = 100_000_000;
  private static final long LONGEST_NANOS = 10_000_000_000L;

  private boolean diedBefore;
  private long last;

  /**
   * One has died.
   *
   * @param served whether it had been of any use
   * @return how long to wait, in nanoseconds
   */
  public long after(boolean served) {
    boolean first = !diedBefore;
    diedBefore = true;
    if (served || first) {
      last = 0;
    } else {
      last = last == 0 ? FIRST_NANOS : Math.min(2 * last, LONGEST_NANOS);
    }
    return last;
  }

  /** What {@link #after} said last; 0 before. */
  public long last() {
    return last;
  }
}
