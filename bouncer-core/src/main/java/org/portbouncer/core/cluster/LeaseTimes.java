package org.portbouncer.core.cluster;

/**
 * The times by which servers share limits, in milliseconds. A server's part ends by its own clock
 * before Redis gives it to another: {@link #TERM} counts from before it was asked for, {@link
 * #GONE} from when Redis last heard of it, and the clock of Redis never runs ahead by more than
 * {@link #STEP}.
 */
public final class LeaseTimes {

  /** From one asking to the next, with few servers. */
  public static final int TICK = 100;

  /** The same with many: see the script. */
  public static final int LONGEST_TICK = 1000;

  /** How long a part is good for, from when it was asked for. */
  public static final int TERM = 2000;

  /** After so long without a word a server's part is given to others. */
  public static final int GONE = 4000;

  /** The most that the clock by which Redis counts goes on from one call to the next. */
  public static final int STEP = 1000;

  /**
   * While a Redis that knows nothing is told what servers have, and gives nobody more: as long as a
   * part that it does not know of may be in use, and a little longer.
   */
  public static final int RECALL = 2500;

  private LeaseTimes() {}
}
