package org.portbouncer.core.shared;

/**
 * What a bandwidth class allows, as one process last read it from the {@link ClassBoard}.
 *
 * <p>A class has a clock for each way that counts bytes instead of seconds: it stands at {@link
 * #served} bytes and goes on at the rate. A change of the rate bends the line and never breaks it,
 * so what is counted in its bytes stays true. It is computed from one fixed point with whole
 * numbers: nothing adds up over the years.
 */
public final class ClassTerms {

  private static final long NANOS = 1_000_000_000;

  /** Thirty years: what is farther ahead than that is that far. */
  private static final long FAR_SECONDS = 1_000_000_000;

  /** The burst where none is configured: large enough for a late timer, 0.2 % of ten seconds. */
  private static final long BURSTS_PER_SECOND = 50;

  /** A burst is at least what passes in 5 ms: timers have milliseconds. */
  private static final long LEAST_BURSTS_PER_SECOND = 200;

  private static final int ROUNDS_PER_SECOND = 20;

  private final long[] served = new long[Way.COUNT];
  private final long[] rate = new long[Way.COUNT];
  private int version;
  private long since;
  private long burst;

  void set(
      int version, long since, long servedUp, long servedDown, long up, long down, long burst) {
    this.version = version;
    this.since = since;
    this.burst = burst;
    served[Way.UP] = servedUp;
    served[Way.DOWN] = servedDown;
    rate[Way.UP] = up;
    rate[Way.DOWN] = down;
  }

  /** Which change of the class this is. */
  public int version() {
    return version;
  }

  /** Bytes per second; 0 for no limit. */
  public long rate(int way) {
    return rate[way];
  }

  /** As configured; 0 where it follows the rate. */
  public long configuredBurst() {
    return burst;
  }

  /** The bytes that may pass at once after a pause. */
  public long burst(int way) {
    long least = Math.max(1, rate[way] / LEAST_BURSTS_PER_SECOND);
    return burst == 0 ? Math.max(least, rate[way] / BURSTS_PER_SECOND) : Math.max(least, burst);
  }

  /**
   * The most that one session takes at once while so many others stand in line: little enough that
   * a round of the line takes a twentieth of a second, so that a new session has its part soon, and
   * no more than a burst that was configured.
   */
  public long piece(int way, int others) {
    return Math.max(1, Math.min(rate[way] / ROUNDS_PER_SECOND / (others + 1), burst(way)));
  }

  /** Where the class's clock of bytes stood when these terms began. */
  long begun(int way) {
    return served[way];
  }

  /** Where the class's clock of bytes stands at {@code now}; it does not move without a rate. */
  public long served(int way, long now) {
    long nanos = Math.max(0, now - since);
    long seconds = nanos / NANOS;
    long rest = nanos % NANOS;
    long perSecond = rate[way];
    // In parts, so that no product has more than 63 bits; exact, because the first has no fraction.
    return served[way]
        + perSecond * seconds
        + perSecond / NANOS * rest
        + perSecond % NANOS * rest / NANOS;
  }

  /** When that clock will have come to {@code bytes}; at a way that has a rate. */
  public long reaches(int way, long bytes) {
    long ahead = bytes - served[way];
    long perSecond = rate[way];
    // One more, so that rounding never brings it early: whoever waits would wait again.
    return since
        + 1
        + Math.min(ahead / perSecond, FAR_SECONDS) * NANOS
        + (long) Math.ceil((double) (ahead % perSecond) * NANOS / perSecond);
  }
}
